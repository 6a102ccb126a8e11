--- Sends alerts to ntfy, whose topic is the address: `https://ntfy.sh/TOPIC`.
local alerts = require "hikae.alerts"

local ntfy = {}

-- What is longer becomes a file to be downloaded, which nobody reads at night.
local MAX_BYTES = 4000

local TAGS = { good = "white_check_mark", neutral = "information_source", warning = "warning", danger = "rotating_light" }
local PRIORITIES = { good = "3", neutral = "3", warning = "4", danger = "5" }

--- The server answers with the message that it has published.
---@param answer http.Response
---@return boolean
function ntfy.good_answer(answer)
  local message = alerts.read(answer)
  return message.event == "message" and type(message.id) == "string"
end

--- Sends the event.
---@param event alert.Event
---@param channel alert.Channel
function ntfy.send(event, channel)
  local lines = alerts.lines(event)
  if event.advice ~= "" then
    lines[#lines + 1] = event.advice
  end
  local headers = { Title = alerts.header(event.subject), Priority = PRIORITIES[event.tone], Tags = TAGS[event.tone] }
  if event.system_url and event.system_url:match("^https?://[\x21-\x7E]+$") then
    headers.Click = event.system_url
  end
  http.post(channel.target, { body = alerts.fit_bytes(table.concat(lines, "\n"), MAX_BYTES), headers = headers })
end

return ntfy

--- Pings a check that alarms when it hears nothing (healthchecks.io and its like): start, success, failure of each run.
local alerts = require "hikae.alerts"

local healthchecks = {}

-- The beginning says what failed; the rest is in the log.
local MAX_BYTES = 10000

--- The address that an event is told at: that of the check is for success.
---@param event alert.Event
---@param channel alert.Channel
---@return string|Secret
local function address(event, channel)
  if event.rehearsal or event.kind == "test" then
    return channel.at("log") -- it is written down, and changes nothing: a rehearsal must not count as a run
  end
  if event.status == "running" then
    return channel.at("start")
  end
  return event.status == "success" and channel.target or channel.at("fail")
end

--- Sends the event.
---@param event alert.Event
---@param channel alert.Channel
---@return string? reason Why there is nothing to send.
function healthchecks.send(event, channel)
  if event.kind == "report" or event.kind == "monitor" or (not event.status and event.kind ~= "test") then
    return _("a check is about runs, and this is about none")
  end
  local body = alerts.fit_bytes(event.text, MAX_BYTES)
  -- Twice is as good as once, and a ping that is lost is an alarm.
  http.post(address(event, channel), { body = body, retry = true })
end

return healthchecks

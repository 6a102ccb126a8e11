--- Posts the event as JSON to any address; with a `secret`, the body is signed as GitHub signs its webhooks.
local alerts = require "hikae.alerts"

local webhook = {}

--- Any answer of 200 to 299 is good, unless it says no in JSON, or is a page for people, such as a login.
---@param answer http.Response
---@return boolean
function webhook.good_answer(answer)
  local start = answer.body:sub(1, 500):lower()
  if (answer.headers["content-type"] or ""):find("text/html", 1, true) or start:find("^%s*<!doctype html") or start:find("^%s*<html") then
    return false
  end
  local said = alerts.read(answer)
  return said.ok ~= false and said.success ~= false
end

--- Sends the event.
---@param event alert.Event
---@param channel alert.Channel
function webhook.send(event, channel)
  http.post(channel.target, {
    body = event.json,
    headers = { ["Content-Type"] = "application/json" },
    sign = channel.secret and { key = channel.secret, header = "X-Hikae-Signature-256" },
  })
end

return webhook

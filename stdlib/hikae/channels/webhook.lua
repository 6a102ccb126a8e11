--- Hands the event as JSON to any address.
local webhook = {}

--- Sends the event; the key lets the receiver know a second try of the same.
---@param event alert.Event
---@param channel alert.Channel
function webhook.send(event, channel)
  http.post(channel.target, { body = event.json, headers = { ["Content-Type"] = "application/json" } })
end

return webhook

--- Hands the event as JSON to any address; with a `secret`, the body is signed as GitHub signs its webhooks.
local webhook = {}

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

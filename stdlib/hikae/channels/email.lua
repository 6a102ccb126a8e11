--- Sends alerts by mail: subject, text and HTML of the templates, to all recipients at once (runbook §5).
local email = {}

--- Sends the event. A recipient that the server refuses is reported, and does not keep the mail from the others.
---@param event alert.Event
---@param channel alert.Channel
---@return mail.Sent
function email.send(event, channel)
  return mail.send {
    to = channel.recipients,
    subject = event.subject,
    text = event.text,
    html = event.html,
    allow_refused = true,
    message_id = event.message_id,
  }
end

return email

--- Sends events to PagerDuty (Events API v2), whose integration key is the address: a failure triggers an incident, a success resolves it.
local alerts = require "hikae.alerts"

local pagerduty = { connect = { "events.pagerduty.com", "events.eu.pagerduty.com" } }

local SEVERITIES = { good = "info", neutral = "info", warning = "warning", danger = "error" }

--- What makes two events one incident: the recipe and the machine, for two machines may run recipes of one name. Warnings are an
--- incident of their own, which no success resolves: the run that warns is one.
---@param event alert.Event
---@return string
local function key(event)
  local mark = (event.rehearsal and "rehearsal/" or "") .. (event.kind == "warning" and "warnings/" or "")
  return alerts.fit_bytes(mark .. event.recipe .. "@" .. event.host, 255)
end

--- The message of an event, without the key.
---@param event alert.Event
---@return table
function pagerduty.message(event)
  -- Only what a run has proved ends an incident.
  if event.tone == "good" then
    return { event_action = "resolve", dedup_key = key(event) }
  end
  local details = { id = event.id, subject = event.subject, text = alerts.fit_bytes(event.text, 100000) }
  return {
    event_action = "trigger",
    dedup_key = key(event),
    payload = {
      summary = alerts.fit(event.subject .. (event.error and ": " .. event.error.message or ""), 1000),
      source = event.host == "" and "hikae" or event.host,
      severity = event.severity == "critical" and "critical" or SEVERITIES[event.tone],
      timestamp = event.time,
      component = event.recipe,
      class = event.kind,
      custom_details = details,
    },
    client = "hikae",
    client_url = event.system_url,
  }
end

--- The service answers 202 and `{"status":"success",…}`.
---@param answer http.Response
---@return boolean
function pagerduty.good_answer(answer)
  return answer.status == 202 and alerts.read(answer).status == "success"
end

--- Sends the event. `settings = { region = "eu" }` is for accounts in Europe.
---@param event alert.Event
---@param channel alert.Channel
---@return string? reason Why there is nothing to send.
function pagerduty.send(event, channel)
  if event.kind == "report" then
    return _("a report wakes nobody")
  end
  local host = channel.settings.region == "eu" and "events.eu.pagerduty.com" or "events.pagerduty.com"
  local message = pagerduty.message(event)
  message.routing_key = channel.target
  -- The same key twice is one incident.
  http.post("https://" .. host .. "/v2/enqueue", { json = message, retry = true })
end

return pagerduty

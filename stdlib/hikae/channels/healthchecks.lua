--- Pings a check that alarms when no ping comes (healthchecks.io and its like): start, success, failure of each run.
local alerts = require "hikae.alerts"

local healthchecks = {}

-- The beginning says what failed; the rest is in the log.
local MAX_BYTES = 10000

--- The service answers `OK`; `OK (not found)` and `OK (rate limited)` mean that nothing was recorded.
---@param answer http.Response
---@return boolean|string
function healthchecks.good_answer(answer)
  if alerts.says(answer, "OK") or alerts.says_yes(answer, "ok") then
    return true
  end
  return _("check the ping url: the service does not know this check, or takes no more pings for now")
end

--- The address for a status: that of the check itself is for success.
---@param status? string The state of the run.
---@param channel alert.Channel
---@return string|Secret
local function address(status, channel)
  if status == "running" then
    return channel.at("start")
  end
  return status == "success" and channel.target or channel.at("fail")
end

--- What the check keeps of a run.
---@param run alert.Run
---@return string
local function body(run)
  local lines = { run.id .. " " .. run.status .. " (" .. run.recipe .. "@" .. run.host .. ")" }
  if run.error then
    lines[#lines + 1] = run.error.message
    lines[#lines + 1] = run.error.hint
  end
  for _i, backup in ipairs(run.backups) do
    lines[#lines + 1] = backup.path .. " " .. backup.size_bytes .. " " .. backup.sha256
  end
  return alerts.fit_bytes(table.concat(lines, "\n"), MAX_BYTES)
end

--- Reports the state of a run. By `rid` the check can tell overlapping runs apart.
---@param run alert.Run
---@param channel alert.Channel
function healthchecks.ping(run, channel)
  -- Twice is as good as once, and a ping that is lost is an alarm.
  http.post(address(run.status, channel), { body = body(run), query = { rid = run.rid }, retry = true })
end

--- Sends the event.
---@param event alert.Event
---@param channel alert.Channel
---@return string? reason Why there is nothing to send.
function healthchecks.send(event, channel)
  if event.kind == "report" or event.kind == "monitor" or (not event.status and event.kind ~= "test") then
    return _("a check is about runs, and this is about none")
  end
  -- A rehearsal must not count as a run: it is written down, and changes nothing.
  local apart = event.rehearsal or event.kind == "test"
  local url = apart and channel.at("log") or address(event.status, channel)
  http.post(url, { body = alerts.fit_bytes(event.text, MAX_BYTES), retry = true })
end

return healthchecks

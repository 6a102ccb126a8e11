--- Sums up a night of recipes: the outcome of each step, of the whole night, and the message about it.
local page = require "hikae.report_page"
local slack = require "hikae.channels.slack"

local nightly = {}

--- The folder of all backups where nobody says another.
nightly.ROOT = "/backups"

--- Where below the root each recipe keeps its backups.
local FOLDERS = { ["db-backup"] = "database", ["config-backup"] = "config", ["log-backup"] = "logs", ["git-backup"] = "git" }

---@class (exact) hikae.nightly.Step
---@field recipe string
---@field title string

---@class (exact) hikae.nightly.Result
---@field step hikae.nightly.Step
---@field status "success"|"partial"|"failure"
---@field why? string What went wrong.
---@field took number

---@class (exact) hikae.nightly.Night
---@field status "success"|"partial"|"failure"
---@field heading string
---@field failed string[] The steps that did not succeed, each with its reason.
---@field missing string[] Those of them that are required.

--- What the recipes are called for people.
---@return table<string, string>
local function titles()
  return {
    ["db-backup"] = _("Database backup"), ["config-backup"] = _("Configuration backup"), ["log-backup"] = _("Log backup"),
    ["git-backup"] = _("Git repository backup"), ["s3-backup"] = _("Copy to the cloud (S3)"), ["gcs-backup"] = _("Copy to the cloud (GCS)"),
    ["backup-monitor"] = _("Backup monitor"),
  }
end

--- The steps of a night; the cloud is left out where none is configured.
---@param p table
---@return hikae.nightly.Step[]
function nightly.steps(p)
  local steps, known = {}, titles()
  local function add(recipe)
    steps[#steps + 1] = { recipe = recipe, title = known[recipe] or recipe }
  end
  for _i, name in ipairs(p.steps) do
    if name ~= "cloud" then
      add(name)
    elseif not p.cloud then
      log.info(_("No copy to the cloud is configured"))
    end
    for _j, recipe in ipairs(name == "cloud" and p.cloud or {}) do
      add(recipe)
    end
  end
  return steps
end

--- Refuses a required step that no step has: misspelt, it would let a failed step pass.
---@param steps hikae.nightly.Step[]
---@param required string[]
function nightly.check(steps, required)
  local known = titles()
  for _i, step in ipairs(steps) do
    known[step.recipe] = step.title
  end
  for _i, name in ipairs(required) do
    if not known[name] then
      error {
        message = _("`%s` is required, and is no step of the night", name),
        hint = _("name it in `steps` as well, or take it out of `required`"),
      }
    end
  end
end

--- The params that a step gets: where its backups are, if that is not where they are by default.
---@param p table
---@param recipe string
---@return table<string, any>
function nightly.settings(p, recipe)
  if p.root == nightly.ROOT then
    return {}
  elseif recipe == "backup-monitor" then
    return { dir = p.root, database_dir = path.join(p.root, FOLDERS["db-backup"]) }
  end
  if recipe == "s3-backup" or recipe == "gcs-backup" then
    return { source = p.root }
  end
  return FOLDERS[recipe] and { dir = path.join(p.root, FOLDERS[recipe]) } or {}
end

--- What became of a step.
---@param step hikae.nightly.Step
---@param ok boolean
---@param outcome any What `recipes.run` gave, or the failure.
---@param took number
---@return hikae.nightly.Result
function nightly.result(step, ok, outcome, took)
  if not ok then
    errors.accept(outcome, _("the steps after it still run, and the night says so"))
    return { step = step, status = "failure", why = outcome.message, took = took }
  elseif outcome.status == "success" then
    return { step = step, status = "success", took = took }
  end
  local why = outcome.error and outcome.error.message or outcome.status
  return { step = step, status = outcome.status == "partial" and "partial" or "failure", why = why, took = took }
end

--- What the steps make of the night: a failure where a required one failed or none succeeded, else in part where any did not succeed.
---@param results hikae.nightly.Result[]
---@param required string[]
---@return hikae.nightly.Night
function nightly.sum_up(results, required)
  local is_required, night, good = {}, { failed = {}, missing = {} }, 0
  for _i, name in ipairs(required) do
    is_required[name] = true
  end
  for _i, result in ipairs(results) do
    if result.status == "success" then
      good = good + 1
    else
      night.failed[#night.failed + 1] = result.step.title .. ": " .. result.why
    end
    if result.status == "failure" and is_required[result.step.recipe] then
      night.missing[#night.missing + 1] = result.step.title
    end
  end
  if #night.missing > 0 or good == 0 then
    night.status, night.heading = "failure", _("failed: %d of %d steps", #night.failed, #results)
  elseif #night.failed > 0 then
    night.status, night.heading = "partial", _("done in part: %d of %d steps failed", #night.failed, #results)
  else
    night.status, night.heading = "success", _("all %d steps succeeded", #results)
  end
  return night
end

--- What Slack gets of the reason of a step, and of its title, in units of UTF-16.
local MAX_WHY, MAX_TITLE = 500, 150

local COLOURS = { success = "good", partial = "warning", failure = "danger" }

--- The message about a night, as Slack takes it.
---@param night hikae.nightly.Night
---@param results hikae.nightly.Result[]
---@param size { before: integer, after: integer }
---@return table
function nightly.message(night, results, size)
  local texts = {
    success = _("✅ Integrated backup is complete"), partial = _("⚠️ Integrated backup is complete in part"),
    failure = _("❌ Integrated backup has failed"),
  }
  local growth = size.after - size.before
  local fields = {
    { title = _("Time"), value = clock.iso(), short = true },
    { title = _("Size of the backups"), value = _("%s (%s)", page.size(size.after), (growth < 0 and "-" or "+") .. page.size(math.abs(growth))), short = true },
  }
  for _i, result in ipairs(results) do
    local mark = result.status == "success" and "✓" or "✗"
    local value = result.why and mark .. " " .. slack.escaped(result.why, MAX_WHY) or mark
    fields[#fields + 1] = { title = slack.escaped(result.step.title, MAX_TITLE), value = value, short = false }
  end
  return { text = texts[night.status], attachments = { { color = COLOURS[night.status], fallback = night.heading, title = night.heading, fields = fields } } }
end

--- Posts to Slack; an answer by which it has not taken the message is an error.
---@param hook string
---@param message table
local function post(hook, message)
  local answer = http.post(hook, { json = message, timeout = "1m" })
  if not slack.good_answer(answer) then
    error { kind = "network", message = _("the answer was not `ok`"), hint = _("look at the address: it may be that of another service, or of a page to log in") }
  end
end

--- Sends the message about a night. That it cannot be sent changes nothing of how the night ended; the alerts then say it.
---@param hook? string
---@param night hikae.nightly.Night
---@param results hikae.nightly.Result[]
---@param size { before: integer, after: integer }
function nightly.tell_slack(hook, night, results, size)
  if not hook then
    return
  end
  local ok, failure = errors.try(post, hook, nightly.message(night, results, size))
  if not ok then
    errors.accept(failure, _("a message that does not arrive changes nothing of the backups"))
    run.remark { level = "warning", kind = "slack", message = _("Slack did not take the message: %s", failure.message), hint = failure.hint }
  else
    -- Where alerts go to the same address, one message about the night is enough.
    run.reported(hook)
  end
end

--- Ends the run as the night was: well, in part, or as a failure.
---@param night hikae.nightly.Night
function nightly.finish(night)
  if night.status == "success" then
    return
  end
  local message, hint = _("the night is not whole: %s", table.concat(night.failed, "; ")), _("`hikae runs` shows each of these runs")
  if night.status == "failure" then
    error { message = message, hint = hint }
  end
  run.remark { level = "incomplete", kind = "steps_failed", message = message, hint = hint }
end

return nightly

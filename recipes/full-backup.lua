--- Runs the whole night: database, configuration, logs, git, cloud, and the monitor; says in one message what became of each.
local nightly = require "hikae.nightly"
local page = require "hikae.report_page"

--- Runs one step in a process of its own, and gives what became of it.
---@param p table
---@param number integer
---@param step hikae.nightly.Step
---@return hikae.nightly.Result
local function perform(p, number, step)
  log.info(_("%d. %s is running...", number, step.title))
  local began = clock.elapsed()
  local ok, outcome = errors.try(recipes.run, step.recipe, { set = nightly.settings(p, step.recipe), may_fail = true, timeout = p.step_timeout })
  local result = nightly.result(step, ok, outcome, clock.elapsed() - began)
  run.note(step.title, { took = result.took, failed = result.why })
  if result.status == "success" then
    log.info(_("%s: success", step.title))
  else
    log.error(_("%s: failure: %s", step.title, result.why))
  end
  return result
end

return recipe {
  kind = "maintenance",
  type = "daily",
  schedule = "0 2 * * *",
  timeout = "23h",
  params = {
    root = { default = nightly.ROOT, type = "path", says = "Folder of all backups" },
    steps = {
      type = "list", default = { "db-backup", "config-backup", "log-backup", "git-backup", "cloud", "backup-monitor" },
      says = "Recipes to run, in this order; `cloud` means those of the param `cloud`",
    },
    required = { type = "list", default = { "db-backup" }, says = "Steps without which the night is a failure" },
    step_timeout = { type = "duration", default = "3h", says = "Longest time for each step; then it is ended, and the next one begins" },
    cloud = { type = "list", optional = true, says = "Recipes that copy the backups elsewhere" },
    slack = { env = "SLACK_WEBHOOK_URL", type = "hook", optional = true, says = "Slack's address for incoming webhooks: one message about the night" },
  },
  needs = { recipes = { "{steps}", "{cloud}" }, write = { "{root}" }, connect = { "{slack}" } },

  run = function(p)
    local steps = nightly.steps(p)
    nightly.check(steps, p.required)
    log.info(_("=== Integrated backup starts ==="))
    fs.mkdir(p.root)
    local before = fs.usage(p.root).size_bytes
    local results = {}
    for number, step in ipairs(steps) do
      results[number] = perform(p, number, step)
    end
    local after = fs.usage(p.root).size_bytes
    local night = nightly.sum_up(results, p.required)
    log.info(_("=== Integrated backup is over: %s (total size: %s) ===", night.heading, page.size(after)))
    nightly.tell_slack(p.slack, night, results, { before = before, after = after })
    nightly.finish(night)
  end,
}

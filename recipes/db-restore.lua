--- Restores a database from a backup: proved and compared beside the live one first, then put into its place in one step.
local health = require "hikae.health"
local params = require "hikae.params"
local previews = require "hikae.previews"
local restores = require "hikae.restores"
local steps = require "hikae.steps"

return recipe {
  kind = "restore",
  type = "manual",
  params = params.join(
    params.server { database = "Database to replace", user = "User that may make and rename databases" },
    params.restore {},
    params.health {},
    {
      dump_of = { optional = true, says = "Database whose backup it is, where that is another one" },
      if_unhealthy = {
        type = "choice", choices = { "swap_back", "keep" }, default = "swap_back",
        says = "What becomes of the restored database when the application does not work",
      },
    }
  ),
  needs = {
    run = { "pg_restore", "gpg?", "pg_dump", "{health_command}" },
    read = { "{dir}", "{file}", "{file}.manifest.json", "{identity}" },
    write = { "{work_dir}" },
    connect = { "{health_url}" },
  },

  preview = function(p) return previews.restore(p, p.dump_of) end,

  run = function(p)
    log.info(_("Database restore starts (database: %s)", p.database))
    local files = restores.candidates(p, p.dump_of)
    restores.tidy(p)
    local staged = restores.stage(restores.options(p, files, p.dump_of))
    local swapped = restores.replace(p, p.database, staged)
    local well, failure = errors.try(health.check, p)
    if not well and p.if_unhealthy == "swap_back" and swapped.kept then
      local back = restores.swap_back(p, swapped)
      steps.state(_("the old database is live again"))
      restores.taken_back(back, failure)
    elseif not well then
      error(failure)
    end
    log.info(_("Database restore is complete: %s is now %s", p.database, staged.file))
  end,
}

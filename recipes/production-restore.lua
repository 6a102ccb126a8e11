--- Restores the production database: maintenance on, a fresh backup, the restore, restart, health check, maintenance off.
local application = require "hikae.application"
local encryption = require "hikae.encryption"
local health = require "hikae.health"
local params = require "hikae.params"
local previews = require "hikae.previews"
local restores = require "hikae.restores"
local steps = require "hikae.steps"

--- What the fresh backup of the present database is called. It does not match `name`, so that the next run does not restore it.
local FRESH = "before_restore_"

--- Backs up the database as it is now.
---@param p table
local function back_up(p)
  local ok, saved = errors.try(function()
    local dump = pg.dump(restores.at(p, { database = p.database, timeout = p.timeout }))
    local stream, encrypted = encryption.add(dump:gzip(), p.encrypt_to)
    return stream:save(path.join(p.dir, FRESH .. clock.stamp() .. ".sql.gz" .. encrypted))
  end)
  if ok then
    log.info(_("Backup written: %s (%s)", saved.path, saved.size))
  elseif p.without_backup then
    log.warn(_("There is no fresh backup: %s", saved.message))
    errors.accept(saved, _("the restore was asked for without a fresh backup (without_backup)"))
  else
    local way_out = _("a database that is gone: disaster-recovery-db; to restore without a fresh backup: --set without_backup=true")
    error { kind = saved.kind, message = saved.message, hint = (saved.hint or "") .. "; " .. way_out }
  end
end

--- Puts the old database back when the application does not work with the restored one. Raises in any case.
---@param p table
---@param swapped pg.Swapped
---@param failure errors.Failure Why the application does not work.
---@param stay_closed fun(state: string) Leaves maintenance on.
local function go_back(p, swapped, failure, stay_closed)
  local done, back = errors.try(steps.run, _("put the old database back"), restores.swap_back, p, swapped)
  if not done then
    stay_closed(_("the restored database is live, the application does not work, and the old one could not be put back: %s", back.message))
    errors.accept(failure, _("it is logged that the application does not work, and that the old database could not be put back"))
    error(back)
  end
  steps.state(_("MAINTENANCE IS ON, the old database is live again; to go on: restart the application, look at it, end maintenance by hand"))
  local works, still = errors.try(function()
    steps.hook(_("restart the application"), p.restart)
    steps.run(_("see whether the application works"), health.check, p)
  end)
  if not works then
    stay_closed(_("the old database is back, and the application does not work with it either: %s", still.message))
  end
  restores.taken_back(back, failure)
end

return recipe {
  kind = "restore",
  type = "manual",
  params = params.join(
    params.server { database = "Database to replace", user = "User that may make and rename databases" },
    params.restore {},
    params.encryption { encrypt_to = "Who can decrypt the fresh backup: recipients of age, or keys of gpg; else it is not encrypted" },
    params.warnings { accept_warnings = "Warnings of the fresh backup that are fine, as patterns of their kind or text" },
    params.health {
      health_url = "Address that answers well when the application works",
      health_command = "Command that exits 0 when the application works",
      health_tries = { default = 30 },
      health_within = { default = "10m" },
    },
    params.application {},
    {
      without_backup = { default = false, says = "Go on although the present database cannot be backed up" },
      maintenance_on = { type = "hook", detach = true, optional = true, says = "Command, or address, that puts the maintenance page up" },
      maintenance_off = { type = "hook", detach = true, optional = true, says = "Command, or address, that takes the maintenance page away" },
      restart = { type = "hook", detach = true, optional = true, says = "Command, or address, that restarts the application" },
      hook_folders = { type = "list", optional = true, says = "Folders that these commands may write in" },
      if_unhealthy = {
        type = "choice", choices = { "swap_back", "keep" }, default = "swap_back",
        says = "What becomes of the restored database when the application does not work",
      },
    }
  ),
  needs = {
    run = {
      "pg_dump", "pg_restore", "gpg?", "{health_command}", "{restart}", "{maintenance_on}", "{maintenance_off}",
    },
    read = { "{file}", "{file}.manifest.json", "{identity}" },
    write = { "{dir}", "{hook_folders}", "{work_dir}" },
    connect = { "{front_page_url}", "{api_url}", "{form_url}", "{admin_url}", "{certificate_url}", "{health_url}", "{restart}", "{maintenance_on}", "{maintenance_off}" },
  },

  preview = function(p)
    local before = { p.maintenance_on and _("maintenance on") or _("maintenance on: skipped, `maintenance_on` is not set") }
    before[2] = _("keep the present database: a fresh backup in %s", p.dir)
    local after = { p.restart and _("restart the application") or _("restart the application: skipped, `restart` is not set") }
    local lines = previews.restore(p, nil, { before = before, after = after })
    lines[#lines + 1] = p.maintenance_off and _("at the end: maintenance off") or _("at the end: maintenance stays as it is, `maintenance_off` is not set")
    return lines
  end,

  run = function(p)
    log.info(_("Restore of the production database starts: %s", p.database))
    run.accept_warnings(p.accept_warnings or {})
    -- Chosen before the fresh backup is made.
    local files = restores.candidates(p)
    restores.tidy(p)
    local staged, swapped

    local function unhealthy(failure, leave)
      local function stay_closed(state)
        leave(_("MAINTENANCE IS STILL ON: %s", state))
      end
      if p.if_unhealthy == "swap_back" and swapped.kept then
        go_back(p, swapped, failure, stay_closed)
      end
      stay_closed(_("the restored database is live, and the application does not work: %s", failure.message))
    end

    -- What a person reads who finds the run interrupted.
    local untouched = _("MAINTENANCE MAY BE ON, the live database is untouched; to go on: run this again, or end maintenance by hand")
    local function replacing()
      return _("MAINTENANCE MAY BE ON, the restored database is live if `%s` or a later one is there, else the old one, untouched; to go on: run this again, or end maintenance by hand", restores.kept_name(p.database))
    end
    local replaced = _("MAINTENANCE IS ON, the restored database is live; to go on: restart the application, look at it, end maintenance by hand")
    local still_on, over = _("MAINTENANCE IS STILL ON: end it by hand"), _("maintenance is over")

    local function stage() staged = restores.stage(restores.options(p, files)) end
    local function replace() swapped = restores.put_in_place(p, p.database, staged) end
    steps.procedure {
      -- Also while the first hook runs: it may have done its work although it failed.
      during = untouched,
      { name = _("maintenance on"), hook = p.maintenance_on },                                                        -- 1
      { name = _("keep the present database"), run = function() back_up(p) end },                                     -- 2
      { name = _("restore beside the live database, and compare"), run = stage },                                     -- 3
      { name = _("put it in place"), run = replace, during = replacing, after = replaced },
      { name = _("restart the application"), hook = p.restart, on_failure = unhealthy },                              -- 4
      { name = _("see whether the application works"), run = function() health.check(p) end, on_failure = unhealthy }, -- 5
      application.step(p, unhealthy),
      always = { name = _("maintenance off"), hook = p.maintenance_off, after = over, failed = still_on },            -- 6
    }
    log.info(_("Restore of the production database is complete: %s is now %s", p.database, staged.file))
  end,
}

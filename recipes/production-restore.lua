--- Restores the production database: maintenance on, a fresh backup, the restore, restart, health check, maintenance off.
local health = require "hikae.health"
local restores = require "hikae.restores"
local steps = require "hikae.steps"

--- Ends maintenance, or says as loudly as it can that it has not.
---@param p table
local function reopen(p)
  local ok, failure = errors.try(steps.hook, _("maintenance off"), p.maintenance_off)
  if not ok then
    steps.stand(_("MAINTENANCE IS STILL ON: end it by hand"))
    log.error(_("MAINTENANCE IS STILL ON: end it by hand"))
    error(failure)
  end
  steps.stand(_("maintenance is over"))
end

--- Leaves maintenance on, because nobody can say that the application works.
---@param words string How to go on.
local function stay_closed(words)
  steps.stand(_("MAINTENANCE IS STILL ON: %s", words))
  log.error(_("MAINTENANCE IS STILL ON: %s", words))
end

--- The database as it is now, kept whatever becomes of the rest; nil where there is none.
---@param p table
---@return Stream.Backup?
local function keep_present(p)
  local file = path.join(p.dir, "before_restore_" .. clock.stamp() .. ".sql.gz")
  local ok, saved = errors.try(function()
    local dump = pg.dump(restores.at(p, { database = p.database, timeout = p.timeout }))
    return dump:gzip():save(file)
  end)
  if ok then
    log.info(_("Backup written: %s (%s)", saved.path, saved.size))
    return saved
  elseif p.without_backup then
    log.warn(_("There is no fresh backup: %s", saved.message))
    errors.accept(saved, "the restore was asked for without a fresh backup (without_backup)")
    return nil
  end
  error { kind = saved.kind, message = saved.message, hint = (saved.hint or "") .. "; " .. _("a database that is gone: disaster-recovery-db; to restore without a fresh backup: --set without_backup=true") }
end

--- Everything that leaves the live database as it is.
---@param p table
---@param files string[]
---@return hikae.restores.Staged
local function prepare(p, files)
  steps.run(_("keep the present database"), keep_present, p)
  return steps.run(_("restore beside the live database, and compare"), restores.stage, {
    server = p, files = files, dump_of = p.database, jobs = p.jobs, work = p.work_dir, timeout = p.timeout,
  })
end

--- Restarts the application and waits until it works.
---@param p table
local function restart(p)
  steps.hook(_("restart the application"), p.restart)
  steps.run(_("see whether the application works"), health.check, p)
end

--- Puts the old database back because the application does not work with the restored one. Raises in any case.
---@param p table
---@param swapped pg.Swapped
---@param failure errors.Failure
local function go_back(p, swapped, failure)
  local taken, back = errors.try(steps.run, _("put the old database back"), restores.swap_back, p, swapped)
  if not taken then
    stay_closed(_("the restored database is live, the application does not work, and the old one could not be put back: %s", back.message))
    errors.accept(failure, "that the old database could not be put back is told, and that the application does not work")
    error(back)
  end
  steps.stand(_("MAINTENANCE IS ON, the old database is live again; to go on: restart the application, look at it, end maintenance by hand"))
  local well, still = errors.try(restart, p)
  if well then
    reopen(p)
  else
    stay_closed(_("the old database is back, and the application does not work with it either: %s", still.message))
  end
  restores.taken_back(back, failure)
end

return recipe {
  kind = "restore",
  type = "manual",
  params = {
    file = { type = "path", optional = true, says = "Backup to restore; else the newest in `dir` that is good" },
    dir = { env = "BACKUP_DIR", default = "/backups/database", type = "path", says = "Folder of the backups" },
    name = { default = "db_backup_*", says = "How the backups are named" },
    host = { env = "DB_HOST", default = "localhost", says = "Host of the server, or the folder of its socket" },
    port = { env = "DB_PORT", default = 5432, min = 1, max = 65535, says = "Port of the server" },
    database = { env = "DB_NAME", default = "english_cafe_db", says = "Database to replace" },
    user = { env = "DB_USER", default = "postgres", says = "User that may make and rename databases" },
    password = { env = "DB_PASSWORD", secret = true, optional = true, says = "Password of the user" },
    without_backup = { default = false, says = "Go on although the present database cannot be backed up" },
    maintenance_on = { type = "hook", optional = true, says = "Command, or address, that puts the maintenance page up" },
    maintenance_off = { type = "hook", optional = true, says = "Command, or address, that takes the maintenance page away" },
    restart = { type = "hook", optional = true, says = "Command, or address, that restarts the application" },
    hook_folders = { type = "list", optional = true, says = "Folders that these commands may write in" },
    health_url = { optional = true, says = "Address that answers well when the application works" },
    health_command = { type = "command", optional = true, says = "Command that exits 0 when the application works" },
    health_tries = { default = 30, min = 1, max = 1000, says = "How often the application is looked at" },
    health_wait = { type = "duration", default = "5s", says = "Time between two looks" },
    health_within = { type = "duration", default = "10m", says = "Time after which it is not looked at again" },
    if_unhealthy = {
      type = "choice", choices = { "swap_back", "keep" }, default = "swap_back",
      says = "What becomes of the restored database when the application does not work",
    },
    jobs = { default = 1, min = 1, max = 64, says = "Connections that load a custom-format file" },
    work_dir = { env = "BACKUP_WORK_DIR", type = "path", optional = true, says = "Private folder in which a backup that is a folder in a tar file is unpacked" },
    timeout = { type = "duration", optional = true, says = "Longest time for each step; else that of `[limits]`" },
  },
  needs = {
    run = {
      "pg_dump", "pg_restore", "{health_command}", "{restart}", "{maintenance_on}", "{maintenance_off}",
    },
    read = { "{file}", "{file}.manifest.json" },
    write = { "{dir}", "{hook_folders}", "{work_dir}" },
    connect = { "{health_url}", "{restart}", "{maintenance_on}", "{maintenance_off}" },
  },

  run = function(p)
    log.info(_("Restore of the production database starts: %s", p.database))
    -- Chosen before the fresh backup is made, which is the newest of all and the one that nobody wants back.
    local files = p.file and { p.file } or restores.backups(p.dir, p.name)
    local left_over = restores.sweep(p)
    if left_over then
      errors.accept(left_over, "a left-over throwaway is in nobody's way")
    end
    -- Before the first hook: it may have done its work although it failed.
    steps.stand(_("MAINTENANCE MAY BE ON, the live database is untouched; to go on: run this again, or end maintenance by hand"))
    local closed, unclosed = errors.try(steps.hook, _("maintenance on"), p.maintenance_on)
    if not closed then
      reopen(p)
      error(unclosed)
    end

    local ready, staged = errors.try(prepare, p, files)
    if not ready then
      reopen(p)
      error(staged)
    end
    -- Before the swap: whoever is killed in it cannot say whether the server has done it.
    steps.stand(_("MAINTENANCE MAY BE ON, the restored database is live if `%s` or a later one is there, else the old one, untouched; to go on: run this again, or end maintenance by hand", p.database .. "_before_" .. clock.stamp()))
    local swapped_well, swapped = errors.try(steps.run, _("put it in place"), restores.put_in_place, p, p.database, staged)
    if not swapped_well then
      reopen(p)
      error(swapped)
    end
    steps.stand(_("MAINTENANCE IS ON, the restored database is live; to go on: restart the application, look at it, end maintenance by hand"))
    local well, failure = errors.try(restart, p)
    if not well and p.if_unhealthy == "swap_back" and swapped.kept then
      go_back(p, swapped, failure)
    elseif not well then
      stay_closed(_("the restored database is live, and the application does not work: %s", failure.message))
      error(failure)
    end
    reopen(p)
    log.info(_("Restore of the production database is complete: %s is now %s", p.database, staged.file))
  end,
}

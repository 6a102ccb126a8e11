--- Restores a database from a backup: proved and compared beside the live one first, then put into its place in one step.
local health = require "hikae.health"
local restores = require "hikae.restores"
local steps = require "hikae.steps"

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
    dump_of = { optional = true, says = "Database whose backup it is, where that is another one" },
    user = { env = "DB_USER", default = "postgres", says = "User that may make and rename databases" },
    password = { env = "DB_PASSWORD", secret = true, optional = true, says = "Password of the user" },
    health_url = { optional = true, says = "Address that answers well when the application works again" },
    health_command = { type = "command", optional = true, says = "Command that exits 0 when the application works again" },
    health_tries = { default = 10, min = 1, max = 1000, says = "How often the application is looked at" },
    health_wait = { type = "duration", default = "5s", says = "Time between two looks" },
    health_within = { type = "duration", default = "5m", says = "Time after which it is not looked at again" },
    if_unhealthy = {
      type = "choice", choices = { "swap_back", "keep" }, default = "swap_back",
      says = "What becomes of the restored database when the application does not work",
    },
    jobs = { default = 1, min = 1, max = 64, says = "Connections that load a custom-format file" },
    work_dir = { env = "BACKUP_WORK_DIR", type = "path", optional = true, says = "Private folder in which a backup that is a folder in a tar file is unpacked" },
    timeout = { type = "duration", optional = true, says = "Longest time for each step; else that of `[limits]`" },
  },
  needs = {
    run = { "pg_restore", "{health_command}" },
    read = { "{dir}", "{file}", "{file}.manifest.json" },
    write = { "{work_dir}" },
    connect = { "{health_url}" },
  },

  run = function(p)
    log.info(_("Database restore starts (database: %s)", p.database))
    local files = p.file and { p.file } or restores.backups(p.dir, p.name)
    local left_over = restores.sweep(p)
    if left_over then
      errors.accept(left_over, "a left-over throwaway is in nobody's way")
    end
    local staged = restores.stage {
      server = p, files = files, dump_of = p.dump_of or p.database, jobs = p.jobs, work = p.work_dir, timeout = p.timeout,
    }
    local swapped = restores.replace(p, p.database, staged)
    local well, failure = errors.try(health.check, p)
    if not well and p.if_unhealthy == "swap_back" and swapped.kept then
      local back = restores.swap_back(p, swapped)
      steps.stand(_("the old database is live again"))
      restores.taken_back(back, failure)
    elseif not well then
      error(failure)
    end
    log.info(_("Database restore is complete: %s is now %s", p.database, staged.file))
  end,
}

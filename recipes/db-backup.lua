--- Dumps one PostgreSQL database, proves the dump, and keeps what the retention keeps.
local encryption = require "hikae.encryption"
local manifests = require "hikae.manifests"
local params = require "hikae.params"
local retention = require "hikae.retention"

return recipe {
  type = "daily",
  schedule = "0 2 * * *",
  params = params.join(
    params.server { database = "Database to dump", user = "User that may read all of it" },
    {
      dir = { env = "BACKUP_DIR", default = "/backups/database", type = "path", says = "Folder for the dumps" },
      days = { env = "RETENTION_DAYS", default = 30, min = 1, says = "Days to keep a dump" },
      keep_at_least = { default = 1, min = 1, says = "Dumps to keep whatever their age" },
      compress = { type = "choice", choices = { "gzip", "zstd" }, default = "gzip", says = "How to compress the dump" },
    },
    params.warnings {},
    params.encryption {},
    params.limits {}
  ),
  needs = { run = { "pg_dump", "gpg?" }, write = { "{dir}" } },

  run = function(p)
    log.info(_("Database backup starts"))
    run.accept_warnings(p.accept_warnings or {})
    local dump = pg.dump {
      host = p.host,
      port = p.port,
      database = p.database,
      user = p.user,
      password = p.password,
      timeout = p.timeout,
      idle_timeout = p.idle_timeout,
    }
    local packed = p.compress == "zstd" and dump:zstd() or dump:gzip()
    local stream, encrypted = encryption.add(packed, p.encrypt_to)
    local ending = (p.compress == "zstd" and ".sql.zst" or ".sql.gz") .. encrypted
    local backup = stream:save(path.join(p.dir, "db_backup_" .. clock.stamp() .. ending))

    manifests.report(backup)
    if backup.database.restorable == false then
      log.warn(_("No old backup is removed, because the new one cannot be restored"))
    else
      retention.prune { dir = p.dir, name = "db_backup_*" .. ending, days = p.days, keep_at_least = p.keep_at_least }
    end
    log.info(_("Database backup is complete"))
    return backup
  end,
}

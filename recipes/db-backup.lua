--- Dumps one PostgreSQL database, proves the dump, and keeps what the retention keeps.
local retention = require "hikae.retention"

return recipe {
  type = "daily",
  schedule = "0 2 * * *",
  params = {
    host = { env = "DB_HOST", default = "localhost", says = "Host of the server, or the folder of its socket" },
    port = { env = "DB_PORT", default = 5432, min = 1, max = 65535, says = "Port of the server" },
    database = { env = "DB_NAME", default = "english_cafe_db", says = "Database to dump" },
    user = { env = "DB_USER", default = "postgres", says = "User that may read all of it" },
    password = { env = "DB_PASSWORD", secret = true, optional = true, says = "Password of the user" },
    dir = { env = "BACKUP_DIR", default = "/backups/database", type = "path", says = "Folder for the dumps" },
    days = { env = "RETENTION_DAYS", default = 30, min = 1, says = "Days to keep a dump" },
    keep_at_least = { default = 1, min = 1, says = "Dumps to keep whatever their age" },
    compress = { type = "choice", choices = { "gzip", "zstd" }, default = "gzip", says = "How to compress the dump" },
    accept_warnings = { type = "list", optional = true, says = "Warnings that are fine, as patterns of their kind or text" },
    timeout = { type = "duration", optional = true, says = "Longest time for the dump; else that of `[limits]`" },
    idle_timeout = { type = "duration", optional = true, says = "Longest time in which no byte arrives; else that of `[limits]`" },
  },
  needs = { run = { "pg_dump" }, write = { "{dir}" } },

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
    local ending = p.compress == "zstd" and ".sql.zst" or ".sql.gz"
    local backup = packed:save(path.join(p.dir, "db_backup_" .. clock.stamp() .. ending))

    local rows = 0
    for _i, counted in ipairs(backup.database.tables) do
      rows = rows + (counted.rows or 0)
    end
    log.info(_("Backup written: %s (%s)", backup.path, backup.size))
    log.info(_("Integrity of the backup: OK (%d tables, %d rows)", #backup.database.tables, rows))

    retention.prune { dir = p.dir, name = "db_backup_*" .. ending, days = p.days, keep_at_least = p.keep_at_least }
    log.info(_("Database backup is complete"))
    return backup
  end,
}

--- Proves that a backup can be restored: restores it into a throwaway database, compares, and reports how long that took.
local params = require "hikae.params"
local restores = require "hikae.restores"

--- Restores and compares; gives how long that took since the drill began. Nothing of it stays on the server.
---@param p table
---@param file string
---@param server hikae.restores.Server
---@param began number
---@param alone? boolean Whether the server is the drill's own.
---@return number
local function drill(p, file, server, began, alone)
  local staged = restores.stage {
    server = server, files = { file }, dump_of = p.database, jobs = p.jobs, work = p.work_dir, trust = p.trust, timeout = p.timeout,
    verify = p.verify, allow_empty = p.allow_empty, make_roles = alone,
    identity = p.identity, passphrase = p.passphrase,
  }
  local took = clock.elapsed() - began
  local dropped, failure = errors.try(pg.drop_database, restores.at(server, { name = staged.database }))
  if not dropped then
    errors.accept(failure, _("the next drill tries to drop it again"))
    run.remark { level = "warning", kind = "left_over", message = failure.message, hint = failure.hint }
  end
  return took
end

return recipe {
  kind = "drill",
  type = "weekly",
  schedule = "0 1 * * 0",
  params = params.join(
    params.server { database = "Database whose backup it must be", user = "User that may make databases" },
    params.restore { file = "Backup to test; else the newest in `dir`", fallback = false },
    {
      cluster = {
        type = "choice", choices = { "auto", "temporary", "server" }, default = "auto", env = "BACKUP_DRILL_CLUSTER",
        says = "Where it is restored: on a server that hikae starts for it, or beside the live database; auto: the first where a server's programs are installed",
      },
      cluster_dir = { type = "path", default = "/var/tmp", says = "Folder in which a temporary cluster may stand" },
      cluster_settings = {
        type = "list", optional = true,
        says = "Settings of a temporary cluster that the database needs, such as `shared_preload_libraries=pg_cron`",
      },
      objective_rto = { type = "duration", default = "4h", says = "Time in which a restore must be done" },
    }
  ),
  needs = {
    run = {
      "pg_restore", "gpg?", "pg_dump",
      -- For a temporary cluster only; the last two where hikae is root, which PostgreSQL refuses to be.
      "initdb?", "postgres?", "rm?", "chown?", "setpriv?",
    },
    read = { "{dir}", "{file}", "{file}.manifest.json", "{identity}" },
    write = { "{cluster_dir}", "{work_dir}" },
  },

  run = function(p)
    local began = clock.elapsed()
    log.info(_("Restore test of the backup starts"))
    -- The newest one and no other: that an older one can be restored would hide that this one cannot.
    local file = p.file or restores.backups(p.dir, p.name, p.database)[1]
    local took, left_over
    if p.cluster == "temporary" or p.cluster == "auto" and process.which("initdb") then
      took = restores.apart({ dir = p.cluster_dir, file = file, settings = p.cluster_settings, timeout = p.timeout }, function(server)
        return drill(p, file, server, began, true)
      end)
    else
      left_over = restores.sweep(p)
      took = drill(p, file, p, began)
    end

    local seconds = math.ceil(took)
    local late = took > p.objective_rto
        and _("the restore took %d s, and must be done within %d s", seconds, p.objective_rto)
      or nil
    run.note("RTO reached", { took = took, failed = late, measure = "rto" })
    run.note("RTO objective", { took = p.objective_rto })
    log.info(_("RTO reached: %d s (objective: %d s)", seconds, p.objective_rto))
    if late then
      error { kind = "timeout", message = late, hint = _("a faster disk, or `objective_rto` as it can be kept") }
    end
    if left_over then
      -- It says nothing of this backup. Every drill has tried to drop it since: only a person can.
      errors.accept(left_over, _("a left-over throwaway says nothing of the backup"))
      run.remark { level = "warning", kind = "left_over", message = left_over.message, hint = left_over.hint }
    end
    log.info(_("Restore test: success (%s)", file))
  end,
}

--- Has Render export a managed PostgreSQL database, downloads the export, proves it, and keeps what the retention keeps.
local manifests = require "hikae.manifests"
local params = require "hikae.params"
local render = require "hikae.render"
local retention = require "hikae.retention"

--- Has Render make a backup, and saves it.
---@param p table
---@param at hikae.render.Source
---@return Stream.Saved
local function take(p, at)
  -- 1. Ask for a backup, knowing which ones there are.
  local known = render.known(at)
  log.info(_("Render makes a backup of %s (%s)", p.database_id, at.create()))
  -- 2. Wait until a new one is finished.
  local finished = render.await(p, at, known)
  -- 3. Download it.
  local stream, ending = at.open(finished)
  -- 4. Prove it while it is saved.
  local name = "backup_" .. clock.stamp() .. ending
  return pg.prove(stream, { name = name, database = p.database, work = render.work_dir(p) }):save(path.join(p.dir, name))
end

return recipe {
  type = "daily",
  params = params.join(
    {
      database_id = { env = "RENDER_DATABASE_ID", optional = true, says = "Id of the database at Render, such as `dpg-…-a`" },
      database = { env = "RENDER_DATABASE_NAME", optional = true, says = "Name of the database; when it is set, a dump of another one is refused" },
      api_key = { env = "RENDER_API_KEY", secret = true, optional = true, says = "Key of Render's API" },
      via = {
        type = "choice", choices = { "auto", "cli", "api" }, default = "auto",
        says = "By the program `render`, or by Render's API; `auto`: by the program when it is installed",
      },
      api_url = { default = "https://api.render.com/v1", says = "Address of Render's API" },
      download_hosts = {
        type = "list", default = { "*.render.com", "*.amazonaws.com", "*.googleapis.com" },
        says = "Hosts that exports may be downloaded from",
      },
      cli_config = { type = "path", optional = true, says = "Settings of the program `render`, where it was logged in by hand" },
      dir = { env = "BACKUP_DIR", default = "/backups/database", type = "path", says = "Folder for the backups" },
      work_dir = { env = "BACKUP_WORK_DIR", type = "path", optional = true, says = "Private folder in which exports are unpacked; else `.work` in `dir`" },
      days = { env = "RETENTION_DAYS", default = 30, min = 1, says = "Days to keep a backup" },
      keep_at_least = { default = 1, min = 1, says = "Backups to keep whatever their age" },
      export_timeout = { type = "duration", default = "2h", says = "Longest time for Render to make the backup" },
      poll = { type = "duration", default = "15s", says = "Time between two looks whether it is finished" },
    },
    params.warnings {},
    params.limits { timeout = "Longest time for the download; else that of `[limits]`" }
  ),
  needs = {
    run = { "render?", "pg_restore" },
    read = { "{cli_config}" },
    write = { "{dir}", "{work_dir}" },
    connect = { "{api_url}", "{download_hosts}" },
  },

  run = function(p)
    render.check(p)
    run.accept_warnings(p.accept_warnings or {})
    log.info(_("Backup of the database at Render starts: %s", p.database_id))
    local backup = render.with(p, function(at) return take(p, at) end)
    manifests.report(backup)
    -- 5. Drop old ones.
    retention.prune { dir = p.dir, name = "backup_[0-9]*", days = p.days, keep_at_least = p.keep_at_least }
    log.info(_("Backup of the database at Render is complete"))
    return backup
  end,
}

--- Has Render export a managed PostgreSQL database, downloads the export, proves it, and keeps what the retention keeps.
local retention = require "hikae.retention"

--- How states are called in which a backup is whole, and in which it never will be.
local FINISHED = { available = true, completed = true, done = true, finished = true, ready = true, succeeded = true }
local BROKEN = { canceled = true, cancelled = true, error = true, expired = true, failed = true }

--- How the file of a dump ends, by how it is written and packed.
local ENDINGS = { plain = ".sql", custom = ".dump", directory = ".dir.tar", gzip = ".gz", zstd = ".zst" }

--- A backup as Render lists it.
---@class Listed
---@field id string
---@field createdAt? string
---@field status? string
---@field url? Secret

--- Whether a backup is whole, as far as its state says.
---@param backup Listed
---@return boolean
local function finished(backup)
  return not backup.status or FINISHED[string.lower(backup.status)] == true
end

--- Refuses what is no list of backups: nothing would ever be found in it.
---@param text string What was answered.
---@param decode fun(): any
---@return Listed[]
local function listed(text, decode)
  local backups = string.find(text, "^%s*%[") and decode() or { false }
  for _i, backup in ipairs(backups) do
    if type(backup) ~= "table" or type(backup.id) ~= "string" then
      error {
        kind = "integrity",
        message = _("Render has answered with something that is no list of backups"),
        hint = _("it may have changed how it answers: look at the database's page at Render"),
      }
    end
  end
  return backups
end

--- Waits for a finished backup that was not there before, and gives the newest. An older one would be no backup of today;
--- what became of older ones is no matter.
---@param p table
---@param list fun(): Listed[]
---@param known table<string, boolean> What was there before, by id.
---@return Listed
local function await(p, list, known)
  local deadline = clock.elapsed() + p.export_timeout
  while true do
    local newest = nil
    for _i, backup in ipairs(list()) do
      -- Moments by one server, all in UTC, sort as texts.
      local newer = not newest or (backup.createdAt or "") > (newest.createdAt or "")
      if not known[backup.id] and BROKEN[string.lower(backup.status or "")] then
        error {
          message = _("Render could not make the backup %s: %s", backup.id, backup.status),
          hint = _("look at the database's page at Render"),
        }
      elseif not known[backup.id] and backup.finished and newer then
        newest = backup
      end
    end
    if newest then
      log.info(_("Render has finished the backup: %s", newest.id))
      return newest
    end
    if clock.elapsed() >= deadline then
      error {
        kind = "timeout",
        message = _("Render has not finished the backup within %d s", p.export_timeout),
        hint = _("look at the database's page at Render; a large database needs longer: --set export_timeout=6h"),
      }
    end
    clock.sleep(p.poll)
  end
end

---@param backups Listed[]
---@return table<string, boolean>
local function ids_of(backups)
  local ids = {}
  for _i, backup in ipairs(backups) do
    ids[backup.id] = true
  end
  return ids
end

--- The export by Render's API as a stream, and the name of its file.
---@param p table
---@return Stream
---@return string
local function by_api(p)
  if not p.api_key then
    error {
      kind = "denied",
      message = _("there is neither the program `render` nor a key of Render's API"),
      hint = _("make a key in Render's account settings, and set it: RENDER_API_KEY=…"),
    }
  end
  local address = string.gsub(p.api_url, "/+$", "") .. "/postgres/" .. p.database_id .. "/export"
  local function list()
    local answer = http.get(address, { bearer = p.api_key, secrets = { "url" } })
    local exports = listed(answer.body, answer.json)
    for _i, export in ipairs(exports) do
      -- It has an address as soon as it can be downloaded.
      export.finished = finished(export) and export.url ~= nil
    end
    return exports
  end
  local known = ids_of(list())
  local asked = http.post(address, { bearer = p.api_key })
  log.info(_("Render makes a backup of %s (%s)", p.database_id, asked.headers["date"] or asked.status))
  local export = await(p, list, known)
  return http.download(export.url, { timeout = p.timeout, idle_timeout = p.idle_timeout }), ENDINGS.directory .. ENDINGS.gzip
end

--- Calls the program `render` for what it has of backups.
---@param p table
---@param verb string
---@param args string[]
---@return string
local function render(p, verb, args)
  return process.run({
    program = "render",
    args = { "postgres", "backup", verb, "--database-id=" .. p.database_id, table.unpack(args) },
    env = { RENDER_API_KEY = p.api_key, RENDER_CLI_CONFIG_PATH = p.cli_config },
    timeout = p.timeout,
    idle_timeout = p.idle_timeout,
  }).stdout
end

--- The backup by Render's program as a stream of the file into which it was downloaded, and the name that this file gets.
---@param p table
---@param work string Where dumps are unpacked.
---@param file string Where it is downloaded to.
---@return Stream
---@return string
local function by_cli(p, work, file)
  local function list()
    local text = render(p, "list", { "--format=json" })
    local backups = listed(text, function() return json.decode(text) end)
    for _i, backup in ipairs(backups) do
      -- Where the list says nothing of it, the proof will.
      backup.finished = finished(backup)
    end
    return backups
  end
  local known = ids_of(list())
  render(p, "create", {})
  log.info(_("Render makes a backup of %s (%s)", p.database_id, "render"))
  local backup = await(p, list, known)
  render(p, "download", { "--backup-id=" .. backup.id, "--output=" .. file })
  local found = pg.inspect(file, { work = work, timeout = p.timeout, idle_timeout = p.idle_timeout })
  return fs.open(file), ENDINGS[found.format] .. (ENDINGS[found.packed] or "")
end

--- Removes a file if it is there.
---@param file string
---@param why string
local function clear(file, why)
  if fs.stat(file) then
    fs.remove(file, { why = why })
  end
end

--- The new backup, proved.
---@param p table
---@param cli boolean
---@return Stream.Saved
local function take(p, cli, work, download)
  local stream, ending
  if cli then
    stream, ending = by_cli(p, work, download)
  else
    stream, ending = by_api(p)
  end
  local name = "backup_" .. clock.stamp() .. ending
  return pg.prove(stream, { name = name, database = p.database, work = work }):save(path.join(p.dir, name))
end

return recipe {
  type = "daily",
  params = {
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
    timeout = { type = "duration", optional = true, says = "Longest time for the download; else that of `[limits]`" },
    idle_timeout = { type = "duration", optional = true, says = "Longest time in which no byte arrives; else that of `[limits]`" },
  },
  needs = {
    run = { "render?", "pg_restore" },
    read = { "{cli_config}" },
    write = { "{dir}", "{work_dir}" },
    connect = { "{api_url}", "{download_hosts}" },
  },

  run = function(p)
    if not string.find(p.database_id or "", "^[%w_%-]+$") then
      error {
        message = _("`%s` is not the id of a database at Render", p.database_id or ""),
        hint = _("it stands in the address of the database's page there: RENDER_DATABASE_ID=dpg-…-a"),
      }
    end
    log.info(_("Backup of the database at Render starts: %s", p.database_id))
    local cli = p.via == "cli" or p.via == "auto" and process.which("render") ~= nil
    local work = p.work_dir or path.join(p.dir, ".work")
    local download = path.join(work, "download_" .. p.database_id)
    if cli then
      fs.mkdir(work)
      clear(download, _("an interrupted run left it"))
    end
    local ok, backup = errors.try(take, p, cli, work, download)
    if cli then
      clear(download, _("what is kept of it is the backup"))
    end
    if not ok then
      error(backup)
    end

    local rows = 0
    for _i, counted in ipairs(backup.database.tables) do
      rows = rows + (counted.rows or 0)
    end
    log.info(_("Backup written: %s (%s)", backup.path, backup.size))
    log.info(_("Integrity of the backup: OK (%d tables, %d rows)", #backup.database.tables, rows))
    retention.prune { dir = p.dir, name = "backup_[0-9]*", days = p.days, keep_at_least = p.keep_at_least }
    log.info(_("Backup of the database at Render is complete"))
    return backup
  end,
}

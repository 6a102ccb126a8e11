--- Asks Render for the backups of a managed PostgreSQL database: by the program `render`, or by Render's API.
local render = {}

--- The states of a backup that is whole, and of one that never will be.
local FINISHED = { available = true, completed = true, done = true, finished = true, ready = true, succeeded = true }
local BROKEN = { canceled = true, cancelled = true, error = true, expired = true, failed = true }

--- How the file of a dump ends, by how it is written and packed.
local ENDINGS = { plain = ".sql", custom = ".dump", directory = ".dir.tar", gzip = ".gz", zstd = ".zst" }

--- A backup as Render lists it.
---@class (exact) hikae.render.Listed
---@field id string
---@field createdAt? string
---@field status? string
---@field url? Secret
---@field finished boolean Whether it can be downloaded, as far as the list says.

--- One of the two ways to reach Render.
---@class (exact) hikae.render.Source
---@field list fun(): hikae.render.Listed[]
---@field create fun(): any Gives what is logged of the answer.
---@field open fun(backup: hikae.render.Listed): Stream, string The backup, and how its file ends.

--- Whether a backup is whole, as far as its state says.
---@param backup hikae.render.Listed
---@return boolean
local function finished(backup)
  return not backup.status or FINISHED[string.lower(backup.status)] == true
end

--- Reads a list of backups; anything else is an error.
---@param text string What was answered.
---@param decode fun(): any
---@return hikae.render.Listed[]
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

--- Render's API. An export has an address as soon as it can be downloaded.
---@param p table
---@return hikae.render.Source
local function by_api(p)
  if not p.api_key then
    error {
      kind = "denied",
      message = _("there is neither the program `render` nor a key of Render's API"),
      hint = _("make a key in Render's account settings, and set it: RENDER_API_KEY=…"),
    }
  end
  local address = string.gsub(p.api_url, "/+$", "") .. "/postgres/" .. p.database_id .. "/export"
  return {
    list = function()
      local answer = http.get(address, { bearer = p.api_key, secrets = { "url" } })
      local exports = listed(answer.body, answer.json)
      for _i, export in ipairs(exports) do
        export.finished = finished(export) and export.url ~= nil
      end
      return exports
    end,
    create = function()
      local asked = http.post(address, { bearer = p.api_key })
      return asked.headers["date"] or asked.status
    end,
    open = function(export)
      return http.download(export.url, { timeout = p.timeout, idle_timeout = p.idle_timeout }), ENDINGS.directory .. ENDINGS.gzip
    end,
  }
end

--- Calls the program `render` for what it has of backups.
---@param p table
---@param verb string
---@param args string[]
---@return string
local function call(p, verb, args)
  return process.run({
    program = "render",
    args = { "postgres", "backup", verb, "--database-id=" .. p.database_id, table.unpack(args) },
    env = { RENDER_API_KEY = p.api_key, RENDER_CLI_CONFIG_PATH = p.cli_config },
    timeout = p.timeout,
    idle_timeout = p.idle_timeout,
  }).stdout
end

--- Render's program, which downloads a backup into a file. Where its list says nothing of the state, the proof will.
---@param p table
---@param download string The file.
---@return hikae.render.Source
local function by_program(p, download)
  return {
    list = function()
      local text = call(p, "list", { "--format=json" })
      local backups = listed(text, function() return json.decode(text) end)
      for _i, backup in ipairs(backups) do
        backup.finished = finished(backup)
      end
      return backups
    end,
    create = function()
      call(p, "create", {})
      return "render"
    end,
    open = function(backup)
      call(p, "download", { "--backup-id=" .. backup.id, "--output=" .. download })
      local found = pg.inspect(download, { work = render.work_dir(p), timeout = p.timeout, idle_timeout = p.idle_timeout })
      return fs.open(download), ENDINGS[found.format] .. (ENDINGS[found.packed] or "")
    end,
  }
end

--- The private folder in which exports are unpacked.
---@param p table
---@return string
function render.work_dir(p)
  return p.work_dir or path.join(p.dir, ".work")
end

--- Refuses what cannot be the id of a database at Render.
---@param p table
function render.check(p)
  if not string.find(p.database_id or "", "^[%w_%-]+$") then
    error {
      message = _("`%s` is not the id of a database at Render", p.database_id or ""),
      hint = _("it is in the address of the database's page there: RENDER_DATABASE_ID=dpg-…-a"),
    }
  end
end

--- Removes a file if it is there.
---@param file string
---@param why string
local function clear(file, why)
  if fs.stat(file) then
    fs.remove(file, { why = why })
  end
end

--- Does `work` with Render, reached by its program or by its API, and gives its answer. No download is left behind.
---@param p table
---@param work fun(at: hikae.render.Source): any
---@return any
function render.with(p, work)
  if not (p.via == "cli" or p.via == "auto" and process.which("render") ~= nil) then
    return work(by_api(p))
  end
  local folder = render.work_dir(p)
  local download = path.join(folder, "download_" .. p.database_id)
  fs.mkdir(folder)
  clear(download, _("an interrupted run left it"))
  local ok, answer = errors.try(work, by_program(p, download))
  clear(download, _("what is kept of it is the backup"))
  if not ok then
    error(answer)
  end
  return answer
end

--- The backups that there are, by id.
---@param at hikae.render.Source
---@return table<string, boolean>
function render.known(at)
  local ids = {}
  for _i, backup in ipairs(at.list()) do
    ids[backup.id] = true
  end
  return ids
end

--- The newest finished one of the backups that are not known, or nil; one that Render could not make is an error.
---@param backups hikae.render.Listed[]
---@param known table<string, boolean>
---@return hikae.render.Listed?
local function newest_of(backups, known)
  local newest = nil
  for _i, backup in ipairs(backups) do
    -- Times from one server, all in UTC, sort as texts.
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
  return newest
end

--- Waits for a finished backup that is not known, and gives the newest. A known one would be no backup of today.
---@param p table
---@param at hikae.render.Source
---@param known table<string, boolean>
---@return hikae.render.Listed
function render.await(p, at, known)
  local deadline = clock.elapsed() + p.export_timeout
  while true do
    local newest = newest_of(at.list(), known)
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

return render

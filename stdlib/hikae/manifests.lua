--- Reads the manifests beside backups: which backups they prove, and what they say is in them.
local calendar = require "hikae.calendar"
local groups = require "hikae.groups"

local manifests = {}

--- What a manifest's name adds to the name of its backup.
manifests.SUFFIX = ".manifest.json"

--- What the name of an archive's list adds to the name of the archive.
manifests.LIST = ".files.jsonl.zst"

--- What `fs.read` gives at most.
local LARGEST = 8 << 20

--- What the manifest beside a backup says; empty when it cannot be read, which proves nothing and is no reason to stop.
---@param file fs.Entry
---@return table
local function read(file)
  local beside = file.path .. manifests.SUFFIX
  local ok, said = errors.try(function()
    local stat = fs.stat(beside)
    if stat and stat.size_bytes > LARGEST then
      return manifest.read(file.path, { lists = false })
    end
    return json.decode(fs.read(beside))
  end)
  if ok then
    return type(said) == "table" and said or {}
  end
  log.warn(_("The manifest of %s cannot be read: %s", file.name, said.message))
  errors.accept(said, _("a backup whose manifest cannot be read counts as not proved"))
  return {}
end

--- The rows that a manifest says are in its backup; nil where they were not counted.
---@param manifest table
---@return integer?
local function rows_of(manifest)
  local tables = type(manifest.database) == "table" and manifest.database.tables
  if type(tables) ~= "table" then
    return nil
  end
  local rows = 0
  for _i, counted in ipairs(tables) do
    if math.type(counted.rows) ~= "integer" then
      return nil
    end
    rows = rows + counted.rows
  end
  return rows
end

--- The database that a manifest says is in its backup, as a list; an empty one where it names none.
---@param manifest table
---@return string[]
local function databases_of(manifest)
  local name = type(manifest.database) == "table" and manifest.database.name
  return type(name) == "string" and { name } or {}
end

--- One file as the retention sees it.
---@param file fs.Entry
---@param has_manifest boolean
---@return hikae.retention.Backup
local function backup_of(file, has_manifest)
  local backup = { name = file.name, stamp = calendar.stamp_of(file.name), proved = false }
  if has_manifest then
    local said = read(file)
    backup.proved = said.name == file.name and said.size_bytes == file.size_bytes
    local refused = backup.proved and type(said.database) == "table" and said.database.restorable == false
    if refused then
      log.warn(_("%s counts as not proved: hikae cannot restore it", file.name))
      backup.proved = false
    end
    backup.rows = backup.proved and rows_of(said) or nil
    backup.databases = said.name == file.name and databases_of(said) or nil
    if not backup.proved and not refused then
      log.warn(_("%s counts as not proved: its manifest does not describe it", file.name))
    end
  end
  return backup
end

--- Whether a name is that of what lies beside a backup.
local function is_beside(name)
  return string.sub(name, -#manifests.SUFFIX) == manifests.SUFFIX or string.sub(name, -#manifests.LIST) == manifests.LIST
end

--- The names of the backups that have something beside them whose name ends so.
local function with_beside(dir, name, suffix)
  local found = {}
  for _i, file in ipairs(fs.list { dir = dir, name = name .. suffix, kind = "file" }) do
    found[string.sub(file.name, 1, -#suffix - 1)] = true
  end
  return found
end

--- The backups in a folder, and what lies there beside none: what a run that was killed in between left behind.
---@param dir string
---@param name string The pattern of the backups' names.
---@return hikae.retention.Backup[]
---@return table<string, string[]> beside The names of what lies beside a backup, by its name.
---@return string[] orphans
function manifests.look(dir, name)
  local described, listed = with_beside(dir, name, manifests.SUFFIX), with_beside(dir, name, manifests.LIST)
  local backups, present, beside, orphans = {}, {}, {}, {}
  for _i, file in ipairs(fs.list { dir = dir, name = name, kind = "file" }) do
    if not is_beside(file.name) then
      present[file.name], beside[file.name] = true, {}
      backups[#backups + 1] = backup_of(file, described[file.name] or false)
    end
  end
  for suffix, names in pairs { [manifests.SUFFIX] = described, [manifests.LIST] = listed } do
    for backup in pairs(names) do
      local place = present[backup] and beside[backup] or orphans
      place[#place + 1] = backup .. suffix
    end
  end
  table.sort(orphans)
  for _name, names in pairs(beside) do
    table.sort(names)
  end
  return backups, beside, orphans
end

--- Those of the backups that this run has made, of which there must be one; nil in a recipe that makes none.
---@param backups hikae.retention.Backup[]
---@param dir string Their folder.
---@param ending string What the path of a backup has after its name.
---@param hint string
---@return hikae.retention.Backup[]?
function manifests.made(backups, dir, ending, hint)
  if run.kind() ~= "backup" then
    return nil
  end
  local proved, new = {}, {}
  for _i, file in ipairs(run.backups()) do
    proved[file] = true
  end
  for _i, backup in ipairs(backups) do
    new[#new + 1] = proved[path.join(dir, backup.name .. ending)] and backup or nil
  end
  if #new == 0 then
    error { message = _("refused to remove old backups before the new one is proved"), hint = hint }
  end
  return new
end

--- Refuses to let backups with rows go for the sake of a newer one without any: a wrong or emptied database dumps well.
---@param backups hikae.retention.Backup[]
function manifests.check_rows(backups)
  local newest
  for _i, backup in ipairs(backups) do
    if backup.proved and backup.rows and backup.stamp and (not newest or backup.stamp > newest.stamp) then
      newest = backup
    end
  end
  if not newest or newest.rows > 0 then
    return
  end
  for _i, backup in ipairs(backups) do
    if backup.proved and (backup.rows or 0) > 0 and groups.covers(newest.databases or {}, backup.databases or {}) then
      error {
        message = _("refused to remove old backups: `%s` has no row, and `%s` has %d", newest.name, backup.name, backup.rows),
        kind = "integrity",
        hint = _("is it the right database (DB_NAME), and was it emptied on purpose? then move the backups with rows away"),
      }
    end
  end
end

--- Logs the backup of a database that was saved and proved, with its size, its tables and its rows.
---@param backup Stream.Saved
function manifests.report(backup)
  local rows = 0
  for _i, counted in ipairs(backup.database.tables) do
    rows = rows + (counted.rows or 0)
  end
  log.info(_("Backup written: %s (%s)", backup.path, backup.size))
  log.info(_("Integrity of the backup: OK (%d tables, %d rows)", #backup.database.tables, rows))
end

return manifests

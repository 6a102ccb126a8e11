--- Reads the manifests beside backups: which backups they prove, and what they say is in them.
local calendar = require "hikae.calendar"

local manifests = {}

--- What a manifest's name adds to the name of its backup.
manifests.SUFFIX = ".manifest.json"

--- What `fs.read` gives at most.
local LARGEST = 8 << 20

--- What the manifest beside a backup says; empty when it cannot be read, which proves nothing and is no reason to stop.
---@param file fs.Entry
---@return table
local function read(file)
  local beside = file.path .. manifests.SUFFIX
  local stat = fs.stat(beside)
  if stat and stat.size_bytes > LARGEST then
    -- It came under its name whole or not at all, so that it stands says enough.
    return { name = file.name, size_bytes = file.size_bytes }
  end
  local ok, manifest = errors.try(function()
    return json.decode(fs.read(beside))
  end)
  if ok then
    return type(manifest) == "table" and manifest or {}
  end
  log.warn(_("The manifest of %s cannot be read: %s", file.name, manifest.message))
  errors.accept(manifest, "a backup whose manifest cannot be read counts as not proved")
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

--- One file as the retention sees it.
---@param file fs.Entry
---@param has_manifest boolean
---@return hikae.retention.Backup
local function backup_of(file, has_manifest)
  local backup = { name = file.name, stamp = calendar.stamp_of(file.name), proved = false }
  if has_manifest then
    local manifest = read(file)
    backup.proved = manifest.name == file.name and manifest.size_bytes == file.size_bytes
    backup.rows = backup.proved and rows_of(manifest) or nil
    if not backup.proved then
      log.warn(_("%s counts as not proved: its manifest does not describe it", file.name))
    end
  end
  return backup
end

--- The backups in a folder, and the names of the manifests without one: what a run that was killed between the two left behind.
---@param dir string
---@param name string The pattern of the backups' names.
---@return hikae.retention.Backup[]
---@return table<string, boolean> described The names of the backups that have a manifest.
---@return string[] orphans
function manifests.look(dir, name)
  local described, backups, present, orphans = {}, {}, {}, {}
  for _i, file in ipairs(fs.list { dir = dir, name = name .. manifests.SUFFIX, kind = "file" }) do
    described[string.sub(file.name, 1, -#manifests.SUFFIX - 1)] = true
  end
  for _i, file in ipairs(fs.list { dir = dir, name = name, kind = "file" }) do
    if string.sub(file.name, -#manifests.SUFFIX) ~= manifests.SUFFIX then
      present[file.name] = true
      backups[#backups + 1] = backup_of(file, described[file.name] or false)
    end
  end
  for backup in pairs(described) do
    if not present[backup] then
      orphans[#orphans + 1] = backup .. manifests.SUFFIX
    end
  end
  table.sort(orphans)
  return backups, described, orphans
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
    if backup.proved and (backup.rows or 0) > 0 then
      error {
        message = _("refused to remove old backups: `%s` has no row, and `%s` has %d", newest.name, backup.name, backup.rows),
        kind = "integrity",
        hint = _("is it the right database (DB_NAME), and was it emptied on purpose? then move the backups with rows away"),
      }
    end
  end
end

return manifests

--- Reads the manifests beside backups: which backups they prove, and what they say is in them.
local calendar = require "hikae.calendar"
local groups = require "hikae.groups"

local manifests = {}

--- What a manifest's name adds to the name of its backup.
manifests.SUFFIX = ".manifest.json"

--- What the name of an archive's list adds to the name of the archive.
manifests.LIST = ".files.jsonl.zst"

--- One file as the retention sees it.
---@param listed manifest.Listed
---@return hikae.retention.Backup
local function backup_of(listed)
  local stamp, moment = calendar.stamp_of(listed.name)
  if listed.problem then
    log.warn(listed.has_manifest and _("The manifest of %s cannot be read: %s", listed.name, listed.problem)
      or _("%s cannot be read: %s", listed.name, listed.problem))
  end
  if listed.restorable == false then
    log.warn(_("%s counts as not proved: hikae cannot restore it", listed.name))
  elseif listed.has_manifest and not listed.proved then
    log.warn(_("%s counts as not proved: its manifest does not describe it", listed.name))
  end
  return {
    name = listed.name, stamp = stamp, moment = moment,
    proved = listed.proved, rows = listed.rows, databases = listed.databases,
  }
end

--- Whether a name is that of what is beside a backup.
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

--- The backups in a folder, and what is there beside none: what a run that was killed in between left behind.
---@param dir string
---@param name string The pattern of the backups' names.
---@return hikae.retention.Backup[]
---@return table<string, string[]> beside The names of what is beside a backup, by its name.
---@return string[] orphans
function manifests.look(dir, name)
  local backups, beside, orphans = {}, {}, {}
  for _i, listed in ipairs(manifest.list { dir = dir, name = name }) do
    local names = orphans
    if listed.size_bytes then
      names = {}
      beside[listed.name] = names
      backups[#backups + 1] = backup_of(listed)
    end
    names[#names + 1] = listed.has_list and listed.name .. manifests.LIST or nil
    names[#names + 1] = listed.has_manifest and listed.name .. manifests.SUFFIX or nil
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

--- Refuses to remove backups with rows in favour of a newer one without any: a wrong or emptied database dumps without errors.
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

--- Whether a backup may be of a database: what says nothing of that may be.
---@param listed manifest.Listed
---@param database? string
---@return boolean
local function may_be_of(listed, database)
  if not database or not listed.databases or #listed.databases == 0 then
    return true
  end
  for _i, name in ipairs(listed.databases) do
    if name == database then
      return true
    end
  end
  return false
end

--- The backups in a folder by the moments in their names, the newest first; none is an error.
---@param dir string
---@param name string The pattern of their names, as the shell has them.
---@param database? string Those that say they are of another database are left out.
---@return string[]
function manifests.newest_first(dir, name, database)
  local found, others = {}, 0
  for _i, listed in ipairs(manifest.list { dir = dir, name = name }) do
    local stamp = listed.size_bytes and calendar.stamp_of(listed.name)
    if stamp and may_be_of(listed, database) then
      found[#found + 1] = { path = listed.path, stamp = stamp }
    elseif stamp then
      others = others + 1
    end
  end
  if #found == 0 then
    error {
      kind = "not_found",
      message = others > 0 and _("there is no backup `%s` of the database %s in `%s`, and %d of others", name, database, dir, others)
        or _("there is no backup `%s` in `%s`", name, dir),
      hint = _("name the file: --set file=/path/of/the/backup"),
    }
  end
  table.sort(found, function(a, b)
    if a.stamp ~= b.stamp then
      return a.stamp > b.stamp
    end
    return a.path > b.path
  end)
  local paths = {}
  for index, backup in ipairs(found) do
    paths[index] = backup.path
  end
  return paths
end

return manifests

--- Packs the logs of the last days, each under its path, and keeps the archives for some days.
local files = require "hikae.files"
local retention = require "hikae.retention"

---@class (exact) LogFolders
---@field found string[] Those that are packed; one below another is packed with that.
---@field missing string[]
---@field links string[] A link is never followed: what it leads to may be anything.

--- What the folders of the logs are. Those that cannot be packed are an error in the end, when the others are.
---@param p table
---@return LogFolders
local function look(p)
  local folders = { found = {}, missing = {}, links = {} }
  for _i, dir in ipairs(p.dirs) do
    local there, nested = fs.stat(dir), false
    for _j, other in ipairs(p.dirs) do
      nested = nested or files.lies_below(dir, other)
    end
    local list = not there and folders.missing or there.kind == "link" and folders.links or not nested and folders.found
    if list then
      list[#list + 1] = dir
    end
  end
  return folders
end

--- What folders that are not packed are to people.
---@param folders LogFolders
local function refuse(folders)
  local said = {}
  if #folders.missing > 0 then
    said[1] = _("there is no log folder `%s`", table.concat(folders.missing, "`, `"))
  end
  if #folders.links > 0 then
    said[#said + 1] = _("a log folder is a link, which is not followed: %s", "`" .. table.concat(folders.links, "`, `") .. "`")
  end
  error {
    kind = "not_found",
    message = table.concat(said, "; "),
    hint = #folders.missing > 0 and _("name the folders that there are: --set dirs=/var/log/nginx,/var/log/app")
      or _("name the folder that it leads to: `readlink -f` shows it"),
  }
end

--- Saves the archive. An error for want of logs names the params that say which logs count.
---@param p table
---@param stream Stream
---@param name string
---@return Stream.Backup
local function save(p, stream, name)
  local ok, saved = errors.try(function() return stream:gzip():save(name) end)
  if not ok and saved.kind == "not_found" then
    error {
      kind = "not_found", message = saved.message,
      hint = _("no file named like %s changed in the last %d days: --set days=30, or name=…", table.concat(p.name, ", "), p.days),
    }
  elseif not ok then
    error(saved)
  end
  return saved
end

--- The name of the day, or one of its own where the day has an archive already.
---@param p table
---@return string
local function name_of(p)
  local stamp = clock.stamp()
  local day = path.join(p.dir, "logs_backup_" .. string.sub(stamp, 1, 8) .. ".tar.gz")
  return fs.stat(day) and path.join(p.dir, "logs_backup_" .. stamp .. ".tar.gz") or day
end

return recipe {
  type = "daily",
  schedule = "45 2 * * *",
  params = {
    dir = { default = "/backups/logs", type = "path", says = "Folder for the archives" },
    dirs = { type = "list", default = { "/var/log/nginx", "/var/log/app", "/var/log/postgresql" }, says = "Folders of the logs" },
    name = { type = "list", default = { "*.log*" }, says = "How the logs are named, rotated and compressed ones too" },
    days = { default = 7, min = 1, says = "Days back to which a log counts, by its last change" },
    keep_days = { default = 7, min = 1, says = "Days to keep an archive" },
    keep_at_least = { default = 1, min = 1, says = "Archives to keep whatever their age" },
  },
  needs = { read = { "{dirs}" }, write = { "{dir}" } },

  run = function(p)
    log.info(_("Log backup starts"))
    local folders = look(p)
    if #folders.found == 0 then
      refuse(folders)
    end
    -- A log that grows while it is read is no error: it is packed as it was when it was opened.
    local stream = archive.pack {
      roots = folders.found, include = p.name, exclude = files.without(p.dir, folders.found), newer_than = p.days .. "d", on_change = "accept",
    }
    local backup = save(p, stream, name_of(p))
    log.info(_("Backup written: %s (%s)", backup.path, backup.size))
    retention.prune { dir = p.dir, name = "logs_backup_*.tar.gz", days = p.keep_days, keep_at_least = p.keep_at_least }
    if #folders.missing + #folders.links > 0 then
      refuse(folders)
    end
    log.info(_("Log backup is complete"))
    return backup
  end,
}

--- Packs the logs of the last days, each under its path, and keeps the archives for some days.
local retention = require "hikae.retention"

--- The folders that are there; those that are missing are an error in the end, when the others are packed.
---@param p table
---@return string[] found
---@return string[] missing
local function look(p)
  local found, missing = {}, {}
  for _i, dir in ipairs(p.dirs) do
    local list = fs.stat(dir) and found or missing
    list[#list + 1] = dir
  end
  return found, missing
end

--- What a missing folder is to people.
---@param missing string[]
local function refuse(missing)
  error {
    kind = "not_found",
    message = _("there is no log folder `%s`", table.concat(missing, "`, `")),
    hint = _("name the folders that there are: --set dirs=/var/log/nginx,/var/log/app"),
  }
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
    local found, missing = look(p)
    if #found == 0 then
      refuse(missing)
    end
    -- A log that grows while it is read is no error: it is packed as it was when it was opened.
    local stream = archive.pack { roots = found, include = p.name, newer_than = p.days .. "d", on_change = "accept" }
    local backup = stream:gzip():save(name_of(p))
    log.info(_("Backup written: %s (%s)", backup.path, backup.size))
    retention.prune { dir = p.dir, name = "logs_backup_*.tar.gz", days = p.keep_days, keep_at_least = p.keep_at_least }
    if #missing > 0 then
      refuse(missing)
    end
    log.info(_("Log backup is complete"))
    return backup
  end,
}

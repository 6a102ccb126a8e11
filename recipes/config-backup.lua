--- Packs the configuration of the application: its files, those of the web server, certificates, and its variables without secrets.
local environment = require "hikae.environment"
local files = require "hikae.files"
local retention = require "hikae.retention"

--- The file with the variables, while the archive is made.
local VARIABLES = "env_vars.txt"

--- Writes the variables of the application where the archive finds them; nil where no env file is named.
---@param p table
---@return string?
local function write_variables(p)
  if not p.env_file then
    return nil
  end
  local text, count = environment.text(p.env_file, p.env_names)
  local file = path.join(p.dir, VARIABLES)
  fs.mkdir(p.dir)
  fs.write(file, "# " .. p.env_file .. ", " .. clock.stamp() .. "\n" .. text, { replace = true })
  log.info(_("Variables kept, without secrets: %d", count))
  return file
end

--- The files to be packed. One that is required and missing is an error; others that are missing are reported. So is a link: what
--- it leads to is elsewhere, and an archive of the link alone would bring nothing back.
---@param p table
---@return string[]
local function choose(p)
  local found, missing = files.find(p.app_dir, p.required)
  if #missing > 0 then
    error {
      kind = "not_found",
      message = _("required files are missing in `%s`: %s", p.app_dir, table.concat(missing, ", ")),
      hint = _("set `app_dir` to the folder of the application, and `required` to what it must have"),
    }
  end
  local known = {}
  for _i, file in ipairs(found) do
    known[file] = true
  end
  local optional, absent = files.find(p.app_dir, p.optional)
  for _i, file in ipairs(optional) do
    if not known[file] and fs.stat(file).kind == "link" then
      log.warn(_("A link is not packed, name the file that it leads to: %s", file))
    elseif not known[file] then
      found[#found + 1] = file
    end
  end
  if #absent > 0 then
    log.info(_("Not there, and not required: %s", table.concat(absent, ", ")))
  end
  return found
end

--- Packs the files into an archive whose names are their paths.
---@param p table
---@param found string[]
---@return Stream.Backup
local function pack(p, found)
  local stream = archive.pack { roots = found, on_change = "error" }
  return stream:gzip():save(path.join(p.dir, "config_backup_" .. clock.stamp() .. ".tar.gz"))
end

return recipe {
  type = "daily",
  schedule = "30 2 * * *",
  params = {
    dir = { default = "/backups/config", type = "path", says = "Folder for the archives" },
    app_dir = { default = "/srv/app", type = "path", says = "Folder of the application; names without a leading `/` are in it" },
    required = { type = "list", default = { "docker-compose.yml" }, says = "Files and folders that must be there" },
    optional = {
      type = "list", default = { "Dockerfile*", "/etc/nginx/sites-available/english-cafe", "/etc/ssl/certs/english-cafe.*" },
      says = "Files and folders that are packed where they are there",
    },
    env_file = { type = "path", optional = true, says = "File with the variables of the application; without it, none are kept" },
    env_names = {
      type = "list", default = { "NODE_ENV", "NEXT_PUBLIC_*", "DATABASE_URL", "FRONTEND_URL", "BACKEND_URL" },
      says = "Variables that are kept, without passwords and keys in them",
    },
    days = { default = 30, min = 1, says = "Days to keep an archive" },
    keep_at_least = { default = 1, min = 1, says = "Archives to keep whatever their age" },
  },
  needs = { read = { "{app_dir}/{required}", "{app_dir}/{optional}", "{env_file}" }, write = { "{dir}" } },

  run = function(p)
    log.info(_("Configuration backup starts"))
    local found = choose(p)
    local variables = write_variables(p)
    found[#found + 1] = variables
    local ok, backup = errors.try(pack, p, found)
    if variables then
      fs.remove(variables, { why = _("it is in the archive") })
    end
    if not ok then
      error(backup)
    end
    log.info(_("Backup written: %s (%s)", backup.path, backup.size))
    retention.prune { dir = p.dir, name = "config_backup_*.tar.gz", days = p.days, keep_at_least = p.keep_at_least }
    log.info(_("Configuration backup is complete"))
    return backup
  end,
}

--- Packs the configuration of the application: its files, those of the web server, certificates, and its variables without secrets.
local encryption = require "hikae.encryption"
local environment = require "hikae.environment"
local files = require "hikae.files"
local params = require "hikae.params"
local retention = require "hikae.retention"

--- The file with the variables, while the archive is made.
local VARIABLES = "env_vars.txt"

--- Whether the archive is encrypted: then the env file is in it as it is.
---@param p table
---@return boolean
local function is_encrypted(p)
  return p.encrypt_to ~= nil and #p.encrypt_to > 0
end

--- Writes the variables of the application where the archive finds them; nil where no env file is named, or it is packed itself.
---@param p table
---@return string?
local function write_variables(p)
  if not p.env_file or is_encrypted(p) then
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
---@return string[] found
---@return string[] absent Optional ones that are not there.
local function choose(p)
  local found, missing = files.find(p.app_dir, p.required)
  if #missing > 0 then
    error {
      kind = "not_found",
      message = _("required files are missing in `%s`: %s", p.app_dir, table.concat(missing, ", ")),
      hint = _("set `app_dir` to the folder of the application, and `required` to what it must have"),
    }
  end
  local optional, absent = files.find(p.app_dir, p.optional)
  for _i, name in ipairs(optional) do
    -- `nil` if it is in a folder that is packed already.
    local file = files.outside(found, p.app_dir, { name })[1]
    if file and fs.stat(file).kind == "link" then
      run.remark {
        level = "warning", kind = "link",
        message = _("A link is not packed, name the file that it leads to: %s", file),
        hint = _("name that file in `optional` in place of the link, or take the link out of it"),
      }
    else
      found[#found + 1] = file
    end
  end
  return found, absent
end

--- Packs the files into an archive whose names are their paths. Its manifest names the optional ones that are not there.
---@param p table
---@param found string[]
---@param absent string[]
---@return Stream.Backup
local function pack(p, found, absent)
  local stream = archive.pack {
    roots = found, optional = files.outside(found, p.app_dir, absent), exclude = files.without(p.dir, found, VARIABLES), on_change = "error",
  }
  local packed, ending = encryption.add(stream:gzip(), p.encrypt_to)
  return packed:save(path.join(p.dir, "config_backup_" .. clock.stamp() .. ".tar.gz" .. ending))
end

return recipe {
  type = "daily",
  schedule = "30 2 * * *",
  params = params.join({
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
      says = "Variables that are kept, without passwords and keys in them; an encrypted archive has the whole file",
    },
    days = { default = 30, min = 1, says = "Days to keep an archive" },
    keep_at_least = { default = 1, min = 1, says = "Archives to keep whatever their age" },
  }, params.warnings {}, params.encryption {}),
  needs = {
    run = { "gpg?" },
    read = { "{app_dir}/{required}", "{app_dir}/{optional}", "{env_file}" },
    write = { "{dir}" },
  },

  run = function(p)
    log.info(_("Configuration backup starts"))
    run.accept_warnings(p.accept_warnings or {})
    local found, absent = choose(p)
    local variables = write_variables(p)
    local kept = is_encrypted(p) and p.env_file or variables
    found[#found + 1] = files.outside(found, p.app_dir, { kept })[1]
    local ok, backup = errors.try(pack, p, found, absent)
    if variables then
      fs.remove(variables, { why = _("it is in the archive") })
    end
    if not ok then
      error(backup)
    end
    log.info(_("Backup written: %s (%s)", backup.path, backup.size))
    retention.prune { dir = p.dir, name = "config_backup_*.tar.gz" .. encryption.ending(p.encrypt_to), days = p.days, keep_at_least = p.keep_at_least }
    log.info(_("Configuration backup is complete"))
    return backup
  end,
}

--- Dumps every database of the cluster with its roles and tablespaces, as one set that is complete or says that it is not.
local encryption = require "hikae.encryption"
local params = require "hikae.params"
local sets = require "hikae.sets"

--- What a drill makes for a moment, and drops again.
local THROWAWAY = "^hikae_throwaway_%d+_%d+_%d+"

--- How the server is reached, with what a call adds.
---@param p table
---@param more table
---@return table
local function at(p, more)
  local options = {
    host = p.host,
    port = p.port,
    user = p.user,
    password = p.password,
    timeout = p.timeout,
    idle_timeout = p.idle_timeout,
  }
  for name, value in pairs(more) do
    options[name] = value
  end
  return options
end

---@param list string[]?
---@return table<string, boolean>
local function set_of(list)
  local names = {}
  for _i, name in ipairs(list or {}) do
    names[name] = true
  end
  return names
end

--- Which databases are to be dumped, and which are left out. One that is asked for and not there is to be dumped: that fails.
--- Templates that somebody made hold data like any other; `template0` never does, and `template1` is dumped when it is named.
---@param p table
---@return { name: string, open: boolean }[] chosen
---@return string[] left_out
local function choose(p)
  local sql = "SELECT datname AS name, datallowconn AS open FROM pg_catalog.pg_database WHERE datname <> 'template0' ORDER BY datname"
  local only, exclude = set_of(p.databases), set_of(p.exclude)
  local all = not p.databases or #p.databases == 0
  local chosen, left_out = {}, {}
  for _i, database in ipairs(pg.query(at(p, { database = p.connect_to, sql = sql }))) do
    local name = database.name
    local ours = all and name ~= "template1" and not string.match(name, THROWAWAY)
    if (ours or only[name]) and not exclude[name] then
      chosen[#chosen + 1] = database
    else
      left_out[#left_out + 1] = name
    end
    only[name], exclude[name] = nil, nil
  end
  for name in pairs(only) do
    chosen[#chosen + 1] = { name = name, open = true }
  end
  for name in pairs(exclude) do
    run.remark {
      level = "warning", kind = "no_database",
      message = _("There is no database %s to leave out", name),
      hint = _("look at its name in `exclude`: a misspelt one leaves nothing out"),
    }
  end
  table.sort(chosen, function(a, b) return a.name < b.name end)
  return chosen, left_out
end

return recipe {
  type = "weekly",
  schedule = "0 1 * * 0",
  params = params.join(
    params.server { database = false, user = "User that may read all of it; a superuser, for the passwords" },
    {
      connect_to = { default = "postgres", says = "Database in which the server is asked for the others" },
      databases = { type = "list", optional = true, says = "Databases to dump; all when none is named" },
      exclude = { type = "list", optional = true, says = "Databases to leave out" },
      role_passwords = { default = true, says = "Whether the hashes of the roles' passwords are kept" },
      dir = { env = "BACKUP_DIR", default = "/backups/database", type = "path", says = "Folder for the sets" },
      days = { env = "RETENTION_DAYS", default = 30, min = 1, says = "Days to keep every set" },
      monthly = { default = 12, min = 1, says = "Months for which to keep the first set of each" },
      keep_at_least = { default = 1, min = 1, says = "Sets to keep whatever their age" },
      compress = { type = "choice", choices = { "gzip", "zstd" }, default = "gzip", says = "How to compress the dumps" },
    },
    params.warnings {},
    params.encryption {},
    params.limits { timeout = "Longest time for one dump; else that of `[limits]`" }
  ),
  needs = { run = { "pg_dump", "pg_dumpall", "gpg?" }, write = { "{dir}" } },

  run = function(p)
    log.info(_("Full backup starts"))
    run.accept_warnings(p.accept_warnings or {})
    local function pack(stream)
      return (encryption.add(p.compress == "zstd" and stream:zstd() or stream:gzip(), p.encrypt_to))
    end
    local ending = (p.compress == "zstd" and ".sql.zst" or ".sql.gz") .. encryption.ending(p.encrypt_to)
    local chosen, left_out = choose(p)
    local set = sets.begin(p.dir, "full_backup_" .. clock.stamp())

    sets.save(set, _("roles and tablespaces"), "globals" .. ending, function()
      return pack(pg.dump_globals(at(p, { database = p.connect_to, passwords = p.role_passwords })))
    end)
    for _i, database in ipairs(chosen) do
      local name = database.name
      if database.open then
        local saved = sets.save(set, name, "db_" .. sets.file_name(name) .. ending, function()
          return pack(pg.dump(at(p, { database = name })))
        end)
        if saved then
          log.info(_("Database saved: %s (%s)", name, saved.size))
        end
      else
        sets.miss(set, name, {
          message = _("the database `%s` takes no connections", name),
          kind = "denied",
          hint = _("let it take connections (ALTER DATABASE … ALLOW_CONNECTIONS true), or name it in `exclude`"),
        })
      end
    end
    if #chosen == 0 then
      sets.miss(set, _("every database"), {
        message = _("no database is left to be dumped"),
        kind = "not_found",
        hint = _("look at `databases` and `exclude`"),
      })
    end

    local backup = sets.finish(set, { left_out = left_out })
    log.info(_("Full backup written: %s (%d databases)", backup.path, #backup.databases))
    if #left_out > 0 then
      log.info(_("Left out: %s", table.concat(left_out, ", ")))
    end
    sets.prune {
      dir = p.dir,
      name = "full_backup_*",
      days = p.days,
      monthly = p.monthly,
      keep = "first",
      keep_at_least = p.keep_at_least,
      all = not p.databases or #p.databases == 0,
    }
    log.info(_("Full backup is complete"))
    return backup
  end,
}

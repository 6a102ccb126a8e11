--- Says what a restore will do, before it does it: which backup it takes, and what that replaces.
local calendar = require "hikae.calendar"
local page = require "hikae.report_page"
local restores = require "hikae.restores"

local previews = {}

--- How much is in a database, as its server estimates it without a look at the rows.
local SIZE = [[
SELECT pg_catalog.pg_database_size(pg_catalog.current_database()) AS size_bytes, pg_catalog.count(c.oid) AS tables,
coalesce(pg_catalog.sum(greatest(c.reltuples::bigint, pg_catalog.pg_stat_get_live_tuples(c.oid), 0)), 0)::bigint AS rows
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema']]

--- When a backup was made, by the moment in its name, else by its manifest; for people.
---@param file string
---@param described? manifest.Manifest
---@return string
local function made_at(file, described)
  local stamp = calendar.stamp_of(path.name(file))
  if stamp then
    local shown = string.gsub(stamp, "^(%d%d%d%d)(%d%d)(%d%d)_(%d%d)(%d%d)(%d%d)$", "%1-%2-%3 %4:%5:%6")
    return shown
  end
  return described and described.created_at or "?"
end

--- How many tables and rows a manifest counts; nil where it does not.
---@param described? manifest.Manifest
---@return integer? tables
---@return integer? rows
local function counted(described)
  local database = described and described.database
  if not database or not database.tables then
    return nil
  end
  local rows = 0
  for _i, listed in ipairs(database.tables) do
    rows = listed.rows and rows and rows + listed.rows or nil
  end
  return #database.tables, rows
end

--- A backup for people: its file, its date, its size, its tables and its rows.
---@param file string
---@return string
function previews.backup(file)
  local ok, described = errors.try(manifest.read, file, { lists = false })
  if not ok then
    errors.accept(described, _("a backup without a manifest that can be read is described by its file alone"))
    described = nil
  end
  local stat = fs.stat(file)
  if not stat then
    return _("restores: %s, which is not there", file)
  end
  local tables, rows = counted(described)
  local size = page.size(stat.size_bytes)
  if not tables then
    return _("restores: %s of %s, %s, without a manifest that counts its tables", file, made_at(file, described), size)
  end
  return _("restores: %s of %s, %s, %d tables, %s rows", file, made_at(file, described), size, tables, rows and tostring(rows) or "?")
end

--- A database that will be replaced, for people: its size, its tables and about how many rows.
---@param server hikae.restores.Server
---@param database string
---@return string
function previews.database(server, database)
  local ok, answer = errors.try(pg.query, restores.at(server, { database = database, sql = SIZE, read_only = true, timeout = "10s" }))
  local found = ok and answer[1]
  if found and found.size_bytes and found.tables then
    return _("replaces: the database %s, %s, %d tables, about %d rows", database, page.size(found.size_bytes), found.tables, found.rows or 0)
  elseif ok then
    return _("replaces: the database %s", database)
  end
  errors.accept(answer, _("what is replaced is described as far as the server shows it"))
  if answer.kind == "not_found" then
    return _("makes: the database %s, which is not there", database)
  end
  return _("replaces: the database %s, about which the server says nothing: %s", database, answer.message)
end

--- What a recipe that restores a database will do.
---@param p table The params of the server, and `file`, `dir`, `name`.
---@param dump_of? string The database whose backup it is. Default: the database of the params.
---@return string[]
function previews.restore(p, dump_of)
  return { previews.backup(restores.candidates(p, dump_of)[1]), previews.database(p, p.database) }
end

return previews

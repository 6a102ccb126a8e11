--- Says what a restore will do, before it does it: which backup it takes, and what that replaces.
local calendar = require "hikae.calendar"
local page = require "hikae.report_page"
local restores = require "hikae.restores"

local previews = {}

--- How much is in a database, as its server estimates it without a look at the rows.
local SIZE = [[
SELECT pg_catalog.pg_database_size(pg_catalog.current_database()) AS size_bytes, pg_catalog.count(c.oid) AS tables,
coalesce(pg_catalog.sum(greatest(c.reltuples::bigint, pg_catalog.pg_stat_get_live_tuples(c.oid), 0)), 0)::bigint AS rows,
(SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_activity WHERE datname = pg_catalog.current_database() AND pid <> pg_catalog.pg_backend_pid()) AS sessions
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
  -- The lists of tables and sequences are what it counts.
  local ok, described = errors.try(manifest.read, file)
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

--- A database that will be replaced, for people: its size, its tables and about how many rows. Then what is known of it; nil where it is
--- not there.
---@param server hikae.restores.Server
---@param database string
---@return string
---@return { size_bytes?: integer, sessions?: integer }?
function previews.database(server, database)
  local ok, answer = errors.try(pg.query, restores.at(server, { database = database, sql = SIZE, read_only = true, timeout = "10s" }))
  local found = ok and answer[1]
  if found and found.size_bytes and found.tables then
    return _("replaces: the database %s, %s, %d tables, about %d rows", database, page.size(found.size_bytes), found.tables, found.rows or 0), found
  elseif ok then
    return _("replaces: the database %s", database), {}
  end
  errors.accept(answer, _("what is replaced is described as far as the server shows it"))
  if answer.kind == "not_found" then
    return _("makes: the database %s, which is not there", database)
  end
  return _("replaces: the database %s, about which the server says nothing: %s", database, answer.message), {}
end

--- The steps in which a backup takes the place of a database, in their order.
---@param p table
---@param live? { sessions?: integer } What is known of the database that is there.
---@param around { before?: string[], after?: string[] }
---@return string[]
local function steps_of(p, live, around)
  local steps = table.move(around.before or {}, 1, #(around.before or {}), 1, {})
  local function step(text) steps[#steps + 1] = text end
  step(_("read the backup to its end, and compare it with its manifest: nothing is changed if it is no good"))
  step(p.verify == "rows" and _("restore it into a database of its own, and compare the number of rows of each table") or _("restore it into a database of its own, and compare every value"))
  if live then
    step(_("end the open sessions (now: %s), and swap the two names in one transaction", live.sessions and tostring(live.sessions) or "?"))
    step(_("keep the old database as `%s`, until somebody drops it", restores.kept_name(p.database)))
  else
    step(_("give it the name %s", p.database))
  end
  for _i, text in ipairs(around.after or {}) do step(text) end
  if p.health_url or p.health_command then
    step(live and p.if_unhealthy == "swap_back" and _("look whether the application works; if it does not, swap back") or _("look whether the application works"))
  end
  return steps
end

--- What a recipe that restores a database will do: what it takes, what it replaces, what is lost, and each step.
---@param p table The params of the server, and `file`, `dir`, `name`.
---@param dump_of? string The database whose backup it is. Default: the database of the params.
---@param around? { before?: string[], after?: string[] } The steps of the recipe before and after those of the restore.
---@return string[]
function previews.restore(p, dump_of, around)
  local file = restores.candidates(p, dump_of)[1]
  local replaced, live = previews.database(p, p.database)
  local lines = { previews.backup(file), replaced }
  local stamp = calendar.stamp_of(path.name(file))
  if live and stamp then
    lines[#lines + 1] = _("loses: what was written to it after %s", made_at(file))
  end
  if live and live.size_bytes then
    lines[#lines + 1] = _("needs: about %s more on the disk of the server, until the old database is dropped", page.size(live.size_bytes))
  end
  for number, text in ipairs(steps_of(p, live, around or {})) do
    lines[#lines + 1] = string.format("%3d. %s", number, text)
  end
  if not (p.health_url or p.health_command) then
    lines[#lines + 1] = _("nobody looks at the application: `health_url` and `health_command` are not set")
  end
  return lines
end

return previews

--- Plays a PostgreSQL server for specs: it knows what hikae asks of one, and remembers what was done to its databases.
local pretend = {}

---@class hikae.pretend_postgres.Database
---@field oid integer
---@field comment? string
---@field tables table<string, integer> Rows by table, as `public.contacts`.
---@field keys integer How many constraints it has.

---@class hikae.pretend_postgres.Server
---@field databases table<string, hikae.pretend_postgres.Database>
---@field statements string[] Every statement about databases, in order.
---@field names fun(): string[] The databases that there are, in order.
---@field harmed fun(): string[] The statements that dropped anything but a throwaway.
---@field reset fun() Restores its first state, for another world: `{ before_each = server.reset }`.
---@field answer fun(said: simulate.Said): simulate.Heard? For `postgres = server.answer`.
---@field refuses? string A text in a statement that makes it fail.
---@field unreadable? boolean Whether the rows of its tables may not be read.
---@field loses? integer How many rows of each table it forgets while it loads a dump.

--- A name as SQL has it, without its quotes.
local function plain(name)
  local inner = string.match(name, '^"(.*)"$')
  if not inner then
    return name
  end
  return (string.gsub(inner, '""', '"'))
end

--- The names in a table, in order.
local function sorted(named)
  local names = {}
  for name in pairs(named) do
    names[#names + 1] = name
  end
  table.sort(names)
  return names
end

--- What there is in a database, as `pg.verify` asks for it.
local function inventory(_server, _sql, database)
  local tables = {}
  for index, name in ipairs(sorted(database.tables)) do
    local schema, bare = string.match(name, "^(.-)%.(.*)$")
    tables[index] = string.format('{"schema":"%s","name":"%s","kind":"r","member":false}', schema, bare)
  end
  local counts = string.format('{"indexes":0,"constraints":%d,"sequences":0,"views":0,"functions":0}', database.keys)
  local shape = '{"server_version":"15.18","counts":%s,"tables":[%s],"invalid_indexes":[],"not_valid":[],"filled":[],"extensions":[]}'
  return string.format(shape, counts, table.concat(tables, ","))
end

--- The tables of a database, and whether each may be read.
local function listing(server, _sql, database)
  local tables = {}
  for index, name in ipairs(sorted(database.tables)) do
    tables[index] = string.format('{"name":%s,"has_rows":true,"readable":%s}', json.encode(name), not server.unreadable)
  end
  return "[" .. table.concat(tables, ",") .. "]"
end

--- The databases that a query of hikae's own looks for.
local function find(server, sql)
  local name = string.match(sql, "datname = '(.-)' ORDER BY")
  local rows = {}
  for found, database in pairs(server.databases) do
    if found == name or not name and string.find(found, "^hikae_throwaway_") then
      rows[#rows + 1] = { oid = database.oid, name = found, comment = database.comment }
    end
  end
  return #rows == 0 and "[]" or json.encode(rows)
end

--- The numbers of the databases that a swap is about.
local function look(server, sql)
  local found = {}
  for which, name in string.gmatch(sql, "'(%a+)', %(SELECT oid::bigint FROM pg_catalog.pg_database WHERE datname = '(.-)'%)") do
    found[which] = server.databases[name] and server.databases[name].oid
  end
  return json.encode(found)
end

--- Does something to a database, and remembers that.
local function act(change)
  return function(server, sql, _database, name)
    server.statements[#server.statements + 1] = sql
    change(server, plain(name), sql)
  end
end

--- How each statement is known, and what is done and answered.
local KNOWN = {
  { '^CREATE DATABASE (".-") ', act(function(server, name)
    server.next = server.next + 1
    server.databases[name] = { oid = server.next, tables = {}, keys = 0 }
  end) },
  { '^DROP DATABASE (".-") ', act(function(server, name)
    server.databases[name] = nil
  end) },
  { '^COMMENT ON DATABASE (".-") IS ', act(function(server, name, sql)
    server.databases[name].comment = string.match(sql, " IS '(.*)'$")
  end) },
  { '^ALTER DATABASE (".-") RENAME TO ', act(function(server, name, sql)
    server.databases[plain(string.match(sql, ' RENAME TO (".*")$'))] = server.databases[name]
    server.databases[name] = nil
  end) },
  { "^CREATE TABLE (%S+) ", function(_server, _sql, database, name)
    database.tables[name] = 0
  end },
  { " ADD CONSTRAINT ", function(_server, _sql, database)
    database.keys = database.keys + 1
  end },
  { "AS readable FROM pg_catalog%.pg_class", listing },
  { "AS longest FROM", function() return '[{"longest":7}]' end },
  { "json_agg%(answer%)", find },
  { "'server_version'", inventory },
  { "json_build_object%('live'", look },
  { '^SELECT count%(%*%) FROM ONLY "(.-)"%."', function(_server, sql, database, schema)
    return tostring(database.tables[schema .. "." .. string.match(sql, '%."(.-)"$')] or 0)
  end },
  { "AS sample$", function() return "7" end },
  { '^COPY "(.-)"%."', function(_server, sql, database, schema)
    local name = schema .. "." .. string.match(sql, '^COPY ".-"%."(.-)"')
    return { data = table.concat((database.rows or {})[name] or {}) }
  end },
  { "^COPY %(SELECT m%.oid", function() return { data = "" } end },
  -- Locks are free, settings hold, and nobody else was quicker.
  { "_advisory_", function() return "t" end },
  { "current_setting%('standard_conforming_strings'%)", function() return "t" end },
  { " AS same$", function() return "t" end },
  { " AS own FROM", function() return "t" end },
}

--- Takes the rows of a table.
local function fill(server, database, sql, rows)
  local name = string.match(sql, "^COPY (%S+) ")
  local lines = {}
  for line in string.gmatch(rows, "[^\n]*\n") do
    lines[#lines + 1] = line
  end
  for _i = 1, math.min(server.loses or 0, #lines) do
    table.remove(lines)
  end
  database.rows = database.rows or {}
  database.rows[name] = lines
  database.tables[name] = #lines
end

local function answer(server, said)
  local database = server.databases[said.database]
  if not database then
    return { error = 'database "' .. said.database .. '" does not exist', code = "3D000" }
  end
  if server.refuses and string.find(said.sql, server.refuses, 1, true) then
    return { error = "refused: " .. server.refuses, code = "XX000" }
  end
  if said.rows then
    return fill(server, database, said.sql, said.rows)
  end
  for _i, known in ipairs(KNOWN) do
    local found = string.match(said.sql, known[1])
    if found then
      return known[2](server, said.sql, database, found)
    end
  end
end

--- A server with these databases, each with its rows by table; `postgres` is there anyway.
---@param databases table<string, table<string, integer>>
---@return hikae.pretend_postgres.Server
function pretend.server(databases)
  local server = {}
  databases.postgres = databases.postgres or {}
  server.reset = function()
    server.databases, server.statements, server.next = {}, {}, 16384
    for name, rows in pairs(databases) do
      server.next = server.next + 1
      server.databases[name] = { oid = server.next, tables = {}, keys = 0 }
      for table_name, number in pairs(rows) do
        server.databases[name].tables["public." .. table_name] = number
      end
    end
  end
  server.reset()
  server.names = function()
    return sorted(server.databases)
  end
  server.harmed = function()
    local found = {}
    for _i, said in ipairs(server.statements) do
      if string.find(said, "^DROP") and not string.find(said, '^DROP DATABASE "hikae_throwaway_%d+_%d+_%d+"') then
        found[#found + 1] = said
      end
    end
    return found
  end
  server.answer = function(said)
    return answer(server, said)
  end
  return server
end

return pretend

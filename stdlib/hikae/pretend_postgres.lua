--- Plays psql for specs: a PostgreSQL in memory that knows what hikae asks of it, and remembers what it was told.
local pretend = {}

---@class hikae.pretend_postgres.Database
---@field oid integer
---@field comment? string
---@field tables table<string, integer> Rows by table, as `public.contacts`.
---@field keys integer How many constraints it has.

---@class hikae.pretend_postgres.Server
---@field databases table<string, hikae.pretend_postgres.Database>
---@field told string[] Every statement about databases, in order.
---@field names fun(): string[] The databases that there are, in order.
---@field harmed fun(): string[] The statements that dropped anything but a throwaway.
---@field reset fun() Lets it be as it was made, for another world: `{ before_each = server.reset }`.
---@field psql fun(call: simulate.Call): simulate.Program? For `programs = { psql = { talks = server.psql } }`.
---@field refuses? string A text in what psql is told that makes it fail.
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

--- The statements about databases, and what each does.
local ACTS = {
  { '^CREATE DATABASE (".-") ', function(server, name)
    server.next = server.next + 1
    server.databases[name] = { oid = server.next, tables = {}, keys = 0 }
  end },
  { '^DROP DATABASE (".-") ', function(server, name)
    server.databases[name] = nil
  end },
  { '^COMMENT ON DATABASE (".-") IS ', function(server, name, line)
    server.databases[name].comment = string.match(line, " IS '(.*)';$")
  end },
  { '^ALTER DATABASE (".-") RENAME TO ', function(server, name, line)
    server.databases[plain(string.match(line, ' RENAME TO (".*");$'))] = server.databases[name]
    server.databases[name] = nil
  end },
}

--- Does what the lines say about databases.
local function act(server, script)
  for line in string.gmatch(script, "[^\n]+") do
    for _i, known in ipairs(ACTS) do
      local name = string.match(line, known[1])
      if name then
        server.told[#server.told + 1] = line
        known[2](server, plain(name), line)
      end
    end
  end
end

--- Puts the tables and the rows of a dump into a database.
local function load(server, database, dump)
  local filling
  for line in string.gmatch(dump, "([^\n]*)\n") do
    local created = string.match(line, "^CREATE TABLE (%S+) ")
    if created then
      database.tables[created] = 0
    elseif line == "\\." then
      local lost = math.min(server.loses or 0, #database.rows[filling])
      for _i = 1, lost do
        table.remove(database.rows[filling])
      end
      database.tables[filling] = #database.rows[filling]
      filling = nil
    elseif filling then
      table.insert(database.rows[filling], line)
    else
      filling = string.match(line, "^COPY (%S+) ")
      database.rows = database.rows or {}
      if filling then
        database.rows[filling] = database.rows[filling] or {}
      end
    end
    if string.find(line, "ADD CONSTRAINT", 1, true) then
      database.keys = database.keys + 1
    end
  end
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
local function inventory(database)
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

--- The rows of each table, as `pg.verify` asks for them.
local function count(database, script)
  local lines = {}
  for what, index, of in string.gmatch(script, "json_build_array%('(%a+)', (%d+), [^\n]- FROM [^\n]-ONLY (%S+)") do
    local schema, bare = string.match(of, '^"(.-)"%."(.-)"')
    lines[#lines + 1] = string.format('["%s",%s,%d]', what, index, database.tables[schema .. "." .. bare] or 0)
  end
  lines[#lines + 1] = '["end",0,0]'
  return table.concat(lines, "\n") .. "\n"
end

--- The rows of each table, as `COPY` writes them, with the mark behind each table. There are no large objects.
local function copied(_server, script, database)
  local lines = {}
  for statement, mark in string.gmatch(script, "COPY ([^\n]+)\n\\if :ERROR\n[^\n]+\n\\else\n\\echo ([^\n]+)\n") do
    local schema, bare = string.match(statement, '^"(.-)"%."(.-)"')
    for _i, row in ipairs(schema and (database.rows or {})[schema .. "." .. bare] or {}) do
      lines[#lines + 1] = row
    end
    lines[#lines + 1] = mark
  end
  return table.concat(lines, "\n") .. "\n"
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
  return #rows == 0 and "[]\n" or json.encode(rows) .. "\n"
end

--- The numbers of the databases that a swap is about.
local function look(server, sql)
  local found = {}
  for which, name in string.gmatch(sql, "'(%a+)', %(SELECT oid::bigint FROM pg_catalog.pg_database WHERE datname = '(.-)'%)") do
    found[which] = server.databases[name] and server.databases[name].oid
  end
  return json.encode(found) .. "\n"
end

--- How each conversation is known, and what is answered.
local TALKS = {
  { ") TO STDOUT;", copied },
  { "SET idle_session_timeout", function() return "t\n" end },
  { "AS readable FROM pg_catalog.pg_class", listing },
  { "AS longest FROM", function() return '[{"longest":7}]' end },
  { "json_agg(answer)", find },
  { "'server_version'", function(_server, _sql, database) return inventory(database) .. "\n" end },
  { "json_build_array('end'", function(_server, sql, database) return count(database, sql) end },
  { "json_build_object('live'", look },
  { "pg_terminate_backend", function() return "" end },
  { "\\echo swapped", function(server, sql) act(server, sql) return "swapped\n" end },
  { "\\echo dropped", function(server, sql) act(server, sql) return "dropped\n" end },
}

local function answer(server, call)
  local into = string.match(table.concat(call.argv, "\n"), "%-%-dbname=([^\n]*)")
  local database = server.databases[into]
  if not database then
    return { stderr = 'psql: error: FATAL:  database "' .. into .. '" does not exist', exit = 2 }
  end
  if server.refuses and string.find(call.stdin, server.refuses, 1, true) then
    return { stderr = "psql:<stdin>:1: ERROR:  refused: " .. server.refuses, exit = 3 }
  end
  if string.find(table.concat(call.argv, " "), "--file=-", 1, true) then
    load(server, database, call.stdin)
    return { stdout = "" }
  end
  for _i, talk in ipairs(TALKS) do
    if string.find(call.stdin, talk[1], 1, true) then
      return { stdout = talk[2](server, call.stdin, database) }
    end
  end
  act(server, call.stdin)
  return { stdout = "" }
end

--- A server with these databases, each with its rows by table; `postgres` is there anyway.
---@param databases table<string, table<string, integer>>
---@return hikae.pretend_postgres.Server
function pretend.server(databases)
  local server = {}
  databases.postgres = databases.postgres or {}
  server.reset = function()
    server.databases, server.told, server.next = {}, {}, 16384
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
    for _i, said in ipairs(server.told) do
      if string.find(said, "^DROP") and not string.find(said, '^DROP DATABASE "hikae_throwaway_%d+_%d+_%d+"') then
        found[#found + 1] = said
      end
    end
    return found
  end
  -- The one that only holds a lock is answered while it waits for more.
  server.psql = function(call)
    if call.open and not string.find(call.stdin, "SET idle_session_timeout", 1, true) then
      return nil
    end
    return answer(server, call)
  end
  return server
end

return pretend

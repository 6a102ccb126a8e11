---@meta pg

--- PostgreSQL through its own programs. The recipe declares the programs that it runs: `needs = { run = { "pg_dump" } }`.
pg = {}

---@class (exact) pg.ServerOptions
---@field host? string Host of the server, or the folder of its socket. Default: what libpq decides.
---@field port? integer Default 5432.
---@field user? string Default: the user that hikae runs as.
---@field password? string|Secret Reaches the program in `PGPASSWORD`, never on its command line.
---@field timeout? integer|string Longest time for the call: seconds, or text such as `"2h"`.
---@field idle_timeout? integer|string Longest time in which no byte arrives.
---@field database? string Database to connect to. Default `postgres`.

---@class (exact) pg.DumpOptions
---@field database string Database to dump.
---@field host? string Host of the server, or the folder of its socket. Default: what libpq decides.
---@field port? integer Default 5432.
---@field user? string Default: the user that hikae runs as.
---@field password? string|Secret Reaches `pg_dump` in `PGPASSWORD`, never on its command line.
---@field timeout? integer|string Longest time for the dump: seconds, or text such as `"2h"`.
---@field idle_timeout? integer|string Longest time in which no byte arrives.
---@field create? boolean Whether the dump creates its database (`--create`). Default true.
---@field clean? boolean Whether the dump drops what it replaces (`--clean --if-exists`). Default true.
---@field inserts? boolean Rows as `INSERT` statements; they are then not counted. Default false.
---@field schemas? string[] Patterns of the schemas to dump (`--schema`).
---@field exclude_schemas? string[] Patterns of the schemas to leave out.
---@field tables? string[] Patterns of the tables to dump (`--table`).
---@field exclude_tables? string[] Patterns of the tables to leave out.
---@field exclude_table_data? string[] Patterns of the tables whose rows are left out.

---@class (exact) pg.QueryOptions
---@field database string
---@field sql string One query that gives rows. `:'name'` stands for the text value of the variable `name`.
---@field vars? table<string, string> Values for `:'name'` in the query.
---@field host? string Host of the server, or the folder of its socket. Default: what libpq decides.
---@field port? integer Default 5432.
---@field user? string Default: the user that hikae runs as.
---@field password? string|Secret Reaches `psql` in `PGPASSWORD`, never on its command line.
---@field timeout? integer|string Longest time for the query: seconds, or text such as `"2h"`.
---@field idle_timeout? integer|string Longest time in which no byte arrives.

--- A stream of a database as plain SQL (pg_dump(1)), proved complete and counted on the way. Runs `pg_dump` when the stream is consumed.
---@param options pg.DumpOptions
---@return Stream
function pg.dump(options) end

--- Whether the server takes connections (pg_isready(1)). Runs `pg_isready`.
---@param options pg.ServerOptions
---@return boolean
function pg.is_ready(options) end

--- The rows of a query, each a table by column name; a NULL is absent. Runs `psql`.
---@param options pg.QueryOptions
---@return table<string, any>[]
function pg.query(options) end

--- The names of the databases that can be dumped, sorted. Runs `psql`.
---@param options pg.ServerOptions
---@return string[]
function pg.databases(options) end

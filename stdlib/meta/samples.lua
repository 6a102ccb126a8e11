---@meta samples

--- What real programs write, made to measure, and the same each time.
samples = {}

--- How many rows by table, and beside them what else is said of the dump.
---@class samples.Dump
---@field [string] integer How many rows the table of this name has.
---@field database? string The database that it creates. Default `english_cafe_db`.
---@field columns? table<string, string[]> The columns of a table, the first one a number. Default `id`, `name`, `email`.
---@field cut? number Where it ends too early: a share from 0.0 to 1.0 of its bytes, or a whole number of bytes. Default: it is whole.

--- A dump as `pg_dump --clean --if-exists --create` of PostgreSQL 15 writes it.
---@param dump samples.Dump
---@return string
function samples.pg_dump(dump) end

---@class (exact) samples.ManifestOptions
---@field name string The file name of the backup.
---@field size? string The size of the backup, such as `"2 GiB"`. Default: that of `content`.
---@field content? string What is in the backup. Default: nothing.
---@field created_at? string When it was made, such as `"2026-02-14T02:00:00+09:00"`. Default: in 1970.
---@field database? string The database that it holds. Default `english_cafe_db`.
---@field rows? table<string, integer> How many rows by table. Default: no table.

--- A manifest as hikae writes it beside a backup, so that the retention takes the backup for a proved one.
---@param options samples.ManifestOptions
---@return string
function samples.manifest(options) end

--- One entry of an archive.
---@class (exact) samples.Packed
---@field content? string What is in the file. Default: nothing.
---@field dir? boolean Whether it is a folder. Default `false`.
---@field link? string Where it leads, for a link. Default: it is none.
---@field mode? string Its mode, such as `"0600"`. Default `"0644"`.

---@class (exact) samples.TarOptions
---@field files table<string, string|samples.Packed> What is in the archive, by name: the text of a file, or more about it.
---@field gzip? boolean Whether it is packed as `.tar.gz` files are. Default `false`.
---@field cut? integer Where it ends too early, as a number of bytes. Default: it is whole.

--- An archive as GNU tar writes it. Names may be such as no tar would write, to try what becomes of them.
---@param options samples.TarOptions
---@return string
function samples.tar(options) end

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
---@field sql string One query that gives rows. `:'name'` is the text value of the variable `name`.
---@field vars? table<string, string> Values for `:'name'` in the query.
---@field read_only? boolean Whether the server lets the query change nothing; a plan then asks it as well. Default false.
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

---@class (exact) pg.GlobalsOptions
---@field host? string Host of the server, or the folder of its socket. Default: what libpq decides.
---@field port? integer Default 5432.
---@field user? string Default: the user that hikae runs as.
---@field password? string|Secret Reaches `pg_dumpall` in `PGPASSWORD`, never on its command line.
---@field database? string Database to connect to. Default: `postgres`, or `template1`.
---@field passwords? boolean Whether the hashes of the roles' passwords are in it, which only a superuser may read. Default true.
---@field timeout? integer|string Longest time for the dump: seconds, or text such as `"2h"`.
---@field idle_timeout? integer|string Longest time in which no byte arrives.

--- A stream of what belongs to the whole cluster and no dump has: roles with their rights and passwords, and tablespaces
--- (pg_dumpall(1) `--globals-only`), proved complete and counted on the way. Runs `pg_dumpall` when the stream is consumed.
---@param options pg.GlobalsOptions
---@return Stream
function pg.dump_globals(options) end

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

---@class (exact) pg.ProveOptions
---@field database? string Name that the dump must carry; a dump of another database is refused. Default: any.
---@field name? string Name that its file gets: what is called `.gz` or `.zst` must be packed so. Default: not looked at.
---@field work? string Private folder in which a dump is unpacked that is a folder in a tar file; to be declared in `needs.write`. Default: such a dump is refused.

--- The same stream, of a dump that somebody else has made: it ends well only when what has passed is one whole dump, plain SQL,
--- `pg_dump --format=custom` or `--format=tar`, or a folder by `pg_dump --format=directory` in a tar file, packed or not. Its rows are counted,
--- and its manifest says how it is restored. Runs `pg_restore` for what is not plain SQL.
---@param stream Stream
---@param options? pg.ProveOptions
---@return Stream
function pg.prove(stream, options) end

---@class pg.Warning What there is to say of a backup although it is whole.
---@field level "note"|"warning"|"incomplete"|"failure" `incomplete`: something was left out, or hikae cannot restore it.
---@field kind string `not_restorable`: the judge of restores refuses it.
---@field message string
---@field hint? string
---@field accepted? string The pattern by which a param accepted it.

---@class (exact) pg.InspectOptions
---@field identity? string|Secret What decrypts an encrypted dump: a file, or a secret that is a key.
---@field passphrase? Secret Passphrase that decrypts it, or that of the key.
---@field work? string Private folder in which a dump is unpacked that is a folder in a tar file; to be declared in `needs.write`. Default: such a dump is refused.
---@field timeout? integer|string Longest time for reading: seconds, or text such as `"2h"`.
---@field idle_timeout? integer|string Longest time in which no byte arrives.

---@class pg.Inspected: Stream.Facts
---@field path string
---@field has_manifest boolean Whether a manifest lay beside it, and described it.
---@field created_at? string By its manifest, RFC 3339.
---@field format "plain"|"custom"|"tar"|"directory" How `pg_dump` wrote it; `directory` in a tar file.
---@field packed? "gzip"|"zstd" What it is packed by, if it is.

---@class pg.Check One thing that was compared.
---@field name string What was compared: `tables`, `rows`, `indexes`.
---@field object? string The table, sequence or query that it is about.
---@field expected any
---@field found? any Absent when it could not be seen.
---@field ok boolean
---@field compared? boolean False for what was not compared; it then neither holds nor fails, and `detail` says why.
---@field detail? string What is wrong, when something is.
---@field shown? string The same in the reader's language.

---@class pg.Verified
---@field ok true
---@field database string
---@field checks pg.Check[]

---@class (exact) pg.VerifyOptions
---@field database string The restored database.
---@field manifest string|table Path of the backup beside which the manifest is; or what `manifest.read`, `pg.inspect` or `:save` gave.
---@field verify? "data"|"rows" Default `data`: every value of every row, by fingerprints, and the large objects.
---@field allow_empty? boolean Whether a backup without data (`--schema-only`) is fine. Default false.
---@field queries? table<string, string> Queries of your own by name; each must give one row with one true value.
---@field host? string Host of the server, or the folder of its socket. Default: what libpq decides.
---@field port? integer Default 5432.
---@field user? string Default: the user that hikae runs as.
---@field password? string|Secret Reaches `psql` in `PGPASSWORD`, never on its command line.
---@field timeout? integer|string Longest time for each conversation: seconds, or text such as `"2h"`.
---@field idle_timeout? integer|string Longest time in which no byte arrives.

---@class (exact) pg.CreateOptions
---@field name? string Default: a throwaway, with a name that no other run gives.
---@field like? string The database whose encoding and locale it gets. Default: those of the server.
---@field connect_to? string Database in which the server is asked. Default `postgres`.
---@field host? string Host of the server, or the folder of its socket. Default: what libpq decides.
---@field port? integer Default 5432.
---@field user? string Default: the user that hikae runs as.
---@field password? string|Secret Reaches `psql` in `PGPASSWORD`, never on its command line.
---@field timeout? integer|string Longest time for each conversation: seconds, or text such as `"2h"`.
---@field idle_timeout? integer|string Longest time in which no byte arrives.

---@class (exact) pg.DropOptions
---@field name string
---@field connect_to? string Database in which the server is asked. Default `postgres`.
---@field host? string Host of the server, or the folder of its socket. Default: what libpq decides.
---@field port? integer Default 5432.
---@field user? string Default: the user that hikae runs as.
---@field password? string|Secret Reaches `psql` in `PGPASSWORD`, never on its command line.
---@field timeout? integer|string Longest time for each conversation: seconds, or text such as `"2h"`.
---@field idle_timeout? integer|string Longest time in which no byte arrives.

---@class (exact) pg.SweepOptions
---@field connect_to? string Database in which the server is asked. Default `postgres`.
---@field host? string Host of the server, or the folder of its socket. Default: what libpq decides.
---@field port? integer Default 5432.
---@field user? string Default: the user that hikae runs as.
---@field password? string|Secret Reaches `psql` in `PGPASSWORD`, never on its command line.
---@field timeout? integer|string Longest time for each conversation: seconds, or text such as `"2h"`.
---@field idle_timeout? integer|string Longest time in which no byte arrives.

---@class (exact) pg.SwapOptions
---@field live string The name that people and programs use.
---@field staged string The database that takes its place.
---@field keep_as? string Name under which the old one is kept. Default `LIVE_before_YYYYMMDD_HHMMSS`.
---@field connect_to? string Database in which the server is asked. Default `postgres`.
---@field host? string Host of the server, or the folder of its socket. Default: what libpq decides.
---@field port? integer Default 5432.
---@field user? string Default: the user that hikae runs as.
---@field password? string|Secret Reaches `psql` in `PGPASSWORD`, never on its command line.
---@field timeout? integer|string Longest time for each conversation: seconds, or text such as `"2h"`.
---@field idle_timeout? integer|string Longest time in which no byte arrives.

---@class pg.Swapped
---@field live string
---@field kept? string Where the old one is; absent when there was none.

--- Reads a dump to its end, proves that it is whole, and returns what is in it; one with a manifest must be what that describes.
--- Runs `pg_restore` for what is not plain SQL.
---@param path string
---@param options? pg.InspectOptions
---@return pg.Inspected
function pg.inspect(path, options) end

--- Compares a restored database with a manifest: tables, rows, indexes, constraints, sequences, views, functions, extensions, a row of each table.
--- What does not hold is an error of kind `integrity`, whose failure has all `checks`. Writes nothing. Runs `psql`.
---@param options pg.VerifyOptions
---@return pg.Verified
function pg.verify(options) end

--- Makes an empty database and gives its name. A throwaway that its run does not drop is swept by a later one. Runs `psql`.
---@param options pg.CreateOptions
---@return string
function pg.create_database(options) end

--- Drops a database that this run made, or a throwaway that no run needs any more; any other is refused. Runs `psql`.
---@param options pg.DropOptions
function pg.drop_database(options) end

--- Drops the throwaways of runs that were killed, and gives their names. Runs `psql`.
---@param options pg.SweepOptions
---@return string[]
function pg.sweep_throwaways(options) end

--- Puts a database into the place of the live one in one transaction, and keeps the old one under another name. Sessions in
--- both are ended; owner, grants, settings and comment stay with the live name. If anything fails, nothing has changed. Runs `psql`.
---@param options pg.SwapOptions
---@return pg.Swapped
function pg.swap(options) end

---@class (exact) pg.ClusterOptions
---@field dir string Folder in which the cluster may stand, in a folder of its own.
---@field server_version? string Release of the server that was dumped, such as `"15.18"`: an older one is no server for it.
---@field size_bytes? integer How much room the restored data needs.
---@field settings? string[] Settings of its server that the database needs: `"shared_preload_libraries=pg_cron"`; `{database}` in one means the next throwaway of the run.
---@field timeout? integer|string Longest time for each of the programs: seconds, or text such as `"2h"`.

--- A server that belongs to this run; its fields are the options that reach it. There is no password: its socket is in a
--- folder that only hikae's user and root may enter.
---@class pg.Cluster
---@field host string Folder of its socket, and of all that belongs to it.
---@field port integer
---@field user string A superuser.

--- Starts a PostgreSQL server of the run's own: the newest that is installed, on a socket only, in a folder of mode 0700.
--- It is stopped and removed when the run ends, however that ends; what a kill leaves, the next call with the same `dir`
--- removes. As root it runs as the user `postgres`, who must get through to `dir`. Runs `initdb`, `postgres`,
--- `pg_isready` and `rm`, as root also `chown` and `setpriv`; needs to `write` the folder.
---@param options pg.ClusterOptions
---@return pg.Cluster
function pg.temporary_cluster(options) end

--- Stops a server that `pg.temporary_cluster` gave, and removes its folder.
---@param cluster pg.Cluster
function pg.drop_cluster(cluster) end

---@class (exact) pg.RestoreOptions
---@field source string Path of the dump: plain SQL, `pg_dump --format=custom` or `--format=tar`, or a folder by `pg_dump --format=directory` in a tar file, also packed by gzip or zstd.
---@field database string Database to restore into, whatever name the dump carries.
---@field dump_of? string Name that the dump must carry; a dump of another database is refused. Default: any.
---@field trust? "recorded"|"dump" Who vouches for the file, whose code runs while it is loaded: the record of backups, or you. A file that nobody vouches for is loaded without a superuser's rights. Default `"recorded"`.
---@field if_exists? "refuse"|"use"|"remake" What becomes of a database that is there already: the restore fails; loads into it as it is; or makes it anew as the dump says it, if it is a throwaway of this run. Default `"refuse"`.
---@field make_roles? boolean Whether the roles and tablespaces that the dump names, and that are not there, are made, the roles without a login; only on a temporary cluster of this run. Default false.
---@field jobs? integer Connections that load a custom-format file at once (`pg_restore --jobs`). Default 1.
---@field work? string Private folder in which a dump is unpacked that is a folder in a tar file; to be declared in `needs.write`. Default: such a dump is refused.
---@field identity? string|Secret What decrypts an encrypted dump: a file, or a secret that is a key.
---@field passphrase? Secret Passphrase that decrypts it, or that of the key.
---@field maintenance_database? string Database from which the target is created and dropped. Default `postgres`.
---@field host? string Host of the server, or the folder of its socket. Default: what libpq decides.
---@field port? integer Default 5432.
---@field user? string Default: the user that hikae runs as.
---@field password? string|Secret Reaches the programs in `PGPASSWORD`, never on their command lines.
---@field timeout? integer|string Longest time for each of the steps: seconds, or text such as `"2h"`.
---@field idle_timeout? integer|string Longest time in which no byte moves. Default for the load: `timeout`, for the server is silent while it builds an index.

---@class (exact) pg.Dump
---@field name? string Name that the dump carries; absent when it was made without `--create`.
---@field server_version? string
---@field tables { schema: string, name: string, rows?: integer }[]
---@field counts table<string, integer>

---@class (exact) pg.Restored
---@field database string
---@field created boolean Whether the restore made the database; false where it existed before.
---@field source string
---@field size_bytes integer Size of the file.
---@field plain_bytes integer Size of its SQL.
---@field sha256 string SHA-256 of the file.
---@field dump pg.Dump What the dump holds, as its manifest says it: for `pg.verify` where there is no manifest.

--- Restores a dump into the database that is named, and into no other.
---
--- Reads the whole file first: its checksums, its manifest if one is beside it, its completion trailer, and that it
--- holds nothing that `pg_dump` does not write. The server is not touched before that. Then it creates the database as
--- the dump says, gives it its owner, settings, comment and rights, and loads it; the first error ends that. A database
--- that the restore made is dropped again when it fails. The comment of one that existed before is left as it was.
--- Functions and views of the dump run on the server with the rights of `user`, as in every restore.
--- Runs `psql`, and `pg_restore` for what is not plain SQL; needs to `read` the file and its manifest.
---@param options pg.RestoreOptions
---@return pg.Restored
function pg.restore(options) end

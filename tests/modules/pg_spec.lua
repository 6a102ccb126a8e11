--- What the module `pg` promises, over a real server.
--- The options that reach the server, with others beside them.
local function with(more)
  local at = server()
  local options = { host = at.host, port = at.port, user = at.user, password = at.password, database = at.database }
  for name, value in pairs(more or {}) do
    options[name] = value
  end
  return options
end

--- The same without the database.
local function at_server(more)
  local options = with(more)
  options.database = more and more.database or nil
  return options
end

local SCHEMA = [[
  CREATE SCHEMA sales;
  CREATE TABLE contacts (id int PRIMARY KEY, name text);
  INSERT INTO contacts VALUES (1, '田中'), (2, 'O''Neil'), (3, NULL);
  CREATE TABLE sales."order lines" (id int);
  INSERT INTO sales."order lines" VALUES (1), (2);
  CREATE VIEW named AS SELECT * FROM contacts WHERE name IS NOT NULL;
]]

describe("pg.dump", function()
  before_each(function() server().psql(SCHEMA) end)

  it("proves the dump and counts the rows of every table", function()
    local backup = pg.dump(with()):gzip():save(tmp("dump.sql.gz"))
    table.sort(backup.database.tables, function(a, b) return a.name < b.name end)
    for _i, counted in ipairs(backup.database.tables) do
      expect(counted.fingerprint.value).to_match("^%x+$")
      counted.fingerprint = nil
    end
    expect(backup.database.tables).to_equal {
      { schema = "public", name = "contacts", rows = 3 },
      { schema = "sales", name = "order lines", rows = 2 },
    }
    expect(backup.database.name).to_be(server().database)
    expect(backup.database.counts.views).to_be(1)
  end)

  it("drops and creates the database unless it is told not to", function()
    local whole = pg.dump(with()):text()
    expect(whole).to_contain("CREATE DATABASE")
    expect(whole).to_contain("DROP DATABASE IF EXISTS")
    local bare = pg.dump(with { create = false, clean = false }):text()
    expect(bare).never_to_contain("CREATE DATABASE")
    expect(bare).never_to_contain("DROP ")
  end)

  it("says in its manifest how it is restored, and that line restores it", function()
    pg.dump(with { create = false, clean = false }):gzip():save(tmp("dump.sql.gz"))
    local line = json.decode(fs.read(tmp("dump.sql.gz.manifest.json"))).restore
    expect(line).to_contain("gzip -dc dump.sql.gz | psql")
    server().psql("DROP SCHEMA public CASCADE; DROP SCHEMA sales CASCADE; CREATE SCHEMA public")
    local at = server()
    local env = { PGHOST = at.host, PGPORT = tostring(at.port), PGUSER = at.user, PGPASSWORD = at.password }
    process.run { program = "sh", args = { "-c", line }, cwd = tmp(), env = env }
    expect(server().psql("SELECT count(*) FROM contacts")).to_be("3")
  end)

  it("takes and leaves out schemas and tables", function()
    local function names(more)
      local found = {}
      for index, counted in ipairs(pg.dump(with(more)):discard().database.tables) do
        found[index] = counted.name
      end
      return found
    end
    expect(names { schemas = { "sales" } }).to_equal { "order lines" }
    expect(names { exclude_schemas = { "sales" } }).to_equal { "contacts" }
    expect(names { tables = { "public.contacts" } }).to_equal { "contacts" }
    expect(names { exclude_tables = { "public.contacts" } }).to_equal { "order lines" }
  end)

  it("leaves the rows of some tables out", function()
    local text = pg.dump(with { exclude_table_data = { "contacts" } }):text()
    expect(text).to_contain("CREATE TABLE public.contacts")
    expect(text).never_to_contain("田中")
  end)

  it("does not count rows that are INSERT statements", function()
    local facts = pg.dump(with { inserts = true }):discard()
    for _i, counted in ipairs(facts.database.tables) do
      expect(counted.rows).to_be_nil()
    end
  end)

  it("runs nothing until the stream is consumed", function()
    local stream = pg.dump(with { database = "no such database" })
    expect(function() stream:discard() end).to_raise { kind = "not_found", message = "no such database" }
  end)

  it("says what is wrong with the way in, and leaves no file", function()
    expect(function() pg.dump(with { password = "wrong" }):save(tmp("x")) end)
      .to_raise { kind = "denied", message = "password authentication failed", hint = "DB_PASSWORD" }
    expect(function() pg.dump(with { port = 1 }):save(tmp("x")) end).to_raise { kind = "network", hint = "DB_PORT" }
    expect(fs.list { dir = tmp() }).to_equal {}
  end)

  it("ends when it takes too long", function()
    expect(function() pg.dump(with { timeout = 0 }):discard() end).to_raise { kind = "timeout" }
  end)

  it("suggests the option that was meant", function()
    expect(function() pg.dump { databse = "x" } end).to_raise { message = "`pg.dump` has no option `databse`", hint = "did you mean `database`?" }
    expect(function() pg.dump {} end).to_raise("`pg.dump` needs `database`")
    expect(function() pg.dump(with { port = "5432" }) end).to_raise("`port` of `pg.dump` must be")
  end)
end)

describe("pg.dump_globals", function()
  it("proves the roles of the cluster, and counts them", function()
    local backup = pg.dump_globals(at_server()):gzip():save(tmp("globals.sql.gz"))
    expect(backup.globals.roles >= 1).to_be_true()
    expect(backup.globals.tablespaces).to_be(0)
    expect(manifest.read(backup.path).restore).to_contain("gzip -dc globals.sql.gz | sed -E")
  end)

  it("leaves the passwords out when it is told to", function()
    expect(pg.dump_globals(at_server()):text()).to_contain("SCRAM-SHA-256")
    expect(pg.dump_globals(at_server { passwords = false }):text()).never_to_contain("SCRAM-SHA-256")
  end)

  it("says what is wrong with the way in, and leaves no file", function()
    expect(function() pg.dump_globals(at_server { password = "wrong" }):save(tmp("x")) end)
      .to_raise { kind = "denied", message = "password authentication failed", hint = "DB_PASSWORD" }
    expect(fs.list { dir = tmp() }).to_equal {}
  end)
end)

describe("pg.prove", function()
  --- A folder by `pg_dump --format=directory` in a tar file; gives its path.
  local function export()
    server().psql(SCHEMA)
    local at = server()
    local env = { PGHOST = at.host, PGPORT = tostring(at.port), PGUSER = at.user, PGPASSWORD = at.password }
    process.run { program = "pg_dump", args = { "--format=directory", "--file=" .. tmp("export"), at.database }, env = env }
    process.run { program = "tar", args = { "-C", tmp(), "-czf", tmp("export.dir.tar.gz"), "export" } }
    return tmp("export.dir.tar.gz")
  end

  it("saves a dump that somebody else made when it is whole, with its rows counted", function()
    server().psql(SCHEMA)
    pg.dump(with()):gzip():save(tmp("a.sql.gz"))
    local backup = pg.prove(fs.open(tmp("a.sql.gz")), { database = server().database, name = "b.sql.gz" }):save(tmp("b.sql.gz"))
    expect(#backup.database.tables).to_be(2)
    local manifest = json.decode(fs.read(backup.manifest))
    expect(manifest.restore).to_contain("gzip -dc b.sql.gz | psql")
    expect(manifest.plain_bytes).to_be(json.decode(fs.read(tmp("a.sql.gz.manifest.json"))).plain_bytes)
  end)

  it("unpacks a folder in a tar file, and leaves nothing of that", function()
    local file = export()
    local backup = pg.prove(fs.open(file), { work = tmp("work") }):save(tmp("kept.dir.tar.gz"))
    expect(backup.database.name).to_be(server().database)
    expect(#fs.list { dir = tmp("work") }).to_be(0)
    local found = pg.inspect(tmp("kept.dir.tar.gz"), { work = tmp("work") })
    expect({ found.format, found.packed, found.has_manifest }).to_equal { "directory", "gzip", true }
    expect(found.database.tables).to_equal(backup.database.tables)
    expect(#fs.list { dir = tmp("work") }).to_be(0)
  end)

  it("saves nothing of what is no whole dump", function()
    local file = export()
    expect(function() pg.prove(fs.open(file)):save(tmp("x")) end).to_raise { kind = "recipe", message = "has no place to be unpacked" }
    process.run { program = "truncate", args = { "--size=-9", file } }
    expect(function() pg.prove(fs.open(file), { work = tmp("work") }):save(tmp("x")) end).to_raise { kind = "integrity" }
    fs.write(tmp("text"), "no dump at all")
    expect(function() pg.prove(fs.open(tmp("text"))):save(tmp("x")) end).to_raise { kind = "integrity" }
    expect(function() pg.prove(fs.open(tmp("text")), { name = "x.gz" }):save(tmp("x")) end).to_raise("does not begin as gzip data does")
    expect(fs.stat(tmp("x"))).to_be_nil()
    expect(#fs.list { dir = tmp("work") }).to_be(0)
    expect(function() pg.prove("text") end).to_raise { kind = "recipe", message = "without a stream" }
  end)
end)

describe("pg.is_ready", function()
  it("tells whether the server takes connections", function()
    expect(pg.is_ready(at_server())).to_be_true()
    expect(pg.is_ready(at_server { port = 1 })).to_be_false()
  end)
end)

describe("pg.query", function()
  before_each(function() server().psql(SCHEMA) end)

  it("gives the rows, each by column name, with a NULL left out", function()
    expect(pg.query(with { sql = "SELECT id, name FROM contacts ORDER BY id" })).to_equal {
      { id = 1, name = "田中" },
      { id = 2, name = "O'Neil" },
      { id = 3 },
    }
    expect(pg.query(with { sql = "SELECT 1 AS one WHERE false" })).to_equal {}
  end)

  it("puts values in as texts, whatever they hold", function()
    local rows = pg.query(with { sql = "SELECT id FROM contacts WHERE name = :'who'", vars = { who = "O'Neil" } })
    expect(rows).to_equal { { id = 2 } }
    local nasty = "'; DROP TABLE contacts; --"
    expect(pg.query(with { sql = "SELECT :'who' AS who", vars = { who = nasty } })).to_equal { { who = nasty } }
    expect(server().psql("SELECT count(*) FROM contacts")).to_be("3")
  end)

  it("takes a query with a semicolon and a comment at its end", function()
    expect(pg.query(with { sql = "SELECT 1 AS one;  " })).to_equal { { one = 1 } }
    expect(pg.query(with { sql = "SELECT 1 AS one -- only one" })).to_equal { { one = 1 } }
  end)

  it("says what the server said to a query that is wrong", function()
    expect(function() pg.query(with { sql = "SELECT nothing FROM nowhere" }) end)
      .to_raise { kind = "command", message = 'relation "nowhere" does not exist' }
    expect(function() pg.query(with { database = "nowhere", sql = "SELECT 1" }) end).to_raise { kind = "not_found" }
    expect(function() pg.query(with {}) end).to_raise("`pg.query` needs `sql`")
  end)
end)

it("pg.databases lists what can be dumped, sorted and without templates", function()
  local names = pg.databases(at_server())
  expect(names).to_contain("postgres")
  expect(names).to_contain(server().database)
  expect(names).never_to_contain("template1")
  local sorted = { table.unpack(names) }
  table.sort(sorted)
  expect(names).to_equal(sorted)
end)

describe("pg.verify and pg.inspect", function()
  before_each(function() server().psql(SCHEMA) end)

  it("find in a database what its dump holds", function()
    pg.dump(with()):gzip():save(tmp("dump.sql.gz"))
    local verified = pg.verify(with { manifest = tmp("dump.sql.gz"), queries = { named = "SELECT count(*) = 2 FROM named" } })
    expect(verified.ok).to_be_true()
    expect(#verified.checks).to_be(18)
    fs.remove(tmp("dump.sql.gz.manifest.json"))
    local inspected = pg.inspect(tmp("dump.sql.gz"))
    expect(inspected.has_manifest).to_be_false()
    expect(pg.verify(with { manifest = inspected }).ok).to_be_true()
    expect(function() pg.verify(with { manifest = tmp("dump.sql.gz") }) end).to_raise { kind = "not_found", hint = "pg.inspect" }
  end)

  it("name what a database lacks, with all checks", function()
    local facts = pg.dump(with()):discard()
    server().psql("DELETE FROM contacts WHERE id = 2")
    local failure = expect(function() pg.verify(with { manifest = facts }) end)
      .to_raise { kind = "integrity", message = "✗ rows of public.contacts: expected 3, found 2" }
    local bad = {}
    for _i, check in ipairs(failure.checks) do
      bad[#bad + 1] = not check.ok and check.object and check.name .. " of " .. check.object or nil
    end
    expect(bad).to_equal { "rows of public.contacts", "data of public.contacts" }
  end)
end)

describe("pg.create_database, pg.drop_database, pg.swap", function()
  it("make, swap and drop what is hikae's, and nothing else", function()
    server().psql("CREATE TABLE old (a int)")
    local live = server().database
    local staged = pg.create_database(at_server { like = live })
    local swapped = pg.swap(at_server { live = live, staged = staged })
    expect(pg.databases(at_server())).to_contain(swapped.kept)
    expect(pg.query(with { sql = "SELECT 1 AS a FROM pg_tables WHERE tablename = 'old'" })).to_equal {}
    -- What was the staged one is live now, and the old one was never hikae's.
    for _i, name in ipairs { live, swapped.kept } do
      expect(function() pg.drop_database(at_server { name = name }) end).to_raise { kind = "denied", message = "refused to drop" }
    end
    local other = pg.create_database(at_server())
    pg.drop_database(at_server { name = other })
    expect(pg.databases(at_server())).never_to_contain(other)
    expect(function() pg.drop_database(at_server { name = other }) end).to_raise { kind = "not_found" }
  end)

  it("sweep_throwaways leaves the throwaways of runs that are under way", function()
    local own = pg.create_database(at_server())
    expect(pg.sweep_throwaways(at_server())).never_to_contain(own)
    expect(pg.databases(at_server())).to_contain(own)
    pg.drop_database(at_server { name = own })
  end)
end)

describe("pg.restore", function()
  --- The options of a restore of `dump.sql.gz` under another name.
  local function into(more)
    local options = with { source = tmp("dump.sql.gz"), database = server().database .. "_2" }
    for name, value in pairs(more or {}) do
      options[name] = value
    end
    return options
  end

  before_each(function()
    server().psql(SCHEMA)
    pg.dump(with()):gzip():save(tmp("dump.sql.gz"))
  end)

  it("restores under another name and leaves the original alone", function()
    local done = pg.restore(into())
    expect(done.database).to_be(server().database .. "_2")
    expect(done.created).to_be_true()
    expect(done.dump.name).to_be(server().database)
    expect(#done.dump.tables).to_be(2)
    expect(done.sha256).to_be(json.decode(fs.read(tmp("dump.sql.gz.manifest.json"))).sha256)
    local both = { with { database = done.database, sql = "SELECT name FROM contacts ORDER BY id" } }
    both[2] = with { sql = both[1].sql }
    expect(pg.query(both[1])).to_equal(pg.query(both[2]))
  end)

  it("never loads into a database that stands, unless asked to", function()
    local function live(if_exists) return into { database = server().database, if_exists = if_exists, trust = "dump" } end
    expect(function() pg.restore(live()) end)
      .to_raise { kind = "already_exists", message = "is there already", hint = "if_exists" }
    server().psql("DROP SCHEMA public CASCADE; DROP SCHEMA sales CASCADE; CREATE SCHEMA public")
    local done = pg.restore(live "use")
    expect(done.created).to_be_false()
    expect(server().psql("SELECT count(*) FROM contacts")).to_be("3")
  end)

  it("refuses a dump of another database, and a file that is no dump", function()
    expect(function() pg.restore(into { dump_of = "english_cafe_db" }) end)
      .to_raise { kind = "integrity", message = "as a dump of `english_cafe_db`" }
    fs.write(tmp("x.sql"), "DROP DATABASE postgres;\n")
    expect(function() pg.restore(into { source = tmp("x.sql") }) end).to_raise { kind = "integrity", message = "does not start as `pg_dump` starts" }
    expect(function() pg.restore(into { source = tmp("none.sql") }) end).to_raise { kind = "not_found" }
    expect(pg.databases(at_server())).never_to_contain(server().database .. "_2")
  end)

  it("says what is wrong with its options", function()
    expect(function() pg.restore(into { databse = "x" }) end).to_raise { message = "has no option `databse`", hint = "`database`" }
    expect(function() pg.restore(into { jobs = 0 }) end).to_raise("`jobs` of `pg.restore` must be")
    expect(function() pg.restore(into { database = "" }) end).to_raise("cannot be the name of a database")
    expect(function() pg.restore(into { if_exists = "drop" }) end).to_raise("if_exists")
    expect(function() pg.restore(into { password = "wrong", database = "restore_denied" }) end)
      .to_raise { kind = "denied", message = "password authentication failed" }
  end)
end)

describe("pg.temporary_cluster, pg.drop_cluster", function()
  it("gives a server of the run's own, and takes it away (#entered)", function()
    local at = pg.temporary_cluster { dir = tmp() }
    expect(pg.query { host = at.host, port = at.port, user = at.user, database = "postgres", sql = "SELECT 1 AS one" }).to_equal { { one = 1 } }
    pg.drop_cluster(at)
    expect(fs.stat(at.host)).to_be_nil()
    expect(function() pg.drop_cluster(at) end).to_raise { kind = "not_found" }
  end)
end)

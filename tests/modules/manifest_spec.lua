--- What the module `manifest` promises.
local function backup()
  fs.write(tmp("plain"), "some bytes")
  return fs.open(tmp("plain")):gzip():save(tmp("x.gz"))
end

describe("manifest.content", function()
  it("goes by the first bytes, packed or not, whatever the name is", function()
    fs.write(tmp("photo.jpg"), samples.pg_dump { contacts = 1 })
    fs.write(tmp("x.sql.tar"), samples.tar { files = { ["a"] = "x" } })
    expect(manifest.content(tmp("photo.jpg"))).to_be("dump")
    expect(manifest.content(tmp("x.sql.tar"))).to_be("archive")
    -- No backup may be saved under a name that its bytes contradict; somebody has renamed these.
    fs.open(tmp("photo.jpg")):gzip():save(tmp("a.gz"))
    fs.open(tmp("x.sql.tar")):gzip():save(tmp("b.gz"))
    process.run { program = "mv", args = { tmp("a.gz"), tmp("x.tar.gz") } }
    process.run { program = "mv", args = { tmp("b.gz"), tmp("dump.sql.gz") } }
    expect(manifest.content(tmp("x.tar.gz"))).to_be("dump")
    expect(manifest.content(tmp("dump.sql.gz"))).to_be("archive")
  end)

  it("is nil for anything else, and for what cannot be unpacked", function()
    backup()
    process.run { program = "sh", args = { "-c", "printf '\\037\\213, and no more' > \"$0\"", tmp("broken.gz") } }
    fs.write(tmp("empty.sql"), "")
    for _i, name in ipairs { "x.gz", "plain", "broken.gz", "empty.sql" } do
      expect(manifest.content(tmp(name))).to_be_nil()
    end
  end)

  it("goes by the manifest where the bytes do not say", function()
    backup()
    local text = fs.read(tmp("x.gz.manifest.json"))
    fs.write(tmp("x.gz.manifest.json"), (string.gsub(text, '"manifest": 1', '"manifest": 1, "database": {}')), { replace = true })
    expect(manifest.content(tmp("x.gz"))).to_be("dump")
  end)
end)

describe("manifest.read", function()
  it("gives what stands beside a backup, and nil where nothing does", function()
    local made = backup()
    local found = manifest.read(tmp("x.gz"))
    expect(found.sha256).to_be(made.sha256)
    expect(found.plain_bytes).to_be(10)
    expect(manifest.read(tmp("x.gz.manifest.json"))).to_equal(found)
    expect(manifest.read(tmp("plain"))).to_be_nil()
  end)

  it("ignores what it does not know, and refuses a later version and a broken one", function()
    backup()
    local text = fs.read(tmp("x.gz.manifest.json"))
    local function put(changed)
      fs.write(tmp("x.gz.manifest.json"), changed, { replace = true })
    end
    put((string.gsub(text, '"manifest": 1', '"manifest": 1, "from a later release": {}')))
    expect(manifest.read(tmp("x.gz")).manifest).to_be(1)
    put((string.gsub(text, '"manifest": 1', '"manifest": 2')))
    expect(function() manifest.read(tmp("x.gz")) end).to_raise { kind = "integrity", message = "version 2", hint = "update" }
    put(string.sub(text, 1, 40))
    expect(function() manifest.read(tmp("x.gz")) end).to_raise { kind = "integrity", message = "cannot read the manifest" }
  end)

  it("reads one that is larger than a text may be, and leaves lists out when told", function()
    backup()
    local text = string.gsub(fs.read(tmp("x.gz.manifest.json")), "}%s*$", "")
    local entries = string.rep('{"schema": "public", "name": "' .. string.rep("n", 150) .. '", "rows": 1},', 20000)
    -- 3.7 MB, three times: `fs.read` would refuse it.
    local filler = string.rep("x", 3 << 20)
    local whole = text .. ', "a": "' .. filler .. '", "b": "' .. filler .. '", "database": {"name": "shop", "tables": ['
      .. string.sub(entries, 1, -2) .. "]}}"
    fs.write(tmp("x.gz.manifest.json"), whole, { replace = true })
    expect(function() fs.read(tmp("x.gz.manifest.json")) end).to_raise()
    expect(manifest.read(tmp("x.gz"), { lists = false }).database).to_equal { name = "shop" }
  end)
end)

describe("manifest.verify", function()
  it("reads a backup back and compares it", function()
    local made = backup()
    expect(manifest.verify(tmp("x.gz"))).to_equal {
      path = tmp("x.gz"), size_bytes = made.size_bytes, sha256 = made.sha256, opened = true,
    }
  end)

  it("refuses one that has changed, and one without a manifest", function()
    backup()
    fs.remove(tmp("x.gz"))
    fs.write(tmp("x.gz"), "something else")
    expect(function() manifest.verify(tmp("x.gz")) end).to_raise { kind = "integrity" }
    expect(function() manifest.verify(tmp("plain")) end).to_raise { kind = "not_found", hint = "pg.inspect" }
  end)
end)

describe("manifest.save_set", function()
  --- Two backups in a folder of their own.
  local function parts()
    fs.mkdir(tmp("set"))
    fs.write(tmp("plain"), "text")
    return { fs.open(tmp("plain")):save(tmp("set/a")).path, fs.open(tmp("plain")):gzip():save(tmp("set/b c.gz")).path }
  end

  it("makes one backup of several, which sha256sum can check", function()
    local set = manifest.save_set(tmp("set.sha256"), { files = parts(), left_out = { "d" } })
    expect(set.files[1].path).to_be("set/a")
    expect(set.files[2].path).to_be("set/b c.gz")
    process.run { program = "sha256sum", args = { "--check", "--quiet", "set.sha256" }, cwd = tmp() }
    local described = manifest.read(tmp("set.sha256"))
    expect(described.left_out).to_equal { "d" }
    expect(described.restore).to_be("sha256sum --check --quiet set.sha256 && (cd set && cat a > restored) && (cd set && gzip -dc 'b c.gz' > restored)")
    expect(manifest.verify(tmp("set.sha256")).size_bytes).to_be(set.size_bytes)
    expect(run.backups()[3]).to_be(tmp("set.sha256"))
  end)

  it("takes only what a manifest describes, as it was", function()
    local files = parts()
    fs.write(files[1], "something else", { replace = true })
    expect(function() manifest.save_set(tmp("set.sha256"), { files = files }) end).to_raise { kind = "integrity" }
    fs.remove(files[1])
    expect(function() manifest.save_set(tmp("set.sha256"), { files = files }) end).to_raise { kind = "not_found" }
    expect(function() manifest.save_set(tmp("set.sha256"), { files = { tmp("plain") } }) end)
      .to_raise { kind = "not_found", message = "it has no manifest" }
    expect(fs.stat(tmp("set.sha256"))).to_be_nil()
  end)

  it("refuses a part whose database it cannot read: retention goes by the list", function()
    local files = parts()
    local said = json.decode(fs.read(files[1] .. ".manifest.json"))
    said.database = { name = "shop", tables = "many" }
    fs.write(files[1] .. ".manifest.json", json.encode(said), { replace = true })
    expect(function() manifest.save_set(tmp("set.sha256"), { files = files }) end)
      .to_raise { kind = "integrity", message = "in a way that is not known" }
    expect(fs.stat(tmp("set.sha256"))).to_be_nil()
  end)

  it("refuses a set of nothing, and one of files elsewhere", function()
    expect(function() manifest.save_set(tmp("set.sha256"), { files = {} }) end).to_raise("of no file")
    expect(function() manifest.save_set(tmp("deep/set.sha256"), { files = parts() }) end).to_raise("below its own folder")
  end)
end)

describe("manifest.list", function()
  it("gives each backup with what its manifest says, and manifests without a backup, by name", function()
    fs.write(tmp("plain"), "SELECT 1;")
    fs.open(tmp("plain")):save(tmp("db_2.sql"))
    fs.write(tmp("db_1.sql"), "-- PostgreSQL database dump\n-- Name: shop; Type: DATABASE; Schema: -; Owner: -\n")
    fs.write(tmp("db_3.sql.manifest.json"), "{}")
    fs.write(tmp("db_4.sql"), "x")
    fs.write(tmp("db_4.sql.manifest.json"), "{")
    fs.write(tmp("db_4.sql.old"), "x")
    local one, two, three, four, more = table.unpack(manifest.list { dir = tmp(), name = "db_*.sql" })
    expect({ one.name, one.has_manifest, one.proved, one.databases }).to_equal { "db_1.sql", false, false, { "shop" } }
    expect({ two.name, two.has_manifest, two.proved, two.databases }).to_equal { "db_2.sql", true, true, {} }
    expect({ three.name, three.has_manifest, three.size_bytes == nil }).to_equal { "db_3.sql", true, true }
    expect({ four.path, four.proved }).to_equal { tmp("db_4.sql"), false }
    expect(four.problem).to_contain("cannot read the manifest")
    expect(more).to_be_nil()
  end)
end)

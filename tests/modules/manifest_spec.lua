--- What the module `manifest` promises.
local function backup()
  fs.write(tmp("plain"), "some bytes")
  return fs.open(tmp("plain")):gzip():save(tmp("x.gz"))
end

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
    expect(manifest.verify(tmp("x.gz"))).to_equal { path = tmp("x.gz"), size_bytes = made.size_bytes, sha256 = made.sha256 }
  end)

  it("refuses one that has changed, and one without a manifest", function()
    backup()
    fs.remove(tmp("x.gz"))
    fs.write(tmp("x.gz"), "something else")
    expect(function() manifest.verify(tmp("x.gz")) end).to_raise { kind = "integrity" }
    expect(function() manifest.verify(tmp("plain")) end).to_raise { kind = "not_found", hint = "pg.inspect" }
  end)
end)

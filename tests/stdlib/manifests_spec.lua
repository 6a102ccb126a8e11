--- What the reader of manifests promises.
local manifests = require "hikae.manifests"

--- A backup of five bytes with a manifest of these words.
local function backup(name, words)
  fs.write(path.join(tmp(), name), "12345")
  if words then
    fs.write(path.join(tmp(), name .. manifests.SUFFIX), words)
  end
end

local function manifest(name, rows)
  return json.encode { name = name, size_bytes = 5, database = { name = "shop", tables = { { name = "t", rows = rows } } } }
end

describe("manifests.look", function()
  it("takes a backup for proved when its manifest fits, and counts its rows", function()
    backup("db_20260101_020000.gz", manifest("db_20260101_020000.gz", 7))
    backup("db_20260102_020000.gz")
    local backups, beside, orphans = manifests.look(tmp(), "db_*.gz")
    for _i, found in ipairs(backups) do
      expect(found.moment.year).to_be(2026)
      found.moment = nil
    end
    expect(backups).to_equal {
      { name = "db_20260101_020000.gz", stamp = "20260101_020000", proved = true, rows = 7, databases = { "shop" } },
      { name = "db_20260102_020000.gz", stamp = "20260102_020000", proved = false },
    }
    expect(beside).to_equal {
      ["db_20260101_020000.gz"] = { "db_20260101_020000.gz.manifest.json" }, ["db_20260102_020000.gz"] = {},
    }
    expect(orphans).to_equal {}
  end)

  it("takes no backup for proved whose manifest is broken, of another file, or of another size", function()
    backup("db_20260101_020000.gz", "{ broken")
    backup("db_20260102_020000.gz", manifest("db_20260101_020000.gz", 7))
    backup("db_20260103_020000.gz", '{"name": "db_20260103_020000.gz", "size_bytes": 6}')
    backup("db_20260104_020000.gz", "[1]")
    for _i, found in ipairs((manifests.look(tmp(), "db_*.gz"))) do
      expect(found.proved).to_be(false)
    end
  end)

  it("names the manifests whose backup is gone", function()
    fs.write(path.join(tmp(), "db_20260101_020000.gz" .. manifests.SUFFIX), "{}")
    local _backups, _beside, orphans = manifests.look(tmp(), "db_*.gz")
    expect(orphans).to_equal { "db_20260101_020000.gz" .. manifests.SUFFIX }
  end)
end)

describe("manifests.made", function()
  it("is what this run has made in this folder under one of these names", function()
    fs.write(tmp("source"), "12345")
    fs.open(tmp("source")):gzip():save(tmp("db_1.gz"))
    expect(manifests.made({ { name = "db_0.gz" }, { name = "db_1.gz" } }, tmp(), "", "why")).to_equal { { name = "db_1.gz" } }
    expect(manifests.made({ { name = "db_1" } }, tmp(), ".gz", "why")).to_equal { { name = "db_1" } }
    for _i, elsewhere in ipairs { tmp("below"), path.dir(tmp()) or "" } do
      expect(function() manifests.made({ { name = "db_1.gz" } }, elsewhere, "", "why") end).to_raise { message = "before the new one is proved", hint = "why" }
    end
  end)

  it("is nothing in a recipe that makes none #maintenance", function()
    expect(manifests.made({}, tmp(), "", "why")).to_be_nil()
  end)
end)

describe("manifests.check_rows", function()
  local full = { name = "old", stamp = "20260101_020000", proved = true, rows = 3 }

  it("refuses to let rows go for a newer backup without any", function()
    local failure = expect(function()
      manifests.check_rows { full, { name = "new", stamp = "20260102_020000", proved = true, rows = 0 } }
    end).to_raise { kind = "integrity" }
    expect(failure.message).to_be("refused to remove old backups: `new` has no row, and `old` has 3")
  end)

  it("has nothing against an empty one of another database", function()
    local shop = { name = "old", stamp = "20260101_020000", proved = true, rows = 3, databases = { "shop" } }
    local new = { name = "new", stamp = "20260102_020000", proved = true, rows = 0, databases = { "blog" } }
    manifests.check_rows { shop, new }
    new.databases = { "blog", "shop" }
    expect(function() manifests.check_rows { shop, new } end).to_raise("`new` has no row")
  end)

  it("has nothing against a newer backup with rows, one that was not counted, or none at all", function()
    manifests.check_rows { full, { name = "new", stamp = "20260102_020000", proved = true, rows = 1 } }
    manifests.check_rows { full, { name = "new", stamp = "20260102_020000", proved = true } }
    manifests.check_rows {}
    expect(true).to_be(true)
  end)
end)

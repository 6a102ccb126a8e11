--- What `retention.prune` promises over real files.
local retention = require "hikae.retention"

describe("retention.prune", function()
  local function save(stamp)
    fs.write(tmp("source"), "backup of " .. stamp, { replace = true })
    return fs.open(tmp("source")):gzip():save(tmp("db/db_" .. stamp .. ".gz"))
  end

  local function files()
    local found = {}
    for index, entry in ipairs(fs.list { dir = tmp("db") }) do
      found[index] = (string.gsub(entry.name, "%d%d%d%d%d%d%d%d_%d%d%d%d%d%d", function(stamp)
        return string.sub(stamp, 1, 4) == "2001" and stamp or "NEW"
      end))
    end
    return found
  end

  local function prune(more)
    local options = { dir = tmp("db"), name = "db_*.gz", days = 30 }
    for name, value in pairs(more or {}) do
      options[name] = value
    end
    return retention.prune(options)
  end

  it("removes a backup together with its manifest", function()
    save("20010101_020000")
    save(clock.stamp())
    local plan = prune()
    expect(#plan.drop).to_be(1)
    expect(files()).to_equal { "db_NEW.gz", "db_NEW.gz.manifest.json" }
  end)

  it("refuses before the new backup is proved, and removes nothing", function()
    fs.write(tmp("db/db_20010101_020000.gz"), "old")
    fs.write(tmp("db/db_20010102_020000.gz"), "old")
    expect(prune).to_raise {
      message = "refused to remove old backups before the new one is proved",
      hint = "call retention.prune after `:save(path)`",
    }
    expect(#files()).to_be(2)
  end)

  it("takes no other backup of the run for the new one", function()
    fs.write(tmp("db/db_20010101_020000.gz"), "old")
    fs.write(tmp("db/db_20010102_020000.gz"), "old")
    fs.write(tmp("source"), "roles")
    fs.open(tmp("source")):gzip():save(tmp("db/roles_" .. clock.stamp() .. ".gz"))
    fs.open(tmp("source")):gzip():save(tmp("elsewhere/db_" .. clock.stamp() .. ".gz"))
    expect(prune).to_raise("refused to remove old backups before the new one is proved")
    expect(fs.stat(tmp("db/db_20010101_020000.gz")) ~= nil).to_be_true()
  end)

  it("needs no new backup in another kind of recipe #maintenance", function()
    fs.write(tmp("db/db_20010101_020000.gz"), "old")
    fs.write(tmp("db/db_20010102_020000.gz"), "old")
    prune()
    expect(files()).to_equal { "db_20010102_020000.gz" }
  end)

  it("removes a manifest whose backup is gone", function()
    save(clock.stamp())
    fs.write(tmp("db/db_20010101_020000.gz.manifest.json"), "{}")
    prune()
    expect(files()).to_equal { "db_NEW.gz", "db_NEW.gz.manifest.json" }
  end)

  it("leaves other files alone", function()
    save(clock.stamp())
    fs.write(tmp("db/uploads_20010101_020000.tar"), "x")
    fs.write(tmp("db/uploads_20010101_020000.tar.manifest.json"), "{}")
    fs.write(tmp("db/db_final.gz"), "x")
    fs.write(tmp("db/below/db_20010101_020000.gz"), "x")
    fs.mkdir(tmp("db/db_20010101_020000.gz"))
    prune()
    expect(files()).to_equal {
      "below",
      "db_20010101_020000.gz",
      "db_NEW.gz",
      "db_NEW.gz.manifest.json",
      "db_final.gz",
      "uploads_20010101_020000.tar",
      "uploads_20010101_020000.tar.manifest.json",
    }
    expect(fs.read(tmp("db/below/db_20010101_020000.gz"))).to_be("x")
  end)

  it("counts a backup as not proved when its manifest is broken or tells of another", function()
    for _i, manifest in ipairs {
      "{ this is no JSON", "3", "null", "{}", '{"name": "db_20010102_020000.gz", "size_bytes": 1}',
      '{"name": "other.gz", "size_bytes": 3}',
    } do
      fs.write(tmp("db/db_20010102_020000.gz"), "new")
      fs.write(tmp("db/db_20010102_020000.gz.manifest.json"), manifest)
      save("20010101_020000")
      local plan = prune()
      -- The older one is proved, so the newer one that is not goes first.
      expect(plan.drop[1].name).to_be("db_20010102_020000.gz")
      expect(files()).to_equal { "db_20010101_020000.gz", "db_20010101_020000.gz.manifest.json" }
      fs.remove(tmp("db/db_20010101_020000.gz"))
      fs.remove(tmp("db/db_20010101_020000.gz.manifest.json"))
    end
  end)

  it("counts a backup whose manifest fits as proved #maintenance", function()
    fs.write(tmp("db/db_20010102_020000.gz"), "new")
    fs.write(tmp("db/db_20010101_020000.gz"), "old")
    fs.write(tmp("db/db_20010101_020000.gz.manifest.json"), '{"name": "db_20010101_020000.gz", "size_bytes": 3}')
    prune()
    expect(files()).to_equal { "db_20010101_020000.gz", "db_20010101_020000.gz.manifest.json" }
  end)

  it("goes on when a manifest is too large to read #maintenance", function()
    fs.write(tmp("db/db_20010101_020000.gz"), "old")
    process.run { program = "truncate", args = { "-s", "9M", tmp("db/db_20010101_020000.gz.manifest.json") } }
    prune()
    expect(#files()).to_be(2)
  end)

  it("keeps everything when the clock has jumped back", function()
    save("20010101_020000")
    save("29991231_235959")
    expect(prune).to_raise { kind = "other", message = "is in the future" }
    expect(#files()).to_be(4)
  end)

  it("refuses wrong options before it looks at anything", function()
    expect(function() retention.prune { name = "*", days = 1 } end).to_raise("`retention.prune` needs `dir`")
    expect(function() retention.prune { dir = tmp(), days = 1 } end).to_raise("`retention.prune` needs `name`")
    expect(function() prune { dayz = 3 } end).to_raise("the retention has no rule `dayz`")
  end)
end)

--- What the module `archive` promises.

--- Packs the folder `from` with GNU tar; gives the path of the archive.
local function pack(name, ...)
  process.run { program = "tar", args = { "-C", tmp("from"), "-cf", tmp(name), ... } }
  return tmp(name)
end

--- What lies below a folder, by name: the text of a file, or `dir`.
local function below(dir)
  local found = {}
  for _i, entry in ipairs(fs.list { dir = dir, recursive = true }) do
    found[string.sub(entry.path, #dir + 2)] = entry.kind == "file" and fs.read(entry.path) or entry.kind
  end
  return found
end

local LONG = string.rep("長い名前/", 20) .. string.rep("x", 150)

before_each(function()
  fs.write(tmp("from/a.txt"), "one")
  fs.write(tmp("from/設定/アプリ.env"), "NODE_ENV=production\n")
  fs.write(tmp("from/" .. LONG), "far away")
  fs.write(tmp("from/empty"), "")
  fs.write(tmp("from/run.sh"), "#!/bin/sh\n")
  process.run { program = "chmod", args = { "0755", tmp("from/run.sh") } }
end)

describe("archive.list", function()
  it("tells what is in an archive, with the fields of its stub", function()
    process.run { program = "ln", args = { "-s", "a.txt", tmp("from/link") } }
    process.run { program = "ln", args = { tmp("from/a.txt"), tmp("from/again") } }
    process.run { program = "mkfifo", args = { tmp("from/pipe") } }
    local list = archive.list(pack("a.tar", "a.txt", "run.sh", "設定", "link", "again", "pipe"))
    expect(list).to_equal {
      { path = "a.txt", kind = "file", size_bytes = 3, mode = tonumber("600", 8) },
      { path = "run.sh", kind = "file", size_bytes = 10, mode = tonumber("755", 8) },
      { path = "設定/", kind = "dir", size_bytes = 0, mode = tonumber("700", 8) },
      { path = "設定/アプリ.env", kind = "file", size_bytes = 20, mode = tonumber("600", 8) },
      { path = "link", kind = "link", size_bytes = 0, mode = tonumber("777", 8), link = "a.txt" },
      { path = "again", kind = "hard_link", size_bytes = 0, mode = tonumber("600", 8), link = "a.txt" },
      { path = "pipe", kind = "other", size_bytes = 0, mode = list[7].mode },
    }
  end)

  it("reads every format of GNU tar, and names that are long or Japanese", function()
    for _i, format in ipairs { "gnu", "pax" } do
      local names = {}
      for _j, entry in ipairs(archive.list(pack(format .. ".tar", "--format=" .. format, "."))) do
        names[entry.path] = entry.size_bytes
      end
      expect(names["./" .. LONG]).to_be(8)
      expect(names["./設定/アプリ.env"]).to_be(20)
    end
    for _i, format in ipairs { "ustar", "v7", "oldgnu" } do
      expect(#archive.list(pack(format .. ".tar", "--format=" .. format, "a.txt", "設定"))).to_be(3)
    end
  end)

  it("refuses an archive that is cut, damaged, or followed by something", function()
    local whole = fs.read(pack("whole.tar", "a.txt", "run.sh"))
    local function refused(text, cause)
      fs.write(tmp("broken.tar"), text, { replace = true })
      expect(function() archive.list(tmp("broken.tar")) end).to_raise { kind = "integrity", message = cause }
    end
    refused("", "ends too early, after 0 bytes")
    -- The header, the data, the second header, its data, the first half of the mark.
    for _i, bytes in ipairs { 100, 512, 600, 1024, 1500, 2048, 2560 } do
      refused(string.sub(whole, 1, bytes), "ends too early, after " .. bytes .. " bytes")
    end
    refused(whole .. "x", "something follows its end")
    refused(whole .. whole, "something follows its end")
    refused("b" .. string.sub(whole, 2), "there is no header of tar at byte 0")
    refused("-- PostgreSQL database dump" .. string.rep("\n", 600), "there is no header of tar at byte 0")
  end)

  it("believes the manifest beside an archive", function()
    local path = pack("a.tar", "a.txt")
    fs.write(path .. ".manifest.json", samples.manifest { name = "a.tar", content = fs.read(path) })
    expect(#archive.list(path)).to_be(1)
    fs.write(path .. ".manifest.json", samples.manifest { name = "a.tar", content = "another" }, { replace = true })
    expect(function() archive.list(path) end).to_raise { kind = "integrity", message = "not what its manifest describes" }
  end)

  it("says that there is no such file, and suggests the option that was meant", function()
    expect(function() archive.list(tmp("absent.tar")) end).to_raise { kind = "not_found" }
    expect(function() archive.list(tmp("a.tar"), { timout = "1m" }) end).to_raise { hint = "`timeout`" }
  end)
end)

describe("archive.unpack", function()
  it("gives back every file and folder, however it is packed", function()
    local there = below(tmp("from"))
    for _i, flag in ipairs { "--format=gnu", "--format=pax", "--gzip", "--zstd" } do
      local into = tmp("into" .. flag)
      local unpacked = archive.unpack { source = pack("a" .. flag, flag, "."), into = into }
      expect(unpacked).to_equal { files = 5, size_bytes = 41, skipped = {} }
      expect(below(into)).to_equal(there)
    end
  end)

  it("leaves nobody but the owner anything, and keeps what can be run", function()
    archive.unpack { source = pack("a.tar", "run.sh", "設定"), into = tmp("new/into") }
    expect(fs.stat(tmp("new/into/run.sh")).mode).to_be(tonumber("700", 8))
    expect(fs.stat(tmp("new/into/設定/アプリ.env")).mode).to_be(tonumber("600", 8))
    expect(fs.stat(tmp("new/into/設定")).mode).to_be(tonumber("700", 8))
    expect(fs.stat(tmp("new")).mode).to_be(tonumber("700", 8))
  end)

  it("takes an empty folder, and no other", function()
    local source = pack("a.tar", "a.txt")
    fs.mkdir(tmp("into"))
    archive.unpack { source = source, into = tmp("into") }
    expect(function() archive.unpack { source = source, into = tmp("into") } end)
      .to_raise { kind = "already_exists", message = "is not empty", hint = "clock.stamp()" }
    expect(function() archive.unpack { source = source, into = tmp("from/a.txt") } end).to_raise { message = "is not a folder" }
    expect(below(tmp("into"))).to_equal { ["a.txt"] = "one" }
  end)

  it("makes no link: it refuses them, or leaves them out and says which", function()
    process.run { program = "ln", args = { "-s", "/etc/passwd", tmp("from/out") } }
    process.run { program = "ln", args = { tmp("from/a.txt"), tmp("from/again") } }
    local source = pack("a.tar", "a.txt", "out", "again")
    expect(function() archive.unpack { source = source, into = tmp("into") } end)
      .to_raise { kind = "denied", message = "a link `out` to `/etc/passwd`", hint = 'links = "skip"' }
    expect(fs.stat(tmp("into"))).to_be_nil()
    local unpacked = archive.unpack { source = source, into = tmp("into"), links = "skip" }
    expect(unpacked).to_equal { files = 1, size_bytes = 3, skipped = { "out", "again" } }
    expect(below(tmp("into"))).to_equal { ["a.txt"] = "one" }
  end)

  it("removes what it has made, whatever is wrong with the archive", function()
    local function refused(options, wrong)
      fs.write(tmp("bad.tar"), samples.tar(options), { replace = true })
      expect(function() archive.unpack { source = tmp("bad.tar"), into = tmp("deep/into"), max_entries = 4, max_bytes = 20 } end).to_raise(wrong)
      expect(fs.stat(tmp("deep"))).to_be_nil()
    end
    local good = { ["a/b"] = "text" }
    local function with(name, entry)
      return { files = { ["a/b"] = "text", [name] = entry or "bad" } }
    end
    refused(with("../x"), { kind = "denied", message = "`../x`, which leads out of the folder" })
    refused(with("a/../../x"), { kind = "denied", message = "leads out" })
    refused(with("/etc/x"), { kind = "denied", message = "leads out" })
    refused(with("l", { link = "a" }), { kind = "denied", message = "a link `l` to `a`" })
    refused(with("a/b/", { dir = true }), { kind = "integrity", message = "the archive has `a/b` twice" })
    refused(with("a/./b"), { kind = "integrity", message = "the archive has `a/b` twice" })
    refused(with("a/b/c"), { kind = "integrity", message = "the archive has `a/b` twice" })
    refused(with("z/.x.1.hikae-part"), { kind = "denied", message = "what is unfinished" })
    refused({ files = { a = "", b = "", c = "", d = "", e = "" } }, { kind = "space", message = "more than 4 entries", hint = "max_entries" })
    refused({ files = { a = "0123456789", b = "0123456789", c = "x" } }, { kind = "space", message = "unpacks to more than 20 B" })
    refused({ files = good, cut = 600 }, { kind = "integrity", message = "ends too early, after 600 bytes" })
    refused({ files = good, cut = 1024 }, { kind = "integrity", message = "is not one whole archive" })
  end)

  it("refuses a file that was packed without its holes", function()
    process.run { program = "truncate", args = { "-s", "1M", tmp("from/holes") } }
    for _i, format in ipairs { "gnu", "pax" } do
      local source = pack(format .. ".tar", "--sparse", "--format=" .. format, "a.txt", "holes")
      expect(function() archive.unpack { source = source, into = tmp("into") } end)
        .to_raise { message = "packed without its holes", hint = "--sparse" }
      expect(fs.stat(tmp("into"))).to_be_nil()
    end
  end)

  it("believes the manifest beside an archive", function()
    local path = pack("a.tar", "a.txt")
    fs.write(path .. ".manifest.json", samples.manifest { name = "a.tar", content = "another" })
    expect(function() archive.unpack { source = path, into = tmp("into") } end).to_raise { kind = "integrity" }
    expect(fs.stat(tmp("into"))).to_be_nil()
  end)

  it("writes nowhere but in the declared folders", function()
    expect(function() archive.unpack { source = pack("a.tar", "a.txt"), into = "/var/hikae-nowhere" } end).to_raise { kind = "denied" }
  end)
end)

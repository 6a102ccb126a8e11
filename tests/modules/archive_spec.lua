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

--- The names in an archive.
local function names(path, options)
  local found = {}
  for _i, entry in ipairs(archive.list(path, options)) do
    found[#found + 1] = entry.path
  end
  return found
end

--- Packs the folder `tree`, relative to itself, and saves it.
local function saved_archive(options, name)
  options.roots = options.roots or { tmp("tree") }
  options.base = options.base or tmp("tree")
  return archive.pack(options):save(tmp(name or "out/a.tar"))
end

describe("archive.pack", function()
  before_each(function()
    fs.write(tmp("tree/a.txt"), "one")
    fs.write(tmp("tree/設定/アプリ.env"), "NODE_ENV=production\n")
    fs.write(tmp("tree/logs/today.log"), "busy")
    fs.write(tmp("tree/logs/keep.log"), "kept")
    fs.mkdir(tmp("tree/empty"))
  end)

  it("packs files and folders in the order of their names, and GNU tar unpacks them as they were", function()
    local saved = saved_archive {}
    expect(names(saved.path)).to_equal {
      "./", "a.txt", "empty/", "logs/", "logs/keep.log", "logs/today.log", "設定/", "設定/アプリ.env",
    }
    fs.mkdir(tmp("into"))
    process.run { program = "tar", args = { "-xpf", saved.path, "-C", tmp("into") } }
    expect(below(tmp("into"))).to_equal(below(tmp("tree")))
  end)

  it("tells what is in it, in its answer and in its manifest", function()
    local saved = saved_archive {}
    expect(saved.archive.entries).to_be(8)
    expect(saved.archive.files).to_be(4)
    expect(saved.archive.dirs).to_be(4)
    expect(saved.archive.size_bytes).to_be(31)
    local manifest = manifest.read(saved.path)
    expect(#manifest.files).to_be(8)
    expect(manifest.files[2].path).to_be("a.txt")
    expect(manifest.files[2].sha256).to_be("7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed")
    expect(manifest.restore).to_be("cat a.tar | tar -xpf - -C " .. tmp("tree"))
  end)

  it("keeps whole paths when it is given no base: two files of one name are both there", function()
    fs.write(tmp("other/a.txt"), "two")
    local saved = archive.pack { roots = { tmp("tree/a.txt"), tmp("other") } }:zstd():save(tmp("out/a.tar.zst"))
    local top = string.sub(tmp("x"), 2, -2)
    expect(names(saved.path)).to_equal { top .. "other/", top .. "other/a.txt", top .. "tree/a.txt" }
  end)

  it("leaves out and takes in by the rules of .gitignore", function()
    local function left(options)
      local saved = saved_archive(options, "out/" .. clock.stamp() .. tostring(#fs.list { dir = tmp("."), recursive = true }) .. ".tar")
      return names(saved.path)
    end
    expect(left { exclude = { "*.log", "!keep.log", "/empty/" } })
      .to_equal { "./", "a.txt", "logs/", "logs/keep.log", "設定/", "設定/アプリ.env" }
    expect(left { include = { "*.env" } }).to_equal { "./", "設定/", "設定/アプリ.env" }
    expect(left { include = { "logs/" }, exclude = { "today.*" } }).to_equal { "./", "logs/", "logs/keep.log" }
  end)

  it("takes files by their age", function()
    process.run { program = "touch", args = { "-d", "2020-01-01 00:00:00 UTC", tmp("tree/a.txt") } }
    expect(names(saved_archive({ older_than = "300d" }, "out/old.tar").path)).to_equal { "./", "a.txt" }
    expect(names(saved_archive({ older_than = 1577836801 }, "out/old2.tar").path)).to_equal { "./", "a.txt" }
    expect(function() saved_archive({ older_than = 1577836800 }, "out/none.tar") end).to_raise { kind = "not_found", message = "nothing to pack" }
    -- Its mode or owner was changed, or it was moved here: it belongs into what is new.
    expect(#names(saved_archive({ newer_than = "1h" }, "out/new.tar").path)).to_be(7)
  end)

  it("refuses what would back up nothing", function()
    local function refused(options, wrong)
      expect(function() saved_archive(options, "out/refused.tar") end).to_raise(wrong)
      expect(fs.stat(tmp("out/refused.tar"))).to_be_nil()
    end
    refused({ exclude = { "*" } }, { kind = "recipe", message = "the patterns leave nothing of" })
    refused({ include = { "*.nothing" } }, { kind = "not_found", message = "there is nothing to pack" })
    refused({ roots = { tmp("tree/empty") } }, { kind = "not_found", message = "there is no file", hint = "allow_empty = true" })
    refused({ roots = {}, optional = { tmp("tree/absent") } }, { kind = "not_found", message = "none of the optional roots" })
    refused({ roots = { tmp("tree/absent") } }, { kind = "not_found", hint = "`optional`" })
    expect(names(saved_archive({ roots = { tmp("tree/empty") }, allow_empty = true }, "out/empty.tar").path)).to_equal { "empty/" }
  end)

  it("takes a root that may be missing, and says that it was", function()
    local saved = saved_archive { optional = { tmp("absent") }, base = "/" }
    expect(saved.archive.absent).to_equal { count = 1, first = { tmp("absent") } }
  end)

  it("refuses roots that cannot be meant", function()
    process.run { program = "ln", args = { "-s", tmp("tree"), tmp("link") } }
    process.run { program = "mkfifo", args = { tmp("pipe") } }
    local function refused(options, wrong)
      expect(function() archive.pack(options):save(tmp("out/refused.tar")) end).to_raise(wrong)
    end
    refused({}, { kind = "recipe", message = "nothing to pack" })
    refused({ roots = { "relative" } }, { kind = "recipe", message = "not absolute" })
    refused({ roots = { tmp("link") } }, { kind = "recipe", message = "it is a link", hint = "leads to" })
    refused({ roots = { tmp("pipe") } }, { kind = "recipe", message = "neither a file nor a folder" })
    refused({ roots = { tmp("tree"), tmp("tree/logs") } }, { kind = "recipe", message = "packed twice" })
    refused({ roots = { tmp("tree") }, base = tmp("other") }, { kind = "recipe", message = "is not below the base" })
    refused({ roots = { tmp("tree") }, exclude = { "a[" } }, { kind = "recipe", message = "`a[` is not a pattern" })
    refused({ roots = { tmp("tree") }, exclude = { "# logs" } }, { kind = "recipe", message = "is not a pattern" })
    refused({ roots = { tmp("tree") }, newer_than = "yesterday" }, { kind = "recipe", message = "is no moment" })
    refused({ roots = { "/var/hikae-nowhere" } }, { kind = "denied" })
  end)

  it("cannot be saved into what it packs, unless that is left out", function()
    expect(function() saved_archive({}, "tree/a.tar") end)
      .to_raise { kind = "recipe", message = "it would be in", hint = "exclude = { \"/a.tar\" }" }
    expect(function() saved_archive({}, "tree/backups/a.tar") end).to_raise { hint = "exclude = { \"/backups\" }" }
    expect(#saved_archive({ exclude = { "/backups/" } }, "tree/backups/a.tar").files).to_be(8)
  end)

  it("leaves out sockets and pipes, counts them, and never opens them", function()
    process.run { program = "mkfifo", args = { tmp("tree/pipe") } }
    local saved = saved_archive {}
    expect(saved.archive.fifos).to_be(1)
    expect(saved.archive.entries).to_be(8)
  end)

  it("keeps links as links and a file of two names once", function()
    process.run { program = "ln", args = { "-s", "/etc/shadow", tmp("tree/shadow") } }
    process.run { program = "ln", args = { tmp("tree/a.txt"), tmp("tree/logs/again") } }
    local saved = saved_archive {}
    expect(saved.archive.links).to_be(1)
    expect(saved.archive.hard_links).to_be(1)
    local list = archive.list(saved.path, { only = { "shadow", "again" } })
    expect(list[1].kind .. " " .. list[1].link).to_be("hard_link a.txt")
    expect(list[2].kind .. " " .. list[2].link).to_be("link /etc/shadow")
  end)

  it("has a list beside it when there are many entries, which a tee has too", function()
    for index = 1, 1001 do
      fs.write(tmp(string.format("many/%04d", index)), tostring(index))
    end
    local stream = archive.pack { roots = { tmp("many") }, base = tmp("many") }
    local saved = stream:tee(tmp("out/second.tar")):save(tmp("out/a.tar"))
    expect(saved.archive.entries).to_be(1002)
    expect(saved.files).to_be_nil()
    local lines = fs.open(saved.path .. ".files.jsonl.zst"):unzstd():text()
    local _, count = string.gsub(lines, "\n", "")
    expect(count).to_be(1002)
    for _i, path in ipairs { tmp("out/a.tar"), tmp("out/second.tar") } do
      local told = manifest.read(path)
      expect(told.files_list.name).to_be(string.match(path, "[^/]+$") .. ".files.jsonl.zst")
      expect(archive.verify(path).files).to_be(1001)
    end
    -- What is only read or sent somewhere has no list, and does not wait for one.
    expect(archive.pack { roots = { tmp("many") } }:discard().archive.files).to_be(1001)
  end)
end)

describe("archive.verify", function()
  before_each(function()
    fs.write(tmp("tree/a.txt"), "one")
    fs.write(tmp("tree/設定/アプリ.env"), "NODE_ENV=production\n")
    fs.write(tmp("tree/logs/today.log"), "busy")
    fs.write(tmp("tree/logs/keep.log"), "kept")
    fs.mkdir(tmp("tree/empty"))
  end)

  it("compares every entry with the list", function()
    local saved = archive.pack({ roots = { tmp("tree") }, base = tmp("tree") }):gzip():save(tmp("out/a.tar.gz"))
    local verified = archive.verify(saved.path)
    expect(verified).to_equal {
      path = saved.path, entries = 8, files = 4, plain_bytes = 31, size_bytes = saved.size_bytes, sha256 = saved.sha256,
    }
  end)

  it("finds whatever differs", function()
    local saved = saved_archive {}
    local whole, told = fs.read(saved.path), fs.read(saved.manifest)
    local function differs(changed, message)
      fs.write(saved.manifest, changed, { replace = true })
      expect(function() archive.verify(saved.path) end).to_raise { kind = "integrity", message = message }
    end
    differs(string.gsub(told, "7692c3ad", "00000000"), "`a.txt` in it is not what the list says: its SHA-256 is another")
    differs(string.gsub(told, '"a.txt"', '"b.txt"'), "its name is another")
    differs(string.gsub(told, '"size_bytes": 3,', '"size_bytes": 4,'), "its size is another")
    differs(string.gsub(told, '"mode": "0600"', '"mode": "0644"', 1), "its mode or time is another")
    fs.write(saved.manifest, told, { replace = true })
    fs.write(saved.path, string.gsub(whole, "one", "two", 1), { replace = true })
    expect(function() archive.verify(saved.path) end).to_raise { kind = "integrity", message = "`a.txt` in it is not" }
    fs.write(saved.path, string.sub(whole, 1, 2000), { replace = true })
    expect(function() archive.verify(saved.path) end).to_raise { kind = "integrity" }
  end)

  it("finds a list that is another, or is gone", function()
    for index = 1, 1001 do
      fs.write(tmp(string.format("many/%04d", index)), tostring(index))
    end
    local saved = archive.pack { roots = { tmp("many") } }:save(tmp("out/a.tar"))
    local list = saved.path .. ".files.jsonl.zst"
    fs.write(tmp("many/0500"), "other", { replace = true })
    local other = archive.pack { roots = { tmp("many") } }:save(tmp("out/b.tar"))
    fs.remove(list)
    expect(function() archive.verify(saved.path) end).to_raise { kind = "not_found" }
    fs.copy(other.path .. ".files.jsonl.zst", list)
    expect(function() archive.verify(saved.path) end).to_raise { kind = "integrity", message = "many/` in it is not what the list says" }
    fs.write(list, "nothing", { replace = true })
    expect(function() archive.verify(saved.path) end).to_raise { kind = "integrity", message = "cannot use the list" }
  end)

  it("needs a list", function()
    process.run { program = "tar", args = { "-C", tmp("tree"), "-cf", tmp("theirs.tar"), "." } }
    expect(function() archive.verify(tmp("theirs.tar")) end).to_raise { kind = "not_found", hint = "archive.list" }
  end)
end)

describe("archive.unpack and archive.list with patterns", function()
  before_each(function()
    fs.write(tmp("tree/a.txt"), "one")
    fs.write(tmp("tree/設定/アプリ.env"), "NODE_ENV=production\n")
    fs.write(tmp("tree/logs/today.log"), "busy")
    fs.write(tmp("tree/logs/keep.log"), "kept")
    fs.mkdir(tmp("tree/empty"))
  end)

  it("take what is asked for, and nothing else", function()
    local saved = saved_archive {}
    expect(names(saved.path, { only = { "*.log" } })).to_equal { "logs/keep.log", "logs/today.log" }
    expect(names(saved.path, { only = { "logs/", "!today.log" } })).to_equal { "logs/", "logs/keep.log" }
    local unpacked = archive.unpack { source = saved.path, into = tmp("into"), only = { "a.txt", "設定/" } }
    expect(unpacked.files).to_be(2)
    expect(below(tmp("into"))).to_equal { ["a.txt"] = "one", ["設定"] = "dir", ["設定/アプリ.env"] = "NODE_ENV=production\n" }
  end)

  it("say when a pattern fits nothing, and leave nothing then", function()
    local saved = saved_archive {}
    local wrong = { kind = "not_found", message = "fits `b.txt`" }
    expect(function() archive.list(saved.path, { only = { "a.txt", "b.txt" } }) end).to_raise(wrong)
    expect(function() archive.unpack { source = saved.path, into = tmp("into"), only = { "a.txt", "b.txt" } } end).to_raise(wrong)
    expect(fs.stat(tmp("into"))).to_be_nil()
  end)
end)

--- What the module `fs` promises.
--- The names in a table, sorted.
local function keys(table_of)
  local names = {}
  for name in pairs(table_of) do
    names[#names + 1] = name
  end
  table.sort(names)
  return names
end

local function names(list)
  local found = {}
  for index, entry in ipairs(list) do
    found[index] = entry.name
  end
  return found
end

describe("fs.list", function()
  before_each(function()
    for _i, name in ipairs { "db_1.sql.gz", "db_2.sql.gz", "db_2.sql.gz.manifest.json", "note.txt" } do
      fs.write(tmp(name), name)
    end
    fs.mkdir(tmp("below"))
    fs.write(tmp("below/db_3.sql.gz"), "3")
  end)

  it("gives the entries of a folder, sorted by path", function()
    expect(names(fs.list { dir = tmp() }))
      .to_equal { "below", "db_1.sql.gz", "db_2.sql.gz", "db_2.sql.gz.manifest.json", "note.txt" }
  end)

  it("gives each entry with the fields of its stub", function()
    local entry = fs.list({ dir = tmp(), name = "note.txt" })[1]
    expect(keys(entry)).to_equal { "age_secs", "group", "kind", "mode", "modified", "name", "owner", "path", "size_bytes" }
    expect(entry.path).to_be(tmp("note.txt"))
    expect(entry.size_bytes).to_be(8)
    expect(entry.mode).to_be(tonumber("600", 8))
  end)

  it("takes a pattern as the shell has it", function()
    expect(names(fs.list { dir = tmp(), name = "db_*.sql.gz" })).to_equal { "db_1.sql.gz", "db_2.sql.gz" }
    expect(names(fs.list { dir = tmp(), name = "db_[2-9]*" })).to_equal { "db_2.sql.gz", "db_2.sql.gz.manifest.json" }
    expect(names(fs.list { dir = tmp(), name = "nothing*" })).to_equal {}
  end)

  it("goes into folders below when it is asked to, and follows no link", function()
    process.run { program = "ln", args = { "-s", tmp(), tmp("below/loop") } }
    expect(names(fs.list { dir = tmp(), name = "*.gz", recursive = true }))
      .to_equal { "db_3.sql.gz", "db_1.sql.gz", "db_2.sql.gz" }
  end)

  it("takes one kind of entry", function()
    process.run { program = "ln", args = { "-s", "note.txt", tmp("link") } }
    expect(names(fs.list { dir = tmp(), kind = "dir" })).to_equal { "below" }
    expect(names(fs.list { dir = tmp(), kind = "link" })).to_equal { "link" }
    expect(#fs.list { dir = tmp(), kind = "file" }).to_be(4)
  end)

  it("counts ages in whole days, as find -mtime does", function()
    touch(tmp("db_1.sql.gz"), 30.9)
    touch(tmp("db_2.sql.gz"), 31.1)
    expect(names(fs.list { dir = tmp(), older_than_days = 30 })).to_equal { "db_2.sql.gz" }
    expect(names(fs.list { dir = tmp(), name = "*.gz", newer_than_days = 31 })).to_equal { "db_1.sql.gz" }
    local found = process.run { program = "find", args = { tmp(), "-mtime", "+30" } }
    expect(found.stdout).to_be(tmp("db_2.sql.gz") .. "\n")
  end)

  it("says that a folder is not there, and what a pattern lacks", function()
    expect(function() fs.list { dir = tmp("absent") } end).to_raise { kind = "not_found", message = "cannot list" }
    expect(function() fs.list { dir = tmp(), name = "[" } end).to_raise("`[` is not a file name pattern")
  end)

  it("suggests the option and the kind that was meant", function()
    expect(function() fs.list { dri = tmp() } end).to_raise { message = "`fs.list` has no option `dri`", hint = "did you mean `dir`?" }
    expect(function() fs.list { dir = tmp(), kind = "folder" } end).to_raise { hint = "`dir`" }
  end)
end)

describe("fs.stat", function()
  it("tells what lies there", function()
    fs.write(tmp("a"), "12345")
    touch(tmp("a"), 2)
    local stat = fs.stat(tmp("a"))
    expect(keys(stat)).to_equal { "age_secs", "group", "kind", "mode", "modified", "owner", "size_bytes" }
    expect(stat.kind).to_be("file")
    expect(stat.size_bytes).to_be(5)
    expect(stat.age_secs >= 2 * 86400 and stat.age_secs < 2 * 86400 + 60).to_be_true()
    expect(math.abs(stat.modified - (clock.now() - 2 * 86400)) < 60).to_be_true()
    expect(fs.stat(tmp()).kind).to_be("dir")
  end)

  it("gives nil when nothing does", function()
    expect(fs.stat(tmp("absent"))).to_be_nil()
    fs.write(tmp("file"), "")
    expect(fs.stat(tmp("file/below"))).to_be_nil()
  end)

  it("does not follow a link at the end", function()
    process.run { program = "ln", args = { "-s", "/etc/passwd", tmp("link") } }
    expect(fs.stat(tmp("link")).kind).to_be("link")
  end)

  it("refuses what lies outside the declared folders", function()
    expect(function() fs.stat("/etc/passwd") end).to_raise { kind = "denied" }
  end)
end)

describe("fs.read and fs.write", function()
  it("give back what was written, also bytes that are odd in a text", function()
    local text = "line\nバックアップ\0end"
    fs.write(tmp("a"), text)
    expect(fs.read(tmp("a"))).to_be(text)
    fs.write(tmp("empty"), "")
    expect(fs.read(tmp("empty"))).to_be("")
  end)

  it("make a file of mode 0600 and the folders above it", function()
    fs.write(tmp("new/folder/a"), "x")
    expect(fs.stat(tmp("new/folder/a")).mode).to_be(tonumber("600", 8))
    expect(fs.stat(tmp("new")).mode).to_be(tonumber("700", 8))
  end)

  it("take the place of another file only when asked to", function()
    fs.write(tmp("a"), "one")
    expect(function() fs.write(tmp("a"), "two") end).to_raise { kind = "already_exists" }
    expect(fs.read(tmp("a"))).to_be("one")
    fs.write(tmp("a"), "two", { replace = true })
    expect(fs.read(tmp("a"))).to_be("two")
  end)

  it("leave nothing but the file behind", function()
    fs.write(tmp("a"), "one")
    expect(process.run({ program = "ls", args = { "-A", tmp() } }).stdout).to_be("a\n")
  end)

  it("read 8 MiB and refuse more", function()
    process.run { program = "truncate", args = { "-s", "8M", tmp("large") } }
    expect(#fs.read(tmp("large"))).to_be(8 * 1024 * 1024)
    process.run { program = "truncate", args = { "-s", "+1", tmp("large") } }
    expect(function() fs.read(tmp("large")) end).to_raise { message = "it is larger than 8.4 MB", hint = "stream" }
  end)

  it("say what is not there", function()
    expect(function() fs.read(tmp("absent")) end).to_raise { kind = "not_found", message = "absent" }
    expect(function() fs.read(tmp()) end).to_raise { message = tmp() }
  end)
end)

describe("fs.mkdir", function()
  it("makes a folder of mode 0700 and those above it", function()
    fs.mkdir(tmp("a/b/c"))
    for _i, name in ipairs { "a", "a/b", "a/b/c" } do
      expect(fs.stat(tmp(name)).mode).to_be(tonumber("700", 8))
    end
  end)

  it("is content with one that stands, and not with a file", function()
    fs.mkdir(tmp("a"))
    fs.mkdir(tmp("a"))
    fs.write(tmp("file"), "")
    expect(function() fs.mkdir(tmp("file")) end).to_raise { kind = "already_exists", message = "not a folder" }
  end)
end)

describe("fs.rename", function()
  it("moves a file and a folder", function()
    fs.write(tmp("a"), "x")
    fs.mkdir(tmp("dir"))
    fs.rename(tmp("a"), tmp("dir/b"))
    fs.rename(tmp("dir"), tmp("other"))
    expect(fs.read(tmp("other/b"))).to_be("x")
    expect(fs.stat(tmp("a"))).to_be_nil()
  end)

  it("goes never over another file", function()
    fs.write(tmp("a"), "a")
    fs.write(tmp("b"), "b")
    expect(function() fs.rename(tmp("a"), tmp("b")) end).to_raise { kind = "already_exists" }
    expect(fs.read(tmp("b"))).to_be("b")
  end)
end)

describe("fs.copy", function()
  it("copies any bytes, with the mode that is asked for", function()
    process.run { program = "dd", args = { "if=/dev/urandom", "of=" .. tmp("a"), "bs=1k", "count=9000", "status=none" } }
    fs.copy(tmp("a"), tmp("new/b"), { mode = tonumber("640", 8) })
    process.run { program = "cmp", args = { tmp("a"), tmp("new/b") } }
    expect(fs.stat(tmp("new/b")).mode).to_be(tonumber("640", 8))
    fs.copy(tmp("a"), tmp("c"))
    expect(fs.stat(tmp("c")).mode).to_be(tonumber("600", 8))
  end)

  it("goes never over another file, and leaves nothing when it fails", function()
    fs.write(tmp("a"), "a")
    fs.write(tmp("b"), "b")
    expect(function() fs.copy(tmp("a"), tmp("b")) end).to_raise { kind = "already_exists" }
    expect(function() fs.copy(tmp("absent"), tmp("c")) end).to_raise { kind = "not_found" }
    expect(#fs.list { dir = tmp() }).to_be(2)
    expect(fs.read(tmp("b"))).to_be("b")
  end)
end)

describe("fs.remove", function()
  it("removes a folder with all that is in it, when it is asked to", function()
    fs.write(tmp("dir/a/b"), "x")
    fs.write(tmp("dir/a-b"), "x")
    fs.write(tmp("other"), "x")
    process.run { program = "ln", args = { "-s", tmp("other"), tmp("dir/link") } }
    -- What a run that was killed has left there.
    process.run { program = "touch", args = { tmp("dir/a/.b.1-1.hikae-part") } }
    fs.remove(tmp("dir"), { recursive = true })
    expect(fs.stat(tmp("dir"))).to_be_nil()
    expect(fs.read(tmp("other"))).to_be("x")
  end)

  it("removes a file, a link itself, and an empty folder", function()
    fs.write(tmp("a"), "x")
    process.run { program = "ln", args = { "-s", tmp("a"), tmp("link") } }
    fs.mkdir(tmp("dir"))
    fs.remove(tmp("link"))
    expect(fs.read(tmp("a"))).to_be("x")
    fs.remove(tmp("a"))
    fs.remove(tmp("dir"))
    expect(fs.list { dir = tmp() }).to_equal {}
  end)

  it("takes the reason, in words, and no other option", function()
    fs.write(tmp("a"), "x")
    fs.remove(tmp("a"), { why = "it is old" })
    expect(fs.stat(tmp("a"))).to_be(nil)
    expect(function() fs.remove(tmp("a"), { because = "it is old" }) end).to_raise { kind = "recipe" }
  end)

  it("refuses what is absent, and a folder with something in it", function()
    expect(function() fs.remove(tmp("absent")) end).to_raise { kind = "not_found" }
    fs.write(tmp("dir/a"), "x")
    expect(function() fs.remove(tmp("dir")) end).to_raise { hint = "the folder is not empty" }
    expect(fs.read(tmp("dir/a"))).to_be("x")
  end)
end)

describe("fs.list by size and moment", function()
  before_each(function()
    fs.write(tmp("small"), "x")
    fs.write(tmp("large"), string.rep("x", 2000))
    fs.write(tmp("old"), "xx")
    touch(tmp("old"), 10)
  end)

  local function found(options)
    options.dir = tmp()
    local names = {}
    for _i, entry in ipairs(fs.list(options)) do
      names[#names + 1] = entry.name
    end
    return names
  end

  it("takes files of a size, and no folder", function()
    fs.mkdir(tmp("dir"))
    expect(found { larger_than = 1 }).to_equal { "large", "old" }
    expect(found { larger_than = "1 kB" }).to_equal { "large" }
    expect(found { smaller_than = 2 }).to_equal { "small" }
    expect(found { larger_than = 2, smaller_than = 2000 }).to_equal {}
    expect(function() found { larger_than = "big" } end).to_raise { kind = "recipe", message = "`big` is not a size" }
  end)

  it("takes what was modified before a moment, or since", function()
    expect(found { modified_before = "9d" }).to_equal { "old" }
    expect(found { modified_after = "9d" }).to_equal { "large", "small" }
    local moment = fs.stat(tmp("old")).modified
    expect(found { modified_before = moment - 1 }).to_equal {}
    expect(found { modified_before = moment + 1 }).to_equal { "old" }
    expect(#found { modified_after = "1999-12-31T23:59:59Z" }).to_be(3)
    expect(function() found { modified_before = "last week" } end).to_raise { kind = "recipe", message = "is no moment" }
  end)
end)

describe("fs.remove with a list", function()
  it("takes as many entries as a search finds", function()
    fs.write(tmp("old"), "")
    local entry, list = fs.list({ dir = tmp(), name = "old" })[1], {}
    for index = 1, 30000 do
      local copy = {}
      for name, value in pairs(entry) do
        copy[name] = value
      end
      list[index] = copy
    end
    expect(function() fs.remove(list) end).to_raise { kind = "not_found" }
    expect(fs.stat(tmp("old"))).to_be_nil()
  end)

  it("removes paths and entries, what lies in a folder before the folder", function()
    fs.write(tmp("dir/sub/a"), "x")
    fs.write(tmp("dir/b"), "x")
    process.run { program = "ln", args = { "-s", "/etc/passwd", tmp("dir/link") } }
    fs.remove(fs.list { dir = tmp("dir"), recursive = true })
    expect(fs.list { dir = tmp("dir") }).to_equal {}
    fs.write(tmp("c"), "x")
    fs.remove { tmp("c"), tmp("dir") }
    expect(fs.list { dir = tmp() }).to_equal {}
    fs.remove {}
  end)

  it("removes all that it can, and tells of the others", function()
    fs.write(tmp("a"), "x")
    fs.write(tmp("dir/in"), "x")
    expect(function() fs.remove { tmp("a"), tmp("absent"), tmp("dir") } end)
      .to_raise { kind = "other", message = "cannot remove 2 of 3 files" }
    expect(fs.stat(tmp("a"))).to_be_nil()
    expect(fs.read(tmp("dir/in"))).to_be("x")
    expect(function() fs.remove { tmp("dir/in"), "/var/hikae-nowhere/x" } end).to_raise { kind = "denied" }
    expect(function() fs.remove({ tmp("dir") }, { recursive = true }) end).to_raise { kind = "recipe", message = "one folder" }
  end)
end)

describe("fs.set_mode and fs.set_owner", function()
  it("set the permission bits", function()
    fs.write(tmp("a"), "x")
    fs.set_mode(tmp("a"), "0640")
    expect(fs.stat(tmp("a")).mode).to_be(tonumber("640", 8))
    fs.set_mode(tmp("a"), tonumber("4700", 8))
    expect(fs.stat(tmp("a")).mode).to_be(tonumber("4700", 8))
    expect(function() fs.set_mode(tmp("a"), "0999") end).to_raise { kind = "recipe", message = "no permission bits" }
    expect(function() fs.set_mode(tmp("absent"), "0600") end).to_raise { kind = "not_found" }
  end)

  it("set the owner, by name or number", function()
    fs.write(tmp("a"), "x")
    fs.set_owner(tmp("a"), { user = 1234, group = "daemon" })
    local stat = fs.stat(tmp("a"))
    expect(stat.owner).to_be(1234)
    expect(stat.group).to_be(1)
    fs.set_owner(tmp("a"), { user = "root" })
    expect(fs.stat(tmp("a")).group).to_be(1)
    expect(function() fs.set_owner(tmp("a"), {}) end).to_raise { kind = "recipe", message = "given to nobody" }
    expect(function() fs.set_owner(tmp("a"), { user = "nobody-here" }) end).to_raise { kind = "not_found", message = "no user" }
  end)

  it("never go through a link", function()
    fs.write(tmp("a"), "x")
    process.run { program = "ln", args = { "-s", "a", tmp("link") } }
    expect(function() fs.set_mode(tmp("link"), "0777") end).to_raise { kind = "denied", message = "it is a link" }
    expect(function() fs.set_owner(tmp("link"), { user = 1234 }) end).to_raise { kind = "denied", message = "it is a link" }
    expect(fs.stat(tmp("a")).mode).to_be(tonumber("600", 8))
    expect(fs.stat(tmp("a")).owner).to_be(0)
  end)
end)

it("fs.usage counts files and what is in them, whatever their names, and follows no link", function()
  fs.write(tmp("usage/a"), "12345")
  fs.write(tmp("usage/deep/b"), "123")
  process.run { program = "sh", args = { "-c", "cd \"$1\" && printf x > \"$(printf 'o\\377dd')\" && ln -s /etc/passwd link", "sh", tmp("usage/deep") } }
  expect(fs.usage(tmp("usage"))).to_equal { files = 3, size_bytes = 9 }
  expect(function() fs.usage(tmp("absent")) end).to_raise { kind = "not_found" }
  expect(function() fs.list { dir = tmp("usage"), recursive = true } end).to_raise("is not UTF-8")
  local entries, skipped = fs.list { dir = tmp("usage"), recursive = true, kind = "file", not_utf8 = "skip" }
  expect(#entries).to_be(2)
  expect(skipped).to_be(1)
end)

it("fs.disk_free tells the space of a file system", function()
  local space = fs.disk_free(tmp())
  expect(keys(space)).to_equal { "free", "free_bytes", "total_bytes" }
  expect(space.free_bytes > 0 and space.free_bytes <= space.total_bytes).to_be_true()
  expect(space.free).to_match("^%d+%.?%d* [kMGTP]?B$")
end)

describe("fs.open", function()
  it("gives a stream of the bytes of a file", function()
    fs.write(tmp("a"), "bytes")
    expect(fs.open(tmp("a")):text()).to_be("bytes")
  end)

  it("opens the file only when the stream is consumed", function()
    local stream = fs.open(tmp("later"))
    fs.write(tmp("later"), "now")
    expect(stream:text()).to_be("now")
    expect(function() fs.open(tmp("absent")):discard() end).to_raise { kind = "not_found" }
  end)
end)

it("refuses a link that leads out of the declared folder", function()
  process.run { program = "ln", args = { "-s", "/etc/passwd", tmp("link") } }
  expect(function() fs.read(tmp("link")) end).to_raise { kind = "denied", message = "a link leads out of" }
  expect(function() fs.read(tmp("../../etc/passwd")) end).to_raise { kind = "denied" }
end)

--- What a stream promises.
local PLAIN = string.rep("the quick brown fox jumps over the lazy dog\n", 2000)

before_each(function() fs.write(tmp("plain"), PLAIN) end)

local function plain() return fs.open(tmp("plain")) end

local function sha256sum(file)
  return string.match(process.run({ program = "sha256sum", args = { file } }).stdout, "^%x+")
end

describe(":gzip", function()
  it("writes what gzip itself reads, and comes back through :gunzip", function()
    local backup = plain():gzip():save(tmp("x.gz"))
    expect(process.run({ program = "gzip", args = { "-dc", tmp("x.gz") } }).stdout).to_be(PLAIN)
    expect(fs.open(tmp("x.gz")):gunzip():text()).to_be(PLAIN)
    expect(backup.size_bytes < backup.plain_bytes).to_be_true()
    expect(backup.plain_bytes).to_be(#PLAIN)
  end)

  it("takes a level and a number of threads", function()
    expect(plain():gzip({ level = 0 }):discard().size_bytes > #PLAIN).to_be_true()
    local fast = plain():gzip({ level = 1, threads = 1 }):discard().size_bytes
    expect(plain():gzip({ level = 9 }):discard().size_bytes <= fast).to_be_true()
  end)

  it("refuses a level that there is not, and an option that it does not know", function()
    expect(function() plain():gzip { level = 10 } end).to_raise("`level` of `:gzip` must be a whole number from 0 to 9, not `10`")
    expect(function() plain():gzip { levle = 9 } end).to_raise { hint = "did you mean `level`?" }
    expect(function() plain():gzip { level = "best" } end).to_raise("`level` of `gzip` must be")
  end)
end)

describe(":zstd", function()
  it("writes what zstd itself reads, and comes back through :unzstd", function()
    plain():zstd({ level = 3 }):save(tmp("x.zst"))
    expect(process.run({ program = "zstd", args = { "-dcq", tmp("x.zst") } }).stdout).to_be(PLAIN)
    expect(fs.open(tmp("x.zst")):unzstd():text()).to_be(PLAIN)
  end)

  it("refuses a level that there is not", function()
    expect(function() plain():zstd { level = 20 } end).to_raise("`level` of `:zstd` must be a whole number from 1 to 19, not `20`")
  end)
end)

describe(":gunzip and :unzstd", function()
  it("refuse data that ends too early or was changed", function()
    plain():gzip():save(tmp("x.gz"))
    plain():zstd():save(tmp("x.zst"))
    for _i, name in ipairs { "x.gz", "x.zst" } do
      process.run { program = "truncate", args = { "-s", "-3", tmp(name) } }
    end
    expect(function() fs.open(tmp("x.gz")):gunzip():discard() end).to_raise { kind = "integrity" }
    expect(function() fs.open(tmp("x.zst")):unzstd():discard() end).to_raise { kind = "integrity" }
    expect(function() plain():gunzip():discard() end).to_raise { kind = "integrity" }
  end)
end)

it(":decompress undoes whichever it finds, and passes plain bytes on", function()
  plain():gzip():save(tmp("x.gz"))
  plain():zstd():save(tmp("x.zst"))
  for _i, name in ipairs { "x.gz", "x.zst", "plain" } do
    expect(fs.open(tmp(name)):decompress():text()).to_be(PLAIN)
  end
end)

describe(":hash", function()
  it("takes the SHA-256 at its place, as sha256sum does", function()
    local facts = plain():hash("plain"):gzip():hash("packed"):discard()
    expect(facts.hashes.plain).to_be(sha256sum(tmp("plain")))
    expect(facts.hashes.packed).to_be(facts.sha256)
  end)

  it("is called sha256 when it has no label", function()
    expect(plain():hash():discard().hashes).to_equal { sha256 = sha256sum(tmp("plain")) }
  end)
end)

describe(":tap_lines", function()
  it("shows every line without its end, and changes no byte", function()
    fs.write(tmp("lines"), "one\ntwo\r\n\nlast without an end")
    local seen = {}
    local text = fs.open(tmp("lines")):tap_lines(function(line) seen[#seen + 1] = line end):text()
    expect(text).to_be("one\ntwo\r\n\nlast without an end")
    expect(seen).to_equal { "one", "two\r", "", "last without an end" }
  end)

  it("lets the function wait and the whole stream pass", function()
    local count = 0
    local facts = plain():tap_lines(function()
      count = count + 1
      if count % 500 == 0 then
        clock.sleep(0.001)
      end
    end):discard()
    expect(count).to_be(2000)
    expect(facts.size_bytes).to_be(#PLAIN)
  end)

  it("fails the stream when the function fails, and leaves no file", function()
    expect(function()
      plain():tap_lines(function() error("a line that I do not like") end):save(tmp("bad"))
    end).to_raise("a line that I do not like")
    expect(fs.stat(tmp("bad"))).to_be_nil()
  end)

  it("wants a function", function()
    expect(function() plain():tap_lines("x") end).to_raise("`tap_lines` takes a function, but was given a string")
  end)
end)

describe(":tee", function()
  it("writes the same bytes to a second file, with a manifest of its own", function()
    plain():tee(tmp("copy")):gzip():save(tmp("x.gz"))
    expect(fs.read(tmp("copy"))).to_be(PLAIN)
    expect(json.decode(fs.read(tmp("copy.manifest.json"))).sha256).to_be(sha256sum(tmp("copy")))
    expect(json.decode(fs.read(tmp("x.gz.manifest.json"))).sha256).to_be(sha256sum(tmp("x.gz")))
  end)

  it("leaves neither file when the source fails", function()
    local bad = process.stream { program = "sh", args = { "-c", "echo half; exit 1" } }
    expect(function() bad:tee(tmp("copy")):save(tmp("first")) end).to_raise { kind = "command" }
    expect(#fs.list { dir = tmp() }).to_be(1)
  end)

  it("needs a :save behind it", function()
    expect(function() plain():tee(tmp("copy")):discard() end).to_raise("has no `:save(path)` after it")
    expect(function() plain():tee(tmp("copy")):text() end).to_raise("has no `:save(path)` after it")
    expect(fs.stat(tmp("copy"))).to_be_nil()
  end)
end)

describe(":save", function()
  it("gives the backup with its size, hash and manifest", function()
    local backup = plain():save(tmp("x"))
    expect(backup).to_equal {
      path = tmp("x"),
      manifest = tmp("x.manifest.json"),
      size = "88.0 kB",
      size_bytes = #PLAIN,
      plain_bytes = #PLAIN,
      sha256 = sha256sum(tmp("x")),
      hashes = {},
    }
  end)

  it("writes files of mode 0600", function()
    plain():save(tmp("x"))
    expect(fs.stat(tmp("x")).mode).to_be(tonumber("600", 8))
    expect(fs.stat(tmp("x.manifest.json")).mode).to_be(tonumber("600", 8))
  end)

  it("describes the backup in its manifest, with a line that restores it", function()
    plain():gzip():save(tmp("x.gz"))
    local manifest = json.decode(fs.read(tmp("x.gz.manifest.json")))
    expect(manifest.manifest).to_be(1)
    expect(manifest.name).to_be("x.gz")
    expect(manifest.run_id).to_be(run.id())
    expect(manifest.size_bytes).to_be(fs.stat(tmp("x.gz")).size_bytes)
    process.run { program = "sh", args = { "-c", manifest.restore }, cwd = tmp() }
    expect(sha256sum(tmp("restored"))).to_be(sha256sum(tmp("plain")))
  end)

  it("goes never over another file", function()
    fs.write(tmp("x"), "older")
    expect(function() plain():save(tmp("x")) end).to_raise { kind = "already_exists", hint = "clock.stamp()" }
    expect(fs.read(tmp("x"))).to_be("older")
    expect(fs.stat(tmp("x.manifest.json"))).to_be_nil()
  end)

  it("refuses an option that it does not know, and a path outside", function()
    expect(function() plain():save(tmp("x"), { timout = 3 }) end).to_raise { hint = "did you mean `timeout`?" }
    expect(function() plain():save("/elsewhere/x") end).to_raise { kind = "denied" }
    expect(function() plain():save() end).to_raise { kind = "recipe" }
  end)
end)

it(":discard keeps nothing but what the stream told about itself", function()
  local facts = plain():discard()
  expect(facts).to_equal { size_bytes = #PLAIN, plain_bytes = #PLAIN, sha256 = sha256sum(tmp("plain")), hashes = {} }
  expect(run.backups()).to_equal {}
end)

describe(":text", function()
  it("gives all bytes, up to 1 MiB", function()
    process.run { program = "truncate", args = { "-s", "1M", tmp("large") } }
    expect(#fs.open(tmp("large")):text()).to_be(1024 * 1024)
    process.run { program = "truncate", args = { "-s", "+1", tmp("large") } }
    expect(function() fs.open(tmp("large")):text() end).to_raise { kind = "space", hint = "max_bytes" }
    expect(#fs.open(tmp("large")):text { max_bytes = 2 * 1024 * 1024 }).to_be(1024 * 1024 + 1)
  end)
end)

describe("a stream", function()
  it("can be used once, and names both places when it is used twice", function()
    local stream = plain()
    stream:discard()
    local failure = expect(function() stream:discard() end).to_raise { kind = "recipe", hint = "can be read once" }
    expect(failure.message).to_match("made at tests/modules/stream_spec%.lua:%d+ is used a second time")
    expect(failure.message).to_match("it was used up at tests/modules/stream_spec%.lua:%d+")
  end)

  it("is used up by a stage that is put behind it", function()
    local stream = plain()
    stream:gzip():discard()
    expect(function() stream:discard() end).to_raise("is used a second time")
  end)

  it("has a hint for a dot where a colon belongs", function()
    for _i, name in ipairs { "gzip", "discard", "save", "text", "tap_lines", "tee", "hash", "gunzip" } do
      expect(function() plain()[name]() end).to_raise { kind = "recipe", hint = "stream:" .. name .. "(...)" }
    end
  end)

  it("suggests the method that was meant, and lists them all otherwise", function()
    expect(function() plain():gizp() end).to_raise { message = "a stream has no method `gizp`", hint = "did you mean `:gzip`?" }
    expect(function() plain():frobnicate() end).to_raise { hint = "the methods are :age, :check, :copies, :decompress, :discard" }
  end)

  it("cannot be changed", function()
    expect(function() plain().extra = 1 end).to_raise()
  end)
end)

describe("a backup of nothing", function()
  local function nothing(...) return process.stream { program = "sh", args = { "-c", ... } } end

  it("is refused, and nothing is left of it", function()
    for what, why in pairs {
      ["true"] = "it has no byte",
      ["printf '' | gzip"] = "it holds no byte when it is unpacked",
      ["tar -cf - --files-from /dev/null"] = "it is an archive without entries",
      ["tar -cf - --files-from /dev/null | gzip"] = "it is an archive without entries",
    } do
      for _i, stage in ipairs { "gzip", "zstd", "hash" } do
        local stream = nothing(what)
        local function save() stream[stage](stream):save(tmp("nothing")) end
        expect(save).to_raise { kind = "integrity", message = why, hint = "allow_empty = true" }
        expect(fs.stat(tmp("nothing"))).to_be_nil()
        expect(fs.stat(tmp("nothing.manifest.json"))).to_be_nil()
      end
    end
    fs.write(tmp("empty"), "")
    expect(function() fs.open(tmp("empty")):gzip():save(tmp("nothing")) end).to_raise { kind = "integrity" }
  end)

  it("is kept where the recipe allows it", function()
    expect(nothing("true"):save(tmp("nothing"), { allow_empty = true }).size_bytes).to_be(0)
  end)
end)

describe(":ends_with", function()
  it("lets pass what ends so, whatever the pieces", function()
    expect(plain():ends_with("lazy dog\n"):gzip():save(tmp("x.gz")).plain_bytes).to_be(#PLAIN)
  end)

  it("refuses what ends otherwise, before anything is committed", function()
    expect(function() plain():ends_with("-- done\n"):save(tmp("x")) end)
      .to_raise { kind = "integrity", message = "it ends with `azy dog\\n`" }
    expect(function() plain():ends_with(PLAIN .. "x"):discard() end).to_raise { kind = "integrity" }
    expect(function() plain():ends_with("") end).to_raise("needs a text")
    expect(fs.stat(tmp("x"))).to_be_nil()
  end)
end)

describe(":check", function()
  it("shows the size, the beginning and the end", function()
    local seen
    plain():check(function(what) seen = what return true end):gzip():save(tmp("x.gz"))
    expect(seen.size_bytes).to_be(#PLAIN)
    expect(seen.head).to_be(string.sub(PLAIN, 1, 4096))
    expect(seen.tail).to_be(string.sub(PLAIN, -4096))
  end)

  it("refuses what is not found good, with the reason, before anything is committed", function()
    local function save(check) return function() plain():check(check):save(tmp("x")) end end
    expect(save(function() return false, "no trailer" end)).to_raise { kind = "integrity", message = "no trailer" }
    expect(save(function(seen) return string.match(seen.tail, "trailer") end)).to_raise { kind = "integrity" }
    expect(save(function() error { kind = "integrity", message = "I do not know this" } end)).to_raise("I do not know this")
    expect(fs.stat(tmp("x"))).to_be_nil()
  end)
end)

it("a line of its own restores a format of its own", function()
  plain():save(tmp("x"), { restore = "mytool --load x" })
  expect(manifest.read(tmp("x")).restore).to_be("mytool --load x")
  expect(function() plain():save(tmp("y"), { restore = "a\nb" }) end).to_raise("one line")
end)

it("a wrong handle is blamed on the method that was called", function()
  local stream = plain()
  for _i, name in ipairs { "save", "discard", "text", "tee", "gzip" } do
    expect(function() stream[name](objects, tmp("x")) end).to_raise("`" .. name .. "` was called without its stream")
  end
  stream:discard()
end)

local IDENTITY = "AGE-SECRET-KEY-1N5W7FJ4S0TEAZG5A8UZ7HGT7EGHHLW2YS7SP65MQ0KGK3JPUUEHS5T3AER"
local RECIPIENT = "age177ar7ec59df0k6f48k75nhfy2psj9092jhvwhc850vfaeh78j3gsue9s4w"

describe(":age", function()
  it("encrypts to recipients, proves what is stored, and comes back by age itself", function()
    fs.write(tmp("identity.txt"), IDENTITY .. "\n")
    local backup = plain():gzip():age({ recipients = { RECIPIENT } }):save(tmp("x.gz.age"))
    local restored = process.run { program = "age", args = { "--decrypt", "-i", tmp("identity.txt"), "-o", tmp("x.gz"), tmp("x.gz.age") } }
    expect(restored.code).to_be(0)
    expect(process.run({ program = "gzip", args = { "-dc", tmp("x.gz") } }).stdout).to_be(PLAIN)
    expect(fs.open(tmp("x.gz.age")):unage({ identity = tmp("identity.txt") }):gunzip():text()).to_be(PLAIN)
    expect(fs.open(tmp("x.gz.age")):unage({ identity = secret(IDENTITY) }):gunzip():text()).to_be(PLAIN)
    local described = manifest.read(backup.path)
    expect(described.encryption.kind).to_be("age")
    expect(described.encryption.recipients).to_equal { RECIPIENT }
    expect(described.encryption.throwaway).to_match("^age1")
    expect(described.restore).to_be("age --decrypt --identity identity.txt x.gz.age | gzip -dc > restored")
  end)

  it("encrypts by a passphrase", function()
    local backup = plain():age({ passphrase = secret "correct horse" }):save(tmp("x.age"))
    expect(fs.open(tmp("x.age")):unage({ passphrase = secret "correct horse" }):text()).to_be(PLAIN)
    expect(function() fs.open(tmp("x.age")):unage({ passphrase = secret "wrong" }):text() end).to_raise { kind = "denied" }
    expect(manifest.read(backup.path).encryption).to_equal { kind = "age", recipients = {}, passphrase = true }
  end)

  it("refuses what is no key, before a byte moves", function()
    expect(function() plain():age {} end).to_raise("`:age` gives nobody the key")
    expect(function() plain():age { recipients = {} } end).to_raise("to no recipient")
    expect(function() plain():age { recipients = { "age1x" } } end).to_raise("`age1x` is no recipient of `age`")
    expect(function() plain():age { recipients = { RECIPIENT }, passphrase = secret "x" } end).to_raise("not both")
    expect(function() plain():age { recipients = { IDENTITY } } end).to_raise("which is a secret")
    expect(function() plain():unage {} end).to_raise("`:unage` needs a key")
    expect(function() plain():unage({ identity = tmp("none") }):text() end).to_raise { kind = "not_found" }
  end)

  it("is verified as whole without its key, and opened with it", function()
    fs.write(tmp("identity.txt"), IDENTITY .. "\n")
    plain():gzip():age({ recipients = { RECIPIENT } }):save(tmp("x.gz.age"))
    local whole = manifest.verify(tmp("x.gz.age"))
    expect(whole.encryption).to_be("age")
    expect(whole.opened).to_be_false()
    expect(manifest.verify(tmp("x.gz.age"), { identity = tmp("identity.txt") }).opened).to_be_true()
    local stranger = secret "AGE-SECRET-KEY-1UV2YMCP9XH2VLEJHCYVMSTTLVCUVJVR2H2FGPCT9WD8HS4RLESZQ0KNFNW"
    expect(function() manifest.verify(tmp("x.gz.age"), { identity = stranger }) end).to_raise { kind = "denied" }
  end)
end)

describe(":through", function()
  it("sends the bytes through a program, and says how it is undone", function()
    local backup = plain():through({ program = "gzip", args = { "-9" }, undo = "gzip -dc" }):save(tmp("x.gz"))
    expect(fs.open(tmp("x.gz")):gunzip():text()).to_be(PLAIN)
    expect(manifest.read(backup.path).restore).to_be("gzip -dc x.gz > restored")
    local one_way = plain():gzip():through({ program = "tr", args = { "a", "b" } }):gzip():save(tmp("y"))
    expect(manifest.read(one_way.path).restore).to_be("gzip -dc y > restored")
  end)

  it("takes nothing of a program that fails, or ends before it has read everything", function()
    local function through(program, ...) return plain():through({ program = program, args = { ... } }):save(tmp("x")) end
    expect(function() through("false") end).to_raise { kind = "command" }
    expect(function() through("true") end).to_raise("`true` ended before it had read everything")
    expect(function() through("head", "-c", "10") end).to_raise("`head` ended before it had read everything")
    expect(function() through("no-such-program") end).to_raise { kind = "not_found" }
    expect(fs.stat(tmp("x"))).to_be_nil()
  end)

  it("ends one that writes without end, and one that never reads", function()
    expect(function() plain():through({ program = "yes", max_bytes = 1000000 }):discard() end).to_raise("`yes` writes without end")
    expect(function() plain():through({ program = "sleep", args = { "60" }, idle_timeout = 1 }):discard() end)
      .to_raise { kind = "timeout" }
  end)

  it("must come before the encryption, which is proved", function()
    local stream = plain():age({ recipients = { RECIPIENT } }):through { program = "cat" }
    expect(function() stream:save(tmp("x")) end).to_raise("cannot prove what `cat` makes of an encrypted stream")
  end)
end)

describe(":copies", function()
  it("gives one reading to several places, each with its own stages and manifest", function()
    local made, failures = plain():hash("plain"):copies {
      gz = function(copy) return copy:gzip():save(tmp("x.gz")) end,
      age = function(copy) return copy:zstd():age({ recipients = { RECIPIENT } }):save(tmp("x.zst.age")) end,
    }
    expect(failures).to_equal {}
    expect(fs.open(made.gz.path):gunzip():text()).to_be(PLAIN)
    expect(fs.open(made.age.path):unage({ identity = secret(IDENTITY) }):unzstd():text()).to_be(PLAIN)
    expect(manifest.read(made.gz.path).restore).to_be("gzip -dc x.gz > restored")
    expect(manifest.read(made.age.path).restore).to_be("age --decrypt --identity identity.txt x.zst.age | zstd -dc > restored")
    expect(manifest.read(made.gz.path).plain_bytes).to_be(#PLAIN)
    expect(made.age.hashes.plain).to_be(sha256sum(tmp("plain")))
  end)

  it("makes the others when one fails", function()
    local made, failures = plain():copies {
      bad = function(copy) return copy:save("/dev/full/x") end,
      good = function(copy) return copy:save(tmp("good")) end,
    }
    expect(made.bad).to_be_nil()
    expect(fs.stat(tmp("good"))).never_to_be_nil()
    expect(failures.bad.message).to_match("^the copy `bad` failed")
    errors.accept(failures.bad, "it is a test")
  end)

  it("fails when all fail, with the words of the source where that is why", function()
    expect(function()
      plain():copies { a = function(copy) return copy:save("/dev/full/x") end, b = function(copy) return copy:save("/dev/null/x") end }
    end).to_raise("no copy of")
    local bad = process.stream { program = "false" }
    expect(function()
      bad:copies { a = function(copy) return copy:save(tmp("a")) end, b = function(copy) return copy:save(tmp("b")) end }
    end).to_raise("`false` failed")
    expect(fs.stat(tmp("a"))).to_be_nil()
  end)

  it("refuses what is no copy", function()
    expect(function() plain():copies {} end).to_raise("makes 1 to 32 copies, not 0")
    expect(function() plain():copies { a = 1 } end).to_raise("the copy `a` of `:copies` is not a function")
    expect(function() plain():tee(tmp("t")):copies { a = function(copy) return copy:discard() end } end).to_raise("`:tee` comes before")
  end)
end)

it("a copy by :tee says how it is restored itself, whatever stages come behind it", function()
  plain():tee(tmp("first")):gzip():save(tmp("x.gz"))
  expect(manifest.read(tmp("first")).restore).to_be("cat first > restored")
end)

describe("an encrypted archive", function()
  local function folder()
    fs.write(tmp("in/secret plan.txt"), "rows")
    fs.write(tmp("in/other.txt"), "more")
    return archive.pack({ roots = { tmp("in") }, base = tmp() }):zstd():age { recipients = { RECIPIENT } }
  end

  it("names none of its files outside the encryption, and is opened, listed and verified with its key", function()
    local backup = folder():save(tmp("a.tar.zst.age"))
    for _i, found in ipairs(fs.list { dir = tmp(), kind = "file" }) do
      expect(string.find(fs.read(found.path), "secret plan", 1, true)).to_be_nil()
    end
    local described = manifest.read(backup.path)
    expect(described.files).to_be_nil()
    expect(described.archive.files).to_be(2)
    expect(described.files_list.name).to_be("a.tar.zst.age.files.jsonl.zst")
    local key = { identity = secret(IDENTITY) }
    expect(archive.verify(backup.path, key).files).to_be(2)
    expect(#archive.list(backup.path, key)).to_be(3)
    archive.unpack { source = backup.path, into = tmp("out"), identity = secret(IDENTITY) }
    expect(fs.read(tmp("out/in/secret plan.txt"))).to_be("rows")
    expect(function() archive.list(backup.path) end).to_raise { kind = "denied", message = "it is encrypted with `age`" }
  end)

  it("is saved in two places at once, each with its list", function()
    local made = folder():copies {
      one = function(copy) return copy:save(tmp("one.age")) end,
      two = function(copy) return copy:save(tmp("two.age")) end,
    }
    for _name, backup in pairs(made) do
      expect(archive.verify(backup.path, { identity = secret(IDENTITY) }).files).to_be(2)
    end
  end)
end)

it("several copies of an archive of many files have its list each", function()
  for number = 1, 1100 do
    fs.write(tmp("many/" .. number), tostring(number))
  end
  local made = archive.pack({ roots = { tmp("many") }, base = tmp() }):copies {
    plain = function(copy) return copy:save(tmp("plain.tar")) end,
    packed = function(copy) return copy:zstd():save(tmp("packed.tar.zst")) end,
    hidden = function(copy) return copy:age({ recipients = { RECIPIENT } }):save(tmp("hidden.tar.age")) end,
  }
  expect(archive.verify(made.plain.path).files).to_be(1100)
  expect(archive.verify(made.packed.path).files).to_be(1100)
  expect(archive.verify(made.hidden.path, { identity = secret(IDENTITY) }).files).to_be(1100)
  expect(string.sub(fs.read(tmp("hidden.tar.age.files.jsonl.zst")), 1, 3)).to_be("age")
end)

--- What hikae.diffs promises: what is different is told, and no value that could be a secret.
local diffs = require "hikae.diffs"

local function nothing()
  return false
end

--- The lines that tell how a file would change.
local function lines(name, old, new)
  fs.write(tmp("live/" .. name), old)
  fs.write(tmp("new/" .. name), new)
  return diffs.lines(tmp("new/" .. name), tmp("live/" .. name))
end

describe("diffs.between", function()
  before_each(function()
    for _i, name in ipairs { "same", "b/changed", "b/new", "c/far" } do
      fs.write(tmp("new/" .. name), "new")
    end
    fs.write(tmp("live/same"), "new")
    fs.write(tmp("live/b/changed"), "old")
    fs.write(tmp("live/b/gone"), "old")
    fs.write(tmp("live/other/own"), "old")
  end)

  it("tells what is new, changed and only live, in order, and looks into no other folder", function()
    expect(diffs.between(tmp("new"), tmp("live"), nothing)).to_equal {
      { name = "b/changed", kind = "changed" }, { name = "b/gone", kind = "gone" },
      { name = "b/new", kind = "new" }, { name = "c/far", kind = "new" },
    }
  end)

  it("passes over what it is told to", function()
    local found = diffs.between(tmp("new"), tmp("live"), function(name) return name == "b/gone" end)
    expect(#found).to_be(3)
  end)

  it("compares large files to their end", function()
    for _i, name in ipairs { "new/large", "live/large", "new/larger", "live/larger" } do
      process.run { program = "truncate", args = { "-s", "300K", tmp(name) } }
    end
    process.run { program = "dd", args = { "if=/dev/urandom", "of=" .. tmp("live/larger"), "bs=1", "count=8", "seek=300000", "conv=notrunc", "status=none" } }
    local found = diffs.between(tmp("new"), tmp("live"), nothing)
    expect(found[#found]).to_equal { name = "larger", kind = "changed" }
    expect(#found).to_be(5)
    expect(diffs.lines(tmp("new/larger"), tmp("live/larger"))).to_equal { "its content is another" }
  end)

  it("refuses a folder where a file belongs", function()
    fs.mkdir(tmp("live/c/far"))
    expect(function() diffs.between(tmp("new"), tmp("live"), nothing) end).to_raise { kind = "already_exists", message = "is not a file" }
  end)
end)

describe("diffs.lines", function()
  it("tells the lines that go and that come, with their places", function()
    expect(lines("a.conf", "one\ntwo\nthree\n", "one\n2\nthree\nfour")).to_equal { "-2: two", "+2: 2", "+4: four" }
    expect(lines("b.conf", "", "one\n")).to_equal { "+1: one" }
    expect(lines("c.conf", "one\ntwo\n", "")).to_equal { "-1: one", "-2: two" }
  end)

  it("tells of variables their names alone", function()
    local old, new = "# c\nexport A=1\nB=secret-walnut\nC=3\n", "A=2\nB=secret-walnut\nD=secret-almond\n"
    for _i, name in ipairs { ".env", "production.env", ".env.local", "app/env_vars.txt" } do
      expect(lines(name, old, new)).to_equal { "+ D", "- C", "~ A" }
    end
  end)

  it("shows no key, no bytes, and not thousands of lines", function()
    expect(lines("key.pem", "-----BEGIN PRIVATE KEY-----\nx\n", "y\n")).to_equal { "its content is another" }
    expect(lines("image", "a\0b", "a")).to_equal { "its content is another" }
    expect(lines("long", string.rep("a\n", 500), string.rep("b\n", 400))).to_equal { "400 lines instead of 500" }
  end)
end)

it("diffs.masked hides what could be a secret, and leaves the rest", function()
  for line, masked in pairs {
    ["listen 443 ssl;"] = "listen 443 ssl;",
    ["  DB_PASSWORD: walnut"] = "  DB_PASSWORD: ****",
    ["api_key = walnut # x"] = "api_key = ****",
    ["url: postgres://me:walnut@db:5432/shop"] = "url: postgres://****@db:5432/shop",
    ["id 8f14e45fceea167a5a36dedd4bea2543 x"] = "id **** x",
    ["/etc/nginx/sites-available/english-cafe"] = "/etc/nginx/sites-available/english-cafe",
  } do
    expect(diffs.masked(line)).to_be(masked)
  end
end)

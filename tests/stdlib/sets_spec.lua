--- What hikae.sets promises.
local sets = require "hikae.sets"

--- A stream of a small text.
local function text(words)
  return function()
    if not fs.stat(tmp("plain")) then
      fs.write(tmp("plain"), words)
    end
    return fs.open(tmp("plain"))
  end
end

it("sets.file_name gives each text a name of its own, and none that leads elsewhere", function()
  expect(sets.file_name("shop")).to_be("shop")
  expect(sets.file_name("控え")).to_be("控え")
  expect(sets.file_name("../a b%")).to_be("..%2Fa%20b%25")
end)

it("sets.finish makes a set complete", function()
  local set = sets.begin(tmp(), "set_20260215_010000")
  expect(fs.stat(path.join(set.folder, "INCOMPLETE.txt")) ~= nil).to_be_true()
  sets.save(set, "a", "a.txt", text("a"))
  expect(sets.finish(set).files[1].path).to_be("set_20260215_010000/a.txt")
  expect(fs.stat(path.join(set.folder, "INCOMPLETE.txt"))).to_be_nil()
  expect(sets.look(tmp(), "set_*")[1].proved).to_be_true()
end)

it("a set with a part that failed is not complete, says why, and has the others", function()
  local set = sets.begin(tmp(), "set_20260215_010000")
  sets.save(set, "bad", "bad.txt", function() return fs.open(tmp("not there")) end)
  sets.save(set, "good", "good.txt", text("a"))
  expect(function() sets.finish(set) end).to_raise { kind = "not_found", message = "is not complete without `bad`" }
  expect(fs.read(path.join(set.folder, "INCOMPLETE.txt"))).to_contain("- bad: ")
  expect(fs.stat(set.folder .. ".sha256")).to_be_nil()
  expect(sets.look(tmp(), "set_*")).to_equal { { name = "set_20260215_010000", stamp = "20260215_010000", proved = false } }
end)

it("sets.begin never takes the place of another set", function()
  sets.begin(tmp(), "set_20260215_010000")
  expect(function() sets.begin(tmp(), "set_20260215_010000") end).to_raise { kind = "already_exists" }
end)

it("sets.prune refuses to work before the new set is complete", function()
  local set = sets.begin(tmp(), "set_20260215_010000")
  sets.save(set, "a", "a.txt", text("a"))
  expect(function() sets.prune { dir = tmp(), name = "set_*", days = 1 } end).to_raise("before the new one is proved")
end)

it("sets.look does not believe a set that has lost a part, nor one with a damaged manifest", function()
  for _i, name in ipairs { "set_20260101_010000", "set_20260102_010000" } do
    local set = sets.begin(tmp(), name)
    sets.save(set, "a", "a.txt", text("a"))
    sets.finish(set)
  end
  fs.remove(tmp("set_20260101_010000/a.txt"))
  fs.write(tmp("set_20260102_010000.sha256.manifest.json"), "{", { replace = true })
  for _i, set in ipairs(sets.look(tmp(), "set_*")) do
    expect(set.proved).to_be_false()
  end
end)

--- What hikae.replacing promises: all of the files are in place, or all are as they were.
local replacing = require "hikae.replacing"

before_each(function()
  fs.write(tmp("from/a"), "new a")
  fs.write(tmp("from/b"), "new b")
  fs.write(tmp("live/a"), "old a")
  process.run { program = "chmod", args = { "0644", tmp("live/a") } }
end)

--- The names in the live folder.
local function live()
  local names = {}
  for index, entry in ipairs(fs.list { dir = tmp("live") }) do
    names[index] = entry.name
  end
  return names
end

it("replacing.put_in_place keeps what was live, and its mode", function()
  local kept = replacing.put_in_place { { from = tmp("from/a"), live = tmp("live/a") }, { from = tmp("from/b"), live = tmp("live/b") } }
  expect(live()).to_equal { "a", "a" .. kept, "b" }
  expect(fs.read(tmp("live/a"))).to_be("new a")
  expect(fs.read(tmp("live/a" .. kept))).to_be("old a")
  expect(fs.stat(tmp("live/a")).mode).to_be(tonumber("644", 8))
  expect(replacing.is_left("a" .. kept)).to_be_true()
  expect(replacing.is_left("a")).to_be_false()
end)

it("replacing.put_in_place puts back what was in place when another one fails", function()
  expect(function()
    replacing.put_in_place {
      { from = tmp("from/a"), live = tmp("live/a") }, { from = tmp("from/b"), live = tmp("live/b") },
      -- A file is in the way of its folder.
      { from = tmp("from/b"), live = tmp("live/a/below") },
    }
  end).to_raise("live/a")
  expect(live()).to_equal { "a" }
  expect(fs.read(tmp("live/a"))).to_be("old a")
end)

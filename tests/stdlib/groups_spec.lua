--- What hikae.groups promises, which looks at names alone and touches nothing.
local groups = require "hikae.groups"

--- A backup of these databases; of none where the manifest names none, and nil where there is no manifest.
local function backup(name, databases)
  return { name = name, proved = databases ~= nil, databases = databases }
end

--- The names of what is let go when the last of those that are judged together is kept, and the names of what is left alone.
local function plan(backups, new)
  local all, left = groups.plan(backups, new, function(among)
    table.sort(among, function(a, b) return a.name < b.name end)
    local planned = { keep = { { name = among[#among].name, why = "last" } }, drop = {} }
    for index = 1, #among - 1 do
      planned.drop[index] = { name = among[index].name, why = "older" }
    end
    return planned
  end)
  local dropped, alone = {}, {}
  for index, verdict in ipairs(all.drop) do
    dropped[index] = verdict.name
  end
  for index, other in ipairs(left) do
    alone[index] = other.name
  end
  table.sort(dropped)
  return dropped, alone, all
end

it("groups.covers is true where everything is there, and never mixes what has a database with what has none", function()
  expect(groups.covers({ "a", "b" }, { "b" })).to_be_true()
  expect(groups.covers({ "b" }, { "a", "b" })).to_be_false()
  expect(groups.covers({}, {})).to_be_true()
  expect(groups.covers({ "a" }, {})).to_be_false()
  expect(groups.covers({}, { "a" })).to_be_false()
end)

it("groups.plan leaves alone what the new backup does not hold, and says why", function()
  local new = backup("3", { "blog" })
  local dropped, alone, all = plan({ backup("1", { "shop" }), backup("2", { "blog" }), new }, { new })
  expect(dropped).to_equal { "2" }
  expect(alone).to_equal { "1" }
  expect(all.keep[2]).to_equal { name = "1", why = "of another database: shop" }
end)

it("groups.plan lets a backup go for one that holds more, never for one that holds less", function()
  local new = backup("4", { "blog", "shop" })
  local dropped = plan({ backup("1", { "blog", "shop" }), backup("2", { "shop" }), backup("3", { "shop" }), new }, { new })
  expect(dropped).to_equal { "1", "2", "3" }
  new = backup("4", { "shop" })
  local nothing, alone = plan({ backup("1", { "blog", "shop" }), new }, { new })
  expect(nothing).to_equal {}
  expect(alone).to_equal { "1" }
end)

it("groups.plan without a new backup judges each group, and loses the last of none", function()
  local dropped, alone = plan { backup("1", { "shop" }), backup("2", { "shop" }), backup("3", { "blog" }), backup("4", { "blog" }) }
  expect(dropped).to_equal { "1", "3" }
  expect(alone).to_equal {}
end)

it("groups.plan lets go what does not say what is in it only where nothing of another database lies beside it", function()
  local new = backup("9", { "shop" })
  expect((plan({ backup("1"), new }, { new }))).to_equal { "1" }
  local dropped, alone, all = plan({ backup("1"), backup("2", { "blog" }), new }, { new })
  expect(dropped).to_equal {}
  expect(alone).to_equal { "2", "1" }
  expect(all.keep[#all.keep].why).to_be("of another database: not known")
end)

it("groups.plan lets nothing with a database go for a new one that does not say what is in it", function()
  local new = backup("9")
  expect((plan({ backup("1", { "shop" }), backup("2"), new }, { new }))).to_equal {}
end)

it("groups.named names the databases", function()
  expect(groups.named(backup("1", { "a", "b" }))).to_be("a, b")
  expect(groups.named(backup("1", {}))).to_be("none")
end)

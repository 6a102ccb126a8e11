--- What the module `recipes` promises, where other recipes end as a spec says.
it("gives how a recipe ended, and hands its params on as texts #simulated", function()
  local outcome = recipes.run("db-backup", { set = { dir = "/backups/x", days = 7, force = true, dirs = { "/a", "/b" } } })
  expect(outcome.status).to_be("success")
  expect(outcome.recipe).to_be("db-backup")
  expect(recipes.run("config-backup").error.message).to_be("the disk is full")
end)

it("raises what could not begin, and refuses what it does not know #simulated", function()
  expect(function() recipes.run("nowhere") end).to_raise { message = "nowhere" }
  expect(function() recipes.run("db-backup", { sets = {} }) end).to_raise("sets")
  expect(function() recipes.run("db-backup", { set = { password = server().password } }) end).to_raise { kind = "recipe" }
end)

--- What the module `recipes` promises.
it("recipes.run runs nothing that is not declared", function()
  expect(function() recipes.run("other", { set = { days = 3, dir = "/x", on = true } }) end).to_raise { kind = "denied" }
end)

it("recipes.run names an option that there is not", function()
  expect(function() recipes.run("other", { sets = {} }) end).to_raise { kind = "recipe" }
end)

it("recipes.run takes a time limit as text or in seconds", function()
  expect(function() recipes.run("other", { timeout = "3h" }) end).to_raise { kind = "denied" }
  expect(function() recipes.run("other", { timeout = 60 }) end).to_raise { kind = "denied" }
  expect(function() recipes.run("other", { timeout = "soon" }) end).to_raise { kind = "recipe" }
end)

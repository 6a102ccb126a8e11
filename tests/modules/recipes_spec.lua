--- What the module `recipes` promises.
it("recipes.run runs nothing that is not declared", function()
  expect(function() recipes.run("other", { set = { days = 3, dir = "/x", on = true } }) end).to_raise { kind = "denied" }
end)

it("recipes.run names an option that there is not", function()
  expect(function() recipes.run("other", { sets = {} }) end).to_raise { kind = "recipe" }
end)

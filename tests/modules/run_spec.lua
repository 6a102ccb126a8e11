--- What the module `run` promises.
it("run.id, run.recipe and run.kind tell which run this is", function()
  expect(run.id()).to_be("BKP-20260215-020000-daily")
  expect(run.recipe()).to_be("spec")
  expect(run.kind()).to_be("backup")
end)

it("run.kind tells another kind #maintenance", function()
  expect(run.kind()).to_be("maintenance")
end)

it("run.confirmed tells that nobody agreed to everything beforehand", function()
  expect(run.confirmed()).to_be_false()
end)

it("run.confirmed tells that somebody did #confirmed", function()
  expect(run.confirmed()).to_be_true()
end)

it("run.backups lists what was proved so far, in order", function()
  expect(run.backups()).to_equal {}
  fs.write(tmp("plain"), "text")
  fs.open(tmp("plain")):save(tmp("one"))
  fs.open(tmp("plain")):tee(tmp("three")):save(tmp("two"))
  expect(run.backups()).to_equal { tmp("one"), tmp("two"), tmp("three") }
end)

it("run.backups leaves out what failed", function()
  expect(function() process.stream({ program = "false" }):save(tmp("bad")) end).to_raise { kind = "command" }
  expect(run.backups()).to_equal {}
end)

it("run.remark says something beside the result, by its level", function()
  run.remark { level = "warning", kind = "small", message = "smaller than usual" }
  run.remark { level = "incomplete", kind = "left_out", message = "a table was left out", hint = "dump it too" }
  expect(function() run.remark { level = "loud", kind = "x", message = "y" } end).to_raise { kind = "recipe" }
end)

it("run.accept_warnings takes patterns", function()
  run.accept_warnings { "left_*" }
  run.remark { level = "incomplete", kind = "left_out", message = "a table was left out" }
  expect(function() run.accept_warnings("left_*") end).to_raise { kind = "recipe" }
end)

it("run.ask asks nobody where there is nobody", function()
  expect(run.ask("Go on? (yes/no)")).to_be_nil()
end)

it("run.note takes a time and a failure, and refuses what is no time", function()
  run.note("looked")
  run.note("looked", { took = 1.5, failed = "nothing there" })
  expect(function() run.note("looked", { took = -1 }) end).to_raise { kind = "recipe", message = "number of seconds" }
end)

it("run.contacts is empty where nobody is named", function()
  expect(run.contacts()).to_equal {}
end)

it("run.reported takes an address", function()
  run.reported("https://hooks.example.com/services/thornypalimpsest")
  expect(function() run.reported() end).to_raise { kind = "recipe" }
end)

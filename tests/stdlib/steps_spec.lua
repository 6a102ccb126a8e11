--- What hikae.steps promises; that the record has the steps is held to by tests/cli/production_restore.rs.
local steps = require "hikae.steps"

it("steps.run gives what its function gives, and hands it what it is given", function()
  expect(steps.run("add", function(a, b) return a + b end, 2, 3)).to_be(5)
end)

it("steps.run raises what its function raises", function()
  expect(function()
    steps.run("fail", function() error { message = "the shop is closed", kind = "denied", hint = "come back" } end)
  end).to_raise { kind = "denied", message = "the shop is closed", hint = "come back" }
end)

it("steps.hook runs the commands with their words, and tells whether there were any", function()
  expect(steps.hook("restart", { { "test", "a b", "=", "a b" }, { "true" } })).to_be_true()
  expect(steps.hook("restart", nil)).to_be_false()
end)

it("steps.hook runs commands in the folder that is named, and none after one that failed", function()
  local dir = tmp()
  expect(function()
    steps.hook("deploy", { { "touch", "first" }, { "false" }, { "touch", "second" } }, { cwd = dir, timeout = "1m" })
  end).to_raise { kind = "command", message = "`false`" }
  expect(fs.stat(path.join(dir, "first"))).never_to_be_nil()
  expect(fs.stat(path.join(dir, "second"))).to_be_nil()
end)

it("steps.hook raises when the program fails, is not there, or the address does not answer", function()
  expect(function() steps.hook("restart", { { "false" } }) end).to_raise { kind = "command" }
  expect(function() steps.hook("restart", { { "no-such-program" } }) end).to_raise { kind = "not_found" }
  expect(function() steps.hook("restart", "http://127.0.0.1:9/") end).to_raise { kind = "network" }
end)

it("steps.stand writes down where the procedure stands", function()
  expect(function() steps.stand("half-way; to go on: run this again") end).never_to_raise()
end)

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

it("steps.state records what is in place", function()
  expect(function() steps.state("half-way; to go on: run this again") end).never_to_raise()
end)

--- A step that writes its letter into a list, and fails where it is told to.
local function letter(list, name, more)
  local step = { name = name, run = function()
    list[#list + 1] = name
    if more and more.fails then
      error { message = name .. " fails", kind = "denied" }
    end
    return name
  end }
  for field, value in pairs(more and more.step or {}) do
    step[field] = value
  end
  return step
end

describe("steps.procedure", function()
  it("runs steps and lists of steps in their order, leaves out what is to be skipped, and always at last", function()
    local done = {}
    local seen
    steps.procedure {
      during = "nothing is done",
      letter(done, "a", { step = { after = function(answer) seen = answer; return "a is done" end } }),
      { letter(done, "b"), letter(done, "c") },
      {},
      letter(done, "d", { step = { skip = true } }),
      letter(done, "e", { step = { skip = function() return #done == 3 end } }),
      letter(done, "f", { step = { skip = function() return nil end } }),
      { name = "restart", hook = nil },
      always = letter(done, "z"),
    }
    expect(table.concat(done)).to_be("abcfz")
    expect(seen).to_be("a")
  end)

  it("ends at the first step that fails, and raises its failure after what is always done", function()
    local done = {}
    expect(function()
      steps.procedure { letter(done, "a"), { letter(done, "b", { fails = true }), letter(done, "c") }, letter(done, "d"), always = letter(done, "z") }
    end).to_raise { kind = "denied", message = "b fails" }
    expect(table.concat(done)).to_be("abz")
  end)

  it("calls what is to be done about a failure once, that of the step before that of the procedure", function()
    local calls = {}
    local function handler(name) return function(failure) calls[#calls + 1] = name .. ": " .. failure.message end end
    local function fails(step)
      local ok, failure = errors.try(steps.procedure, {
        on_failure = handler("procedure"), letter({}, "a", { fails = true, step = step }), always = letter({}, "z"),
      })
      errors.accept(failure, "it was to fail")
      return ok
    end
    expect(fails {}).to_be_false()
    expect(fails { on_failure = handler("step") }).to_be_false()
    expect(calls).to_equal { "procedure: a fails", "step: a fails" }
  end)

  it("raises the failure that `on_failure` raises in its place", function()
    local done = {}
    local function instead(failure)
      errors.accept(failure, "another is raised")
      error { message = "it was put back", kind = "integrity" }
    end
    expect(function()
      steps.procedure { letter(done, "a", { fails = true }), on_failure = instead, always = letter(done, "z") }
    end).to_raise { kind = "integrity", message = "it was put back" }
    expect(table.concat(done)).to_be("az")
  end)

  it("leaves out what is always done when `on_failure` says so", function()
    local done = {}
    local function stay(_failure, leave) leave("the shop is closed") end
    expect(function()
      steps.procedure { letter(done, "a", { fails = true }), on_failure = stay, always = letter(done, "z") }
    end).to_raise { message = "a fails" }
    expect(table.concat(done)).to_be("a")
  end)

  it("fails when what is always done fails", function()
    expect(function() steps.procedure { always = letter({}, "z", { fails = true, step = { failed = "still closed" } }) } end).to_raise("z fails")
  end)
end)

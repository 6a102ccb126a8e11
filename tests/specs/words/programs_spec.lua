--- What a spec's world promises about programs that Lua functions play.

describe("a program that a function plays", function()
  local recipe = "tests/specs/words/pipe.lua"

  it("sees its arguments, its environment and its input, and says what it writes", function()
    local calls = {}
    local world = simulate {
      programs = {
        wrap = function(call)
          calls[#calls + 1] = call
          return { stdout = "<" .. call.stdin .. ">" }
        end,
      },
    }
    world:run(recipe, { set = { text = "words" } }):ok():wrote("/piped/out"):equals("<words>")
    expect(#calls).to_equal(1)
    expect(calls[1].program).to_equal("wrap")
    expect(calls[1].argv[0]).to_equal("wrap")
    expect({ calls[1].argv[1], calls[1].argv[2] }).to_equal { "--in", "<>" }
    expect(calls[1].env.TONE).to_equal("soft")
  end)

  it("can answer with a text alone", function()
    simulate { programs = { wrap = function() return "plain" end } }:run(recipe):wrote("/piped/out"):equals("plain")
  end)

  it("can fail", function()
    local world = simulate { programs = { wrap = function() return { exit = 4, stderr = "torn" } end } }
    world:run(recipe):failed({ kind = "command", message = "torn" }):wrote_nothing()
  end)

  it("fails the run when it raises", function()
    local world = simulate { programs = { wrap = function() error("not today") end } }
    world:run(recipe):failed({ message = "not today" }):wrote_nothing()
  end)

  it("answers differently the second time", function()
    local times = 0
    local world = simulate {
      programs = {
        wrap = function()
          times = times + 1
          return times == 1 and { exit = 1 } or "second"
        end,
      },
    }
    world:run(recipe):failed()
    world:run(recipe):ok():wrote("/piped/out"):equals("second")
  end)

  it("is asked in each failure too", function()
    local world = simulate { programs = { wrap = function(call) return call.stdin end } }
    world:each_failure(recipe, function(run)
      run:left_nothing_partial()
      if run.status == "success" then
        run:wrote("/piped/out"):equals("text")
      end
    end)
  end)
end)

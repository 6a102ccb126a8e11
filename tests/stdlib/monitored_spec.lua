--- What a monitor looks at where nobody names it.
local monitored = require "hikae.monitored"

describe("monitored.kinds", function()
  local function kinds(failures)
    return monitored.kinds(function(kind)
      if failures[kind] then
        error { kind = failures[kind], message = "there is no backup" }
      end
      return {}
    end)
  end

  it("has every kind of which there are backups, and raises where a kind cannot be looked at", function()
    expect(kinds {}).to_equal { "db", "config", "logs" }
    expect(function() kinds { logs = "denied" } end).to_raise { kind = "denied" }
  end)
end)

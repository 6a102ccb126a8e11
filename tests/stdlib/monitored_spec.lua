--- What a monitor looks at where nobody names it.
local monitored = require "hikae.monitored"

describe("monitored.kinds", function()
  local function kinds(there)
    return monitored.kinds(function(kind)
      if not there[kind] then
        error { kind = "not_found", message = "there is no backup" }
      end
      return {}
    end)
  end

  it("is all of them where no record of runs says which recipes are in use", function()
    expect(kinds {}).to_equal { "db", "config", "logs" }
    expect(kinds { logs = true }).to_equal { "db", "config", "logs" }
  end)
end)

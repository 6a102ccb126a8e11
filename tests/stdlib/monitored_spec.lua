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

  it("has every kind of which there are backups, or of which that is not known", function()
    expect(kinds {}).to_equal { "db", "config", "logs" }
    expect(kinds { logs = "denied" }).to_equal { "db", "config", "logs" }
  end)
end)

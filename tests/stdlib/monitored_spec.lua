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

  it("has every kind of which there are backups, or of which nobody knows whether they are made", function()
    expect(kinds {}).to_equal { "db", "config", "logs" }
    expect(kinds { logs = "not_found" }).to_equal { "db", "config", "logs" }
  end)

  it("raises what keeps it from looking", function()
    expect(function() kinds { logs = "timeout" } end).to_raise { kind = "timeout" }
  end)
end)

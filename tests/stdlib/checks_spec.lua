--- What the lines of a comparison promise.
local checks = require "hikae.checks"

describe("checks.line", function()
  it("says what was found, or what was expected in its place, and why", function()
    expect(checks.line { name = "rows", object = "public.t", expected = 3, found = 3, ok = true }).to_be("✓ Rows (public.t): 3")
    expect(checks.line { name = "tables", expected = 2, found = 1, ok = false, detail = "missing: t" })
      .to_be("✗ Tables: expected 2, found 1 (missing: t)")
    expect(checks.line { name = "query", object = "q", expected = true, ok = false }).to_be("✗ Query (q): expected true, found -")
  end)
end)

describe("checks.verify", function()
  local function with(more)
    local at = server()
    local options = { host = at.host, port = at.port, user = at.user, password = at.password, database = at.database }
    for name, value in pairs(more) do
      options[name] = value
    end
    return options
  end

  it("gives what it verified, and raises what does not hold", function()
    expect(checks.verify(with { manifest = { database = { tables = {} } } }).ok).to_be_true()
    local wanting = { database = { tables = { { schema = "public", name = "gone", rows = 1 } } } }
    expect(function() checks.verify(with { manifest = wanting }) end).to_raise { kind = "integrity", message = "missing: public.gone" }
  end)

  it("raises what has no checks as it is", function()
    expect(function() checks.verify(with { port = 1, manifest = { database = {} } }) end).to_raise { kind = "network" }
  end)
end)

it("checks.show tells how many failed", function()
  local good, bad = { name = "rows", expected = 1, found = 1, ok = true }, { name = "rows", expected = 1, found = 2, ok = false }
  expect(checks.show { good, bad, bad }).to_be(2)
  expect(checks.show { good }).to_be(0)
end)

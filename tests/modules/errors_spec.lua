--- What the module `errors` promises.
local KINDS = {
  "not_found", "already_exists", "denied", "command", "network", "timeout", "space", "integrity", "recipe", "cancelled",
  "locked", "other",
}

describe("errors.try", function()
  it("gives true and all values of a function that ends well", function()
    local ok, one, two = errors.try(function(a, b) return b, a end, 1, 2)
    expect({ ok, one, two }).to_equal { true, 2, 1 }
  end)

  it("gives false and the failure, with its kind, message, hint and site", function()
    local ok, failure = errors.try(fs.read, tmp("absent"))
    expect(ok).to_be_false()
    expect(failure.kind).to_be("not_found")
    expect(failure.message).to_contain("absent")
    expect(failure.site).to_match("errors_spec%.lua:%d+$")
    expect(tostring(failure)).to_be(failure.message)
    errors.accept(failure, "it was never there")
  end)

  it("has nil for a hint that is not there", function()
    local _ok, failure = errors.try(error, "plain")
    expect(failure.hint).to_be_nil()
  end)

  it("catches an error of Lua itself and a text that was raised", function()
    local _ok, failure = errors.try(function() return nil + 1 end)
    expect(failure.kind).to_be("recipe")
    expect(failure.message).to_contain("arithmetic on a nil value")
    local _ok2, raised = errors.try(error, "what failed")
    expect(raised.message).to_be("what failed")
  end)

  it("lets the function wait", function()
    local ok = errors.try(function() clock.sleep(0.01) end)
    expect(ok).to_be_true()
  end)

  it("is the same as pcall", function()
    expect({ pcall(function() return 1 end) }).to_equal { true, 1 }
    local ok, failure = pcall(error, "x")
    expect(ok).to_be_false()
    expect(failure.message).to_be("x")
  end)
end)

describe("errors.raise", function()
  it("raises a text, as error does", function()
    expect(function() errors.raise("what failed") end).to_raise { kind = "recipe", message = "what failed" }
    expect(function() error("what failed") end).to_raise { kind = "recipe", message = "what failed" }
  end)

  it("raises a table with any kind and a hint", function()
    for _i, kind in ipairs(KINDS) do
      expect(function() errors.raise { kind = kind, message = "it failed", hint = "try again" } end)
        .to_raise { kind = kind, message = "it failed", hint = "try again" }
    end
  end)

  it("suggests the kind and the option that was meant", function()
    expect(function() errors.raise { kind = "not_fuond", message = "x" } end).to_raise { hint = "did you mean `not_found`?" }
    expect(function() errors.raise { mesage = "x" } end).to_raise { hint = "did you mean `message`?" }
    expect(function() errors.raise { kind = "space" } end).to_raise("needs `message`")
  end)

  it("raises a failure that was caught as it was", function()
    local _ok, failure = errors.try(fs.read, tmp("absent"))
    local again = expect(function() error(failure) end).to_raise { kind = "not_found", message = "absent" }
    expect(again.site).to_be(failure.site)
  end)

  it("refuses a value that says nothing", function()
    expect(function() error(nil) end).to_raise("the recipe raised a nil as an error")
    expect(function() errors.raise(true) end).to_raise("the recipe raised a boolean as an error")
  end)
end)

describe("errors.accept", function()
  it("wants a caught failure and a reason in words", function()
    local _ok, failure = errors.try(error, "x")
    expect(function() errors.accept("x", "why") end).to_raise("`errors.accept` takes a failure that was caught")
    expect(function() errors.accept(failure) end).to_raise("`errors.accept` needs the reason, in words")
    expect(function() errors.accept(failure, "  ") end).to_raise("`errors.accept` needs the reason, in words")
    errors.accept(failure, "this is only a spec")
  end)
end)

describe("assert", function()
  it("gives its values when the first holds", function()
    expect({ assert(1, "message", 3) }).to_equal { 1, "message", 3 }
  end)

  it("raises its message when it does not", function()
    expect(function() assert(false, "no rows") end).to_raise("no rows")
    expect(function() assert(nil) end).to_raise("assertion failed")
  end)
end)

--- What the module `json` promises.
describe("json.decode", function()
  it("gives tables, texts, numbers and flags", function()
    local value = json.decode('{ "a": [1, 2.5, "三"], "b": { "c": true } }')
    expect(value).to_equal { a = { 1, 2.5, "三" }, b = { c = true } }
    expect(math.type(value.a[1])).to_be("integer")
  end)

  it("leaves a member out that is null", function()
    expect(json.decode('{ "a": null, "b": 1 }')).to_equal { b = 1 }
    expect(json.decode("null")).to_be_nil()
  end)

  it("says where a broken text is broken", function()
    expect(function() json.decode('{"a": }') end).to_raise { kind = "recipe", message = "cannot read a text as JSON: expected value at line 1" }
    expect(function() json.decode("") end).to_raise("cannot read a text as JSON")
    expect(function() json.decode('{"a": 1} x') end).to_raise("trailing characters")
  end)

  it("reads a text of 8 MiB and refuses a larger one", function()
    local filler = string.rep("x", 8 * 1024 * 1024 - 2)
    expect(#json.decode('"' .. filler .. '"')).to_be(#filler)
    expect(function() json.decode('"' .. filler .. 'x"') end).to_raise { kind = "space", message = "too large" }
  end)
end)

describe("json.encode", function()
  it("gives one line that decodes to the same value", function()
    local value = { name = "caf\u{e9}", list = { 1, 2, 3 }, deep = { flag = false } }
    local text = json.encode(value)
    expect(text).never_to_contain("\n")
    expect(json.decode(text)).to_equal(value)
  end)

  it("writes a list as a list and nil as null", function()
    expect(json.encode { 1, "two" }).to_be('[1,"two"]')
    expect(json.encode(nil)).to_be("null")
  end)

  it("refuses functions, handles and secrets", function()
    expect(function() json.encode { f = function() end } end).to_raise("cannot write a value as JSON")
    expect(function() json.encode { p = server().password } end).to_raise("cannot write a value as JSON")
  end)

  it("refuses what JSON would leave out without a word", function()
    expect(function() json.encode { "a.gz", size = 5 } end).to_raise { message = "cannot write a value as JSON" }
    expect(function() json.encode { [1] = 1, [1000000] = 2 } end).to_raise("cannot write a value as JSON")
    expect(function() json.encode { deep = { 0 / 0 } } end).to_raise("JSON has no NaN")
    expect(json.encode {}).to_be("{}")
  end)

  it("refuses a table that holds itself", function()
    local loop = {}
    loop.loop = loop
    expect(function() json.encode(loop) end).to_raise("cannot write a value as JSON")
  end)
end)

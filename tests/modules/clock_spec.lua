--- What the module `clock` promises.
it("clock.stamp is the local time for a file name", function()
  expect(clock.stamp()).to_match("^%d%d%d%d%d%d%d%d_%d%d%d%d%d%d$")
end)

it("clock.now is a whole number of seconds, and a stamp of it comes back", function()
  local before = clock.now()
  local stamp = clock.stamp()
  expect(math.type(before)).to_be("integer")
  local read = clock.parse_stamp(stamp)
  expect(read >= before and read <= clock.now()).to_be_true()
end)

it("clock.iso is RFC 3339 with an offset", function()
  expect(clock.iso()).to_match("^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%d[+-]%d%d:%d%d$")
end)

it("clock.elapsed grows while the recipe sleeps", function()
  local before = clock.elapsed()
  clock.sleep(0.05)
  expect(clock.elapsed() - before >= 0.05).to_be_true()
end)

describe("clock.parse_stamp", function()
  it("reads stamps that are a minute apart as 60 seconds", function()
    expect(clock.parse_stamp("20260215_020100") - clock.parse_stamp("20260215_020000")).to_be(60)
  end)

  it("knows the leap day, and gives nil for days and texts that are none", function()
    expect(clock.parse_stamp("20280229_000000")).never_to_be_nil()
    for _i, text in ipairs { "20270229_000000", "20261301_000000", "20260215", "20260215_250000", "", "db_20260215_020000" } do
      expect(clock.parse_stamp(text)).to_be_nil()
    end
  end)
end)

describe("clock.sleep", function()
  it("takes seconds or text", function()
    expect(function() clock.sleep(0) end).never_to_raise()
    expect(function() clock.sleep("10ms") end).never_to_raise()
  end)

  it("refuses what is no duration", function()
    expect(function() clock.sleep("soon") end).to_raise { kind = "recipe", message = "`soon` is not a duration", hint = "90s" }
    expect(function() clock.sleep(-1) end).to_raise("`-1` is not a number of seconds that one can wait")
    expect(function() clock.sleep {} end).to_raise("seconds or a duration such as")
  end)
end)

it("clock.sleep comes back however many instructions came before it #simulated", function()
  expect(function()
    for turn = 1, 3000 do
      for _i = 1, turn % 7 do end
      clock.sleep(0)
    end
  end).never_to_raise()
end)

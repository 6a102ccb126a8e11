--- What the plan of `hikae.retention` promises, which is reckoned over names and stamps and touches nothing.
local retention = require "hikae.retention"

local NOW = "20260215_020000"

--- Backups of these stamps, all proved; one that ends in `?` is not.
local function backups(stamps)
  local list = {}
  for index, stamp in ipairs(stamps) do
    local proved = string.sub(stamp, -1) ~= "?"
    stamp = string.gsub(stamp, "%?$", "")
    list[index] = { name = "db_" .. stamp .. ".gz", stamp = stamp, proved = proved }
  end
  return list
end

--- The stamps that are kept, newest first.
local function kept(stamps, rules, now)
  local found = {}
  for index, verdict in ipairs(retention.plan(backups(stamps), rules, now or NOW).keep) do
    found[index] = string.match(verdict.name, "db_(.*)%.gz")
  end
  return found
end

--- A backup at 02:00 on each of so many days, the last on 15 February 2026.
local function nightly(count)
  local stamps = {}
  local day, month, year = 15, 2, 2026
  local lengths = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 }
  for index = 1, count do
    stamps[index] = string.format("%04d%02d%02d_020000", year, month, day)
    day = day - 1
    if day == 0 then
      month = month - 1
      if month == 0 then
        month, year = 12, year - 1
      end
      local leap = month == 2 and (year % 4 == 0 and (year % 100 ~= 0 or year % 400 == 0))
      day = lengths[month] + (leap and 1 or 0)
    end
  end
  return stamps
end

describe("retention.plan by age", function()
  it("counts whole days as find -mtime does: 30 days old is kept, 31 goes", function()
    expect(kept({ NOW, "20260116_020000", "20260115_030000", "20260115_020000" }, { days = 30 }))
      .to_equal { NOW, "20260116_020000", "20260115_030000" }
  end)

  it("says why, for what it keeps and what it lets go", function()
    expect(retention.plan(backups { NOW, "20260110_020000", "20251201_020000" }, { days = 30, last = 1 }, NOW)).to_equal {
      keep = { { name = "db_" .. NOW .. ".gz", why = "0 days old (days = 30)" } },
      drop = {
        { name = "db_20260110_020000.gz", why = "36 days old, no rule keeps it" },
        { name = "db_20251201_020000.gz", why = "76 days old, no rule keeps it" },
      },
    }
  end)

  it("counts local days, so that a change to summer time moves nothing", function()
    -- Between these two lies the night of 29 March 2026, which has 23 hours in Europe.
    expect(kept({ "20260416_020000", "20260317_020000", "20260316_020000" }, { days = 30 }, "20260416_020000"))
      .to_equal { "20260416_020000", "20260317_020000" }
  end)

  it("counts over a leap day", function()
    expect(kept({ "20280301_020000", "20280229_020000", "20280228_020000" }, { days = 1 }, "20280301_020000"))
      .to_equal { "20280301_020000", "20280229_020000" }
  end)

  it("is whatever order the names come in", function()
    expect(kept({ "20251201_020000", NOW, "20260214_020000" }, { days = 30 })).to_equal { NOW, "20260214_020000" }
  end)
end)

describe("retention.plan by generations", function()
  it("last keeps the newest", function()
    expect(kept(nightly(10), { last = 3 })).to_equal { NOW, "20260214_020000", "20260213_020000" }
  end)

  it("daily keeps the newest of each day that has one", function()
    local stamps = { NOW, "20260215_010000", "20260213_230000", "20260213_020000", "20260210_020000" }
    expect(kept(stamps, { daily = 2 })).to_equal { NOW, "20260213_230000" }
  end)

  it("weekly keeps the newest of each week from Monday, over the end of the year", function()
    local stamps = { "20260104_020000", "20260103_020000", "20251229_020000", "20251228_020000", "20251222_020000" }
    expect(kept(stamps, { weekly = 2 }, "20260104_020000")).to_equal { "20260104_020000", "20251228_020000" }
  end)

  it("monthly keeps the newest of each month, however long the month is", function()
    expect(kept(nightly(120), { monthly = 4 }))
      .to_equal { NOW, "20260131_020000", "20251231_020000", "20251130_020000" }
  end)

  it("monthly keeps the leap day", function()
    local stamps = { "20280301_020000", "20280229_020000", "20280228_020000", "20280131_020000" }
    expect(kept(stamps, { monthly = 3 }, "20280301_020000"))
      .to_equal { "20280301_020000", "20280229_020000", "20280131_020000" }
  end)

  it("yearly keeps the newest of each year", function()
    expect(kept({ NOW, "20251231_020000", "20251230_020000", "20241231_020000", "20231231_020000" }, { yearly = 3 }))
      .to_equal { NOW, "20251231_020000", "20241231_020000" }
  end)

  it("keeps what any of the rules keeps", function()
    expect(kept(nightly(400), { daily = 3, weekly = 2, monthly = 2, yearly = 2, last = 1 })).to_equal {
      NOW, -- day, week, month, year
      "20260214_020000", -- day
      "20260213_020000", -- day
      "20260208_020000", -- week
      "20260131_020000", -- month
      "20251231_020000", -- year
    }
  end)

  it("keeps what is young beside the generations", function()
    expect(kept(nightly(40), { days = 1, monthly = 2 })).to_equal { NOW, "20260214_020000", "20260131_020000" }
  end)

  it("with keep = \"newest\" is as it is without", function()
    local rules = { daily = 3, weekly = 2, monthly = 3, yearly = 2 }
    local newest = { daily = 3, weekly = 2, monthly = 3, yearly = 2, keep = "newest" }
    expect(kept(nightly(400), newest)).to_equal(kept(nightly(400), rules))
  end)

  it("tells two of the same second apart by their names", function()
    local pair = {
      { name = "a_" .. NOW .. ".gz", stamp = NOW, proved = true },
      { name = "b_" .. NOW .. ".gz", stamp = NOW, proved = true },
    }
    local plan = retention.plan(pair, { last = 1 }, NOW)
    expect(plan.keep[1].name).to_be("b_" .. NOW .. ".gz")
    expect(plan.drop[1].name).to_be("a_" .. NOW .. ".gz")
  end)
end)

describe("retention.plan with keep = \"first\"", function()
  local year = { monthly = 12, keep = "first" }

  it("keeps the first of each period, and the newest of all", function()
    expect(kept(nightly(400), { daily = 1, weekly = 2, monthly = 3, yearly = 2, keep = "first" })).to_equal {
      NOW, -- day
      "20260209_020000", -- week
      "20260202_020000", -- week
      "20260201_020000", -- month
      "20260101_020000", -- month, year
      "20251201_020000", -- month
      "20250112_020000", -- year
    }
    expect(retention.plan(backups(nightly(20)), year, NOW).keep[2].why).to_be("first of its month (monthly = 12)")
  end)

  it("goes by the local day at the edges of a month", function()
    local stamps = { "20260301_000000", "20260228_235959", "20260201_000000", "20260131_235959" }
    expect(kept(stamps, year, "20260301_000000"))
      .to_equal { "20260301_000000", "20260201_000000", "20260131_235959" }
  end)

  it("takes the earlier name of the hour that comes twice when summer ends", function()
    local stamps = { "20261101_023000", "20261101_013000", "20261101_010500", "20261031_020000" }
    expect(kept(stamps, year, "20261101_023000")).to_equal { "20261101_023000", "20261101_010500", "20261031_020000" }
  end)

  it("keeps the same one as the month goes on, week after week, and a year's worth of them", function()
    local held, firsts = {}, {}
    for index = 420, 0, -7 do
      local now = nightly(index + 1)[index + 1]
      table.insert(held, 1, now)
      local month = string.sub(now, 1, 6)
      firsts[month] = firsts[month] or now
      held = kept(held, { days = 30, monthly = 12, keep = "first" }, now)
      local there = {}
      for _i, stamp in ipairs(held) do
        there[stamp] = true
      end
      expect(held[1]).to_be(now)
      expect(there[firsts[month]]).to_be_true()
    end
    local months = {}
    for _i, stamp in ipairs(held) do
      local month = string.sub(stamp, 1, 6)
      if stamp == firsts[month] then
        months[#months + 1] = month
      end
    end
    expect(#months).to_be(12)
    expect(months[12]).to_be("202503")
  end)

  it("takes the first proved one, and changes to none when one that is not proved comes later", function()
    expect(kept({ NOW, "20260208_020000", "20260201_020000?", "20260118_020000" }, year))
      .to_equal { NOW, "20260208_020000", "20260118_020000" }
    expect(kept({ NOW .. "?", "20260201_020000" }, year)).to_equal { "20260201_020000" }
  end)

  it("never lets the newest proved one go", function()
    expect(kept({ NOW .. "?", "20260214_020000", "20260213_020000", "20260201_020000" }, year))
      .to_equal { "20260214_020000", "20260201_020000" }
  end)

  it("removes nothing when the clock has jumped back", function()
    expect(function() kept(nightly(60), year, "20260101_020000") end).to_raise("is in the future")
  end)

  it("keeps what a leap of the clock leaves of a year, and the newest", function()
    expect(kept({ "20360215_020000", NOW, "20260201_020000" }, year, "20360215_020000"))
      .to_equal { "20360215_020000", "20260201_020000" }
  end)
end)

describe("retention.plan and proofs", function()
  it("never lets the newest proved backup go, whatever its age", function()
    expect(kept({ NOW .. "?", "20250101_020000", "20240101_020000" }, { days = 30 })).to_equal { NOW, "20250101_020000" }
  end)

  it("prefers a proved backup to a newer one of the same period", function()
    expect(kept({ "20260214_230000?", "20260214_020000", "20260213_020000" }, { daily = 2 }))
      .to_equal { "20260214_020000", "20260213_020000" }
  end)

  it("never lets unproved ones take the place of proved ones", function()
    local stamps = { NOW .. "?", "20260214_020000?", "20260213_020000?", "20260212_020000", "20260211_020000" }
    expect(kept(stamps, { last = 2 })).to_equal { NOW, "20260214_020000", "20260212_020000", "20260211_020000" }
    expect(kept(stamps, { daily = 2 })).to_equal { NOW, "20260214_020000", "20260212_020000", "20260211_020000" }
  end)

  it("counts unproved ones where there are no others", function()
    expect(kept({ NOW .. "?", "20260214_020000?", "20260213_020000?" }, { last = 2 })).to_equal { NOW, "20260214_020000" }
    expect(kept({ NOW .. "?", "20260101_020000?" }, { days = 1 })).to_equal { NOW }
    expect(kept({ "20250102_020000?", "20250101_020000?" }, { days = 1 })).to_equal { "20250102_020000" }
  end)
end)

describe("retention.plan with keep_at_least", function()
  it("keeps so many of the newest proved ones, whatever their age", function()
    local stamps = { "20250105_020000", "20250104_020000?", "20250103_020000", "20250102_020000" }
    expect(kept(stamps, { days = 30, keep_at_least = 2 })).to_equal { "20250105_020000", "20250103_020000" }
  end)

  it("fills up with unproved ones where there are too few", function()
    local stamps = { "20250105_020000?", "20250104_020000?", "20250103_020000", "20250102_020000?" }
    expect(kept(stamps, { days = 30, keep_at_least = 3 }))
      .to_equal { "20250105_020000", "20250104_020000", "20250103_020000" }
  end)

  it("keeps all where there are no more", function()
    expect(kept({ "20250105_020000", "20250104_020000" }, { days = 1, keep_at_least = 9 }))
      .to_equal { "20250105_020000", "20250104_020000" }
  end)
end)

describe("retention.plan and the clock", function()
  it("refuses when the newest backup is in the future", function()
    local failure = expect(function()
      retention.plan(backups { "20360215_020000", "20251201_020000" }, { days = 30 }, NOW)
    end).to_raise { kind = "other", hint = "set the clock of this machine right, or move that backup away" }
    expect(failure.message).to_be(
      "refused to remove old backups: `db_20360215_020000.gz` is in the future: the clock says 20260215_020000"
    )
  end)

  it("allows the hour that local time repeats when summer ends", function()
    expect(kept({ "20260215_030000", "20260214_020000" }, { days = 1 })).to_equal { "20260215_030000", "20260214_020000" }
    expect(function() kept({ "20260215_030001" }, { days = 1 }) end).to_raise("is in the future")
  end)

  it("keeps what has no date in its name", function()
    local list = backups { NOW, "20250101_020000" }
    list[#list + 1] = { name = "db_final.gz", proved = true }
    local plan = retention.plan(list, { days = 30 }, NOW)
    expect(plan.keep[1]).to_equal { name = "db_final.gz", why = "no date in its name" }
    expect(#plan.keep).to_be(2)
  end)

  it("refuses a moment that is none", function()
    expect(function() retention.plan({}, { days = 1 }, "today") end)
      .to_raise("`today` is not a stamp of the form YYYYMMDD_HHMMSS")
  end)
end)

describe("retention.plan with bad rules", function()
  it("refuses one that it does not know, and names those that it does", function()
    expect(function() kept({}, { day = 30 }) end).to_raise {
      kind = "recipe",
      message = "the retention has no rule `day`",
      hint = "the rules are days, last, daily, weekly, monthly, yearly, keep, keep_at_least",
    }
  end)

  it("refuses what is no count", function()
    for _i, value in ipairs { 0, -1, 1.5, "30", true } do
      expect(function() kept({}, { days = value }) end).to_raise("`days` of the retention must be a whole number from 1")
    end
  end)

  it("refuses to keep what is neither the newest nor the first", function()
    for _i, value in ipairs { "last", 1, true } do
      expect(function() kept({}, { monthly = 2, keep = value }) end).to_raise('`keep` of the retention must be "newest" or "first"')
    end
  end)

  it("refuses to be without any rule", function()
    expect(function() kept({}, { keep = "first" }) end).to_raise("the retention has no rule")
    expect(function() kept({}, {}) end).to_raise { message = "the retention has no rule", hint = "name one of days, last" }
    expect(function() kept({}, { keep_at_least = 3 }) end).to_raise("the retention has no rule")
  end)
end)

it("retention.plan of nothing is nothing", function()
  expect(retention.plan({}, { days = 30 }, NOW)).to_equal { keep = {}, drop = {} }
end)

it("retention.plan of 10 000 backups stays far within the limits of a recipe", function()
  local plan = retention.plan(backups(nightly(10000)), { days = 30, daily = 7, weekly = 5, monthly = 12, yearly = 10 }, NOW)
  expect(#plan.keep + #plan.drop).to_be(10000)
end)

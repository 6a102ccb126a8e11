--- What `hikae.calendar` promises.
local calendar = require "hikae.calendar"

describe("calendar.parse", function()
  it("counts days and seconds from 1970 on the same wall clock", function()
    expect(calendar.parse("19700101_000000")).to_equal { day = 0, second = 0, week = 0, month = 1970 * 12, year = 1970 }
    expect(calendar.parse("20260215_020000").day).to_be(20499)
    expect(calendar.parse("20260215_020000").second).to_be(20499 * 86400 + 7200)
  end)

  it("agrees with date(1) from 1970 to 2100", function()
    local script = 'd=1970-01-01; i=0; while [ $i -lt 130 ]; do echo "$((1970 + i))"; i=$((i + 1)); done'
    local years = process.run({ program = "sh", args = { "-c", script } }).stdout
    local lines = {}
    for year in string.gmatch(years, "%d+") do
      for _i, day in ipairs { "0101", "0228", "0301", "0731", "1231" } do
        lines[#lines + 1] = string.format("%s-%s-%s", year, string.sub(day, 1, 2), string.sub(day, 3))
      end
    end
    local said = process.run {
      program = "date",
      args = { "-u", "-f", "-", "+%Y%m%d %s" },
      stdin = table.concat(lines, "\n") .. "\n",
    }
    local compared = 0
    for day, seconds in string.gmatch(said.stdout, "(%d+) (%d+)") do
      compared = compared + 1
      expect({ day, calendar.parse(day .. "_000000").second }).to_equal { day, math.tointeger(tonumber(seconds)) }
    end
    expect(compared).to_be(130 * 5)
  end)

  it("starts weeks on Monday, also over the end of a year", function()
    local function week(stamp) return calendar.parse(stamp .. "_000000").week end
    expect(week("20261228")).to_be(week("20270103")) -- Monday to Sunday, ISO week 53 of 2026
    expect(week("20270104")).to_be(week("20270103") + 1)
    expect(week("20251229")).to_be(week("20260104")) -- ISO week 1 of 2026
  end)

  it("counts months over the end of a year", function()
    local function month(stamp) return calendar.parse(stamp .. "_000000").month end
    expect(month("20270101") - month("20261231")).to_be(1)
  end)

  it("knows leap days", function()
    for _i, day in ipairs { "20280229", "20000229", "24000229" } do
      expect(calendar.parse(day .. "_000000")).never_to_be_nil()
    end
    for _i, day in ipairs { "20270229", "19000229", "21000229" } do
      expect(calendar.parse(day .. "_000000")).to_be_nil()
    end
  end)

  it("gives nil for what is no moment", function()
    for _i, text in ipairs {
      "20261301_000000", "20260001_000000", "20260431_000000", "20260400_000000", "20260215_240000", "20260215_006000",
      "20260215_000061", "2026-02-15", "20260215_02000", "20260215_0200000", "x20260215_020000", "",
    } do
      expect(calendar.parse(text)).to_be_nil()
    end
    expect(calendar.parse(nil)).to_be_nil()
  end)
end)

describe("calendar.stamp_of", function()
  it("finds the stamp in a name", function()
    expect(calendar.stamp_of("db_backup_20260215_020000.sql.gz")).to_be("20260215_020000")
    expect(calendar.stamp_of("20260215_020000")).to_be("20260215_020000")
  end)

  it("gives nil where there is none", function()
    for _i, name in ipairs { "db_backup.sql.gz", "db_20260230_020000.gz", "db_120260215_020000.gz", "db_20260215_0200001.gz" } do
      expect(calendar.stamp_of(name)).to_be_nil()
    end
  end)

  it("passes over digits that only look like one", function()
    expect(calendar.stamp_of("order_99999999_000000_20260215_020000.gz")).to_be("20260215_020000")
    expect(calendar.stamp_of("from_20250101_000000_to_20260215_020000.gz")).to_be("20260215_020000")
  end)
end)

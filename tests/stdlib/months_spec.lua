--- What hikae.months promises.
local months = require "hikae.months"

it("reads a month, with its length", function()
  local february = months.read("2026-02")
  expect(february.days).to_be(28)
  expect(february.ends - february.begins).to_be(28 * 86400)
  expect(months.read("2028-02").days).to_be(29)
  expect(months.read("2025-12").ends).to_be(months.read("2026-01").begins)
end)

it("refuses what is no month", function()
  for _i, name in ipairs { "2026-13", "2026-00", "2026", "february", "2026-2", "" } do
    expect(function() months.read(name) end).to_raise { message = "is not a month", hint = "month=" }
  end
end)

it("gives the month before", function()
  expect(months.before("20260215_020000")).to_be("2026-01")
  expect(months.before("20260101_030000")).to_be("2025-12")
end)

it("reads moments as the record has them", function()
  expect(months.moment("1970-01-01T00:00:00Z")).to_be(0)
  expect(months.moment("2026-02-15T02:00:00.123+09:00")).to_be(1771088400)
  expect(months.moment("2026-02-14T17:00:00Z")).to_be(1771088400)
  expect(months.moment("2026-02-14T12:30:00-04:30")).to_be(1771088400)
  expect(function() months.moment("yesterday") end).to_raise("is not a moment")
end)

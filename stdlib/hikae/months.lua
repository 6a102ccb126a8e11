--- Computes with months as people write them, `2026-02`, in local time.
local months = {}

---@class (exact) hikae.months.Month
---@field name string `2026-02`.
---@field days integer How many days it has.
---@field begins integer Its first second, in seconds since 1970.
---@field ends integer The first second after it.

--- The first second of a month.
---@param year integer
---@param month integer
---@return integer
local function begins(year, month)
  return clock.parse_stamp(string.format("%04d%02d01_000000", year, month)) or 0
end

--- The month before that of a stamp.
---@param stamp string
---@return string
function months.before(stamp)
  local year, month = math.tointeger(string.sub(stamp, 1, 4)) or 0, math.tointeger(string.sub(stamp, 5, 6)) or 0
  return month == 1 and string.format("%04d-12", year - 1) or string.format("%04d-%02d", year, month - 1)
end

--- A month by its name; what is no month is an error.
---@param name string
---@return hikae.months.Month
function months.read(name)
  local digits, of = string.match(name, "^(%d%d%d%d)%-(%d%d)$")
  local year, month = math.tointeger(tonumber(digits)), math.tointeger(tonumber(of))
  if not year or not month or month < 1 or month > 12 or year < 1970 then
    error { message = _("`%s` is not a month", name), hint = _("write year and month: --set month=2026-02") }
  end
  local first, after = begins(year, month), month == 12 and begins(year + 1, 1) or begins(year, month + 1)
  return { name = name, days = (after - first + 43200) // 86400, begins = first, ends = after }
end

--- Seconds since 1970 of a moment as the record has it, RFC 3339.
---@param text string
---@return integer
function months.moment(text)
  local date, time, rest = string.match(text, "^(%d%d%d%d%-%d%d%-%d%d)T(%d%d:%d%d:%d%d)[%.%d]*(.*)$")
  local year, month, day = string.match(date or "", "(%d+)%-(%d+)%-(%d+)")
  local hour, minute, second = string.match(time or "", "(%d+):(%d+):(%d+)")
  local y, m = math.tointeger(tonumber(year)), math.tointeger(tonumber(month))
  local d = math.tointeger(tonumber(day))
  if not y or not m or not d then
    error { kind = "integrity", message = _("`%s` is not a moment", text) }
  end
  -- Days since 1970 of the Gregorian calendar.
  local shifted = m <= 2 and y - 1 or y
  local era = shifted // 400
  local of_era = shifted - era * 400
  local of_year = (153 * (m + (m > 2 and -3 or 9)) + 2) // 5 + d - 1
  local days = era * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719468
  local sign, hours, minutes = string.match(rest or "", "^([+-])(%d%d):(%d%d)$")
  local ahead = sign and (math.tointeger(tonumber(hours)) * 3600 + math.tointeger(tonumber(minutes)) * 60) or 0
  local seconds = math.tointeger(tonumber(hour)) * 3600 + math.tointeger(tonumber(minute)) * 60 + math.tointeger(tonumber(second))
  return days * 86400 + seconds - (sign == "-" and -ahead or ahead)
end

return months

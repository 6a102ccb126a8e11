--- Computes with the stamps in backup names (`YYYYMMDD_HHMMSS`): the day, week, month and year that each belongs to.
local calendar = {}

---@class (exact) hikae.calendar.Moment
---@field day integer Days since 1970-01-01.
---@field second integer Seconds since 1970-01-01 00:00:00 on the same wall clock.
---@field week integer Weeks since the first Monday; a week starts on Monday (ISO 8601).
---@field month integer Months since year 0.
---@field year integer

--- Days since 1970-01-01 of a day of the Gregorian calendar.
---@param year integer
---@param month integer
---@param day integer
---@return integer
local function days_from_civil(year, month, day)
  local shifted = month <= 2 and year - 1 or year
  local era = shifted // 400
  local year_of_era = shifted - era * 400
  local day_of_year = (153 * (month + (month > 2 and -3 or 9)) + 2) // 5 + day - 1
  return era * 146097 + year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year - 719468
end

--- Days in a month.
---@param year integer
---@param month integer
---@return integer
local function days_in_month(year, month)
  local following = month == 12 and days_from_civil(year + 1, 1, 1) or days_from_civil(year, month + 1, 1)
  return following - days_from_civil(year, month, 1)
end

--- The moment of a stamp; nil when the text is no stamp or names a day that does not exist.
---@param stamp string?
---@return hikae.calendar.Moment?
function calendar.parse(stamp)
  local digits = { string.match(stamp or "", "^(%d%d%d%d)(%d%d)(%d%d)_(%d%d)(%d%d)(%d%d)$") }
  if not digits[1] then
    return nil
  end
  local numbers = {}
  for index, text in ipairs(digits) do
    numbers[index] = math.tointeger(tonumber(text)) or 0
  end
  local year, month, day, hour, minute, second = table.unpack(numbers)
  if month < 1 or month > 12 or day < 1 or day > days_in_month(year, month) then
    return nil
  end
  if hour > 23 or minute > 59 or second > 60 then
    return nil
  end
  local days = days_from_civil(year, month, day)
  return {
    day = days,
    second = days * 86400 + hour * 3600 + minute * 60 + second,
    week = (days + 3) // 7,
    month = year * 12 + month - 1,
    year = year,
  }
end

--- The last stamp inside a file name; nil when there is none. Digits that only look like one, such as an order number, are ignored.
--- The documented name of a log backup has the day alone, `logs_backup_20260215.tar.gz`: it counts as its first second.
---@param name string
---@return string?
---@return hikae.calendar.Moment? moment
function calendar.stamp_of(name)
  local found, moment = nil, nil
  for stamp in string.gmatch(name, "%f[%d]%d%d%d%d%d%d%d%d_%d%d%d%d%d%d%f[%D]") do
    local parsed = calendar.parse(stamp)
    if parsed then
      found, moment = stamp, parsed
    end
  end
  local day = not found and string.match(name, "_backup_(%d%d%d%d%d%d%d%d)%f[%D]")
  local parsed = day and calendar.parse(day .. "_000000")
  if parsed then
    found, moment = day .. "_000000", parsed
  end
  return found, moment
end

return calendar

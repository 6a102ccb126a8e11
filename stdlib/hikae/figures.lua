--- Works out what a report of a month says: runs, sizes, growth, how long each recipe had a young backup, and when the disk is full.
local months = require "hikae.months"

local figures = {}

---@class hikae.figures.Recipe
---@field recipe string
---@field runs integer
---@field good integer
---@field failures table<string, integer> By kind of error, or by status where there is none.
---@field sizes { day: integer, size_bytes: integer }[] Of the backups that it made, by the day of the month.
---@field newest? integer Size of the newest backup.
---@field growth? integer How much larger that is than the first of the month.
---@field covered? number Share of the month in which there was a backup younger than the objective, 0 to 1.
---@field longest? integer The longest time between two successes, in seconds.

---@class hikae.figures.Report
---@field month hikae.months.Month
---@field recipes hikae.figures.Recipe[] By name.
---@field runs integer
---@field good integer
---@field bytes integer Of all backups of the month.
---@field drills catalog.Run[] The restore tests.
---@field rto? number The longest of those that were a success, in seconds.

--- The runs of a month that have ended, the oldest first.
---@param month hikae.months.Month
---@return catalog.Run[]
function figures.runs(month)
  local found = {}
  for _i, run_made in ipairs(catalog.runs { within = math.max(1, clock.now() - month.begins), limit = 10000 }) do
    local at = months.moment(run_made.started_at)
    if at >= month.begins and at < month.ends and run_made.status ~= "running" then
      table.insert(found, 1, run_made)
    end
  end
  return found
end

--- What one recipe did.
---@param name string
---@return hikae.figures.Recipe
local function empty(name)
  return { recipe = name, runs = 0, good = 0, failures = {}, sizes = {}, ends = {} }
end

--- Adds a run to the figures of its recipe.
---@param of hikae.figures.Recipe
---@param made catalog.Run
---@param month hikae.months.Month
local function add(of, made, month)
  of.runs = of.runs + 1
  if made.status == "success" then
    of.good = of.good + 1
  else
    local kind = made.error and made.error.kind or made.status
    of.failures[kind] = (of.failures[kind] or 0) + 1
  end
  local bytes = 0
  for _i, backup in ipairs(made.backups) do
    bytes = bytes + backup.size_bytes
  end
  if bytes > 0 then
    local at = months.moment(made.ended_at or made.started_at)
    of.sizes[#of.sizes + 1] = { day = (at - month.begins) // 86400 + 1, size_bytes = bytes }
    of.ends[#of.ends + 1] = at
  end
end

--- Share of a month, up to now, in which a backup was younger than the objective; and the longest time without a new one.
---@param ends integer[] When backups were made, the oldest first.
---@param month hikae.months.Month
---@param objective number
---@return number?
---@return integer?
local function coverage(ends, month, objective)
  local now = math.min(clock.now(), month.ends)
  if #ends == 0 or now <= month.begins then
    return nil, nil
  end
  local covered, longest, till = 0, 0, month.begins
  for index, at in ipairs(ends) do
    local from = math.max(at, till)
    till = math.max(till, math.min(now, at + objective))
    covered = covered + math.max(0, till - from)
    local after = ends[index + 1] or now
    longest = math.max(longest, after - at)
  end
  -- Before the first backup of the month nobody knows: it counts from there.
  local known = now - ends[1]
  return known > 0 and covered / known or 1, longest
end

--- Works out the report of a month. A month without a run is an error.
---@param month hikae.months.Month
---@param runs catalog.Run[] As `figures.runs` gives them.
---@param options { objective_rpo: number, drills: string[] }
---@return hikae.figures.Report
function figures.of(month, runs, options)
  local report = { month = month, recipes = {}, runs = 0, good = 0, bytes = 0, drills = {} }
  local by_name, is_drill = {}, {}
  for _i, name in ipairs(options.drills) do
    is_drill[name] = true
  end
  for _i, made in ipairs(runs) do
    if not by_name[made.recipe] then
      by_name[made.recipe] = empty(made.recipe)
      report.recipes[#report.recipes + 1] = by_name[made.recipe]
    end
    add(by_name[made.recipe], made, month)
    report.runs, report.good = report.runs + 1, report.good + (made.status == "success" and 1 or 0)
    if is_drill[made.recipe] then
      report.drills[#report.drills + 1] = made
      local took = made.status == "success" and made.duration_secs
      report.rto = took and math.max(report.rto or 0, took) or report.rto
    end
  end
  if report.runs == 0 then
    error {
      kind = "not_found",
      message = _("the record has no run in %s", month.name),
      hint = _("`hikae runs` shows what there is; another month: --set month=2026-02"),
    }
  end
  for _i, of in ipairs(report.recipes) do
    local first, last = of.sizes[1], of.sizes[#of.sizes]
    of.newest, of.growth = last and last.size_bytes, last and last.size_bytes - first.size_bytes
    of.covered, of.longest = coverage(of.ends, month, options.objective_rpo)
    of.ends = nil
    for _j, size in ipairs(of.sizes) do
      report.bytes = report.bytes + size.size_bytes
    end
  end
  table.sort(report.recipes, function(a, b) return a.recipe < b.recipe end)
  return report
end

--- Days until the disk is full: what the last two weeks added beyond what they removed, or nil where it does not grow.
---@param free_bytes integer
---@param backups { created_at: string, size_bytes: integer }[] Of the last four weeks.
---@return integer? days
---@return integer growth Bytes a day.
function figures.days_left(free_bytes, backups)
  local WINDOW = 14
  local now = clock.now()
  local young, old = 0, 0
  for _i, backup in ipairs(backups) do
    local age = now - months.moment(backup.created_at)
    if age <= WINDOW * 86400 then
      young = young + backup.size_bytes
    else
      old = old + backup.size_bytes
    end
  end
  -- What a week makes more than the one before stays: retention removes as many backups as are made, each as large as it was.
  local growth = math.max(0, young - old) // WINDOW
  return growth > 0 and free_bytes // growth or nil, growth
end

return figures

--- Decides which backups are kept and which are removed, and removes them.
local calendar = require "hikae.calendar"
local groups = require "hikae.groups"
local manifests = require "hikae.manifests"

local retention = {}

--- What the newest backup may be ahead of the clock: the hour that local time repeats when summer ends.
local AHEAD_SECS = 3600
local PERIODS = { "daily", "weekly", "monthly", "yearly" }
local UNIT = { daily = "day", weekly = "week", monthly = "month", yearly = "year" }
local KNOWN = { "days", "last", "daily", "weekly", "monthly", "yearly", "keep", "keep_at_least" }

---@class (exact) hikae.retention.Rules
---@field days? integer Days to keep a backup, as `find -mtime` counts them: one goes when it is more than this many whole days old.
---@field last? integer How many of the newest to keep.
---@field daily? integer For how many days that have a backup to keep the newest of the day.
---@field weekly? integer For how many weeks, from Monday, to keep the newest of the week.
---@field monthly? integer For how many months to keep the newest of the month.
---@field yearly? integer For how many years to keep the newest of the year.
---@field keep? "newest"|"first" Which of a day, week, month or year those four keep. The first one stays the same as the period goes on. Default `newest`.
---@field keep_at_least? integer How many of the newest proved backups to keep whatever the other rules say; unproved ones fill up where there are too few. Default 1.

---@class (exact) hikae.retention.Backup
---@field name string
---@field stamp? string The moment in its name, `YYYYMMDD_HHMMSS`, local time; without one it is kept.
---@field moment? hikae.calendar.Moment The same moment, where it is known already.
---@field proved? boolean Whether it has a manifest that fits. Default false.
---@field rows? integer Rows in it, where they were counted.
---@field databases? string[] The databases in it, in order; none where its manifest names none, nil where neither a manifest nor the head of the dump says what is in it.

---@class (exact) hikae.retention.Verdict
---@field name string
---@field why string

---@class (exact) hikae.retention.Plan
---@field keep hikae.retention.Verdict[] Those without a date first, then the newest first.
---@field drop hikae.retention.Verdict[] The newest first.

--- A backup with the moment in its name, its age in days, and why it is kept.
---@class (exact) hikae.retention.Dated
---@field name string
---@field proved boolean
---@field moment hikae.calendar.Moment
---@field age integer
---@field why? string

--- Refuses rules that say nothing, or something that is no count.
---@param rules hikae.retention.Rules
local function check_rules(rules)
  local known, ruled = {}, false
  for _i, name in ipairs(KNOWN) do
    known[name] = true
    local value = rules[name]
    if name == "keep" then
      if value ~= nil and value ~= "newest" and value ~= "first" then
        error { message = _("`keep` of the retention must be \"newest\" or \"first\"") }
      end
    elseif value ~= nil and (math.type(value) ~= "integer" or value < 1) then
      error { message = _("`%s` of the retention must be a whole number from 1", name) }
    end
    ruled = ruled or (value ~= nil and name ~= "keep" and name ~= "keep_at_least")
  end
  for name in pairs(rules) do
    if not known[name] then
      error { message = _("the retention has no rule `%s`", name), hint = _("the rules are %s", table.concat(KNOWN, ", ")) }
    end
  end
  if not ruled then
    error { message = _("the retention has no rule"), hint = _("name one of %s", "days, last, daily, weekly, monthly, yearly") }
  end
end

--- The backups with a stamp, newest first, and verdicts over those without.
---@param backups hikae.retention.Backup[]
---@param present hikae.calendar.Moment
---@return hikae.retention.Dated[]
---@return hikae.retention.Verdict[]
local function dated(backups, present)
  local stamped, bare = {}, {}
  for _i, backup in ipairs(backups) do
    local moment = backup.moment or calendar.parse(backup.stamp)
    if moment then
      local age = math.max(0, (present.second - moment.second) // 86400)
      stamped[#stamped + 1] = { name = backup.name, proved = backup.proved or false, moment = moment, age = age }
    else
      bare[#bare + 1] = { name = backup.name, why = _("no date in its name") }
    end
  end
  table.sort(stamped, function(a, b)
    if a.moment.second ~= b.moment.second then
      return a.moment.second > b.moment.second
    end
    return a.name > b.name
  end)
  return stamped, bare
end

--- Refuses to trust a clock that the backups contradict.
local function check_clock(newest, present, now)
  if newest and newest.moment.second > present.second + AHEAD_SECS then
    error {
      kind = "other",
      message = _("refused to remove old backups: `%s` is in the future: the clock says %s", newest.name, now),
      hint = _("set the clock of this machine right, or move that backup away"),
    }
  end
end

--- Those that are proved, in the same order. Each counting rule is applied to all and to these alone: a backup that nobody
--- proved may be kept, but never takes the place of one that is good.
local function proved_of(stamped)
  local proved = {}
  for _i, item in ipairs(stamped) do
    if item.proved then
      proved[#proved + 1] = item
    end
  end
  return proved
end

local function mark_newest(items, count, why)
  for index = 1, math.min(count, #items) do
    items[index].why = items[index].why or why
  end
end

--- Marks the newest or the first of each of the last `count` periods that have a backup; a proved one comes before one that is not.
---@param items hikae.retention.Dated[] The newest first.
---@param count integer
---@param period string
---@param first boolean
local function mark_periods(items, count, period, first)
  local chosen, order = {}, {}
  for _i, item in ipairs(items) do
    local key = item.moment[UNIT[period]]
    if not chosen[key] then
      chosen[key] = item
      order[#order + 1] = key
    elseif item.proved and not chosen[key].proved or first and item.proved == chosen[key].proved then
      chosen[key] = item
    end
  end
  for index = 1, math.min(count, #order) do
    local item = chosen[order[index]]
    local why = first and _("first of its %s (%s = %d)", UNIT[period], period, count)
      or _("newest of its %s (%s = %d)", UNIT[period], period, count)
    item.why = item.why or why
  end
end

--- Keeps the newest proved backups, and fills up with others while there are fewer than `at_least` in all.
local function mark_floor(stamped, proved, at_least)
  mark_newest(proved, 1, _("newest proved backup"))
  mark_newest(proved, at_least, _("one of the newest (keep_at_least = %d)", at_least))
  local kept = 0
  for _i, item in ipairs(stamped) do
    kept = kept + (item.why and 1 or 0)
  end
  for _i, item in ipairs(stamped) do
    if kept < at_least and not item.why then
      item.why = _("one of the newest (keep_at_least = %d)", at_least)
      kept = kept + 1
    end
  end
end

--- Decides over names and stamps alone; touches nothing.
---@param backups hikae.retention.Backup[]
---@param rules hikae.retention.Rules
---@param now string The moment that ages count from, as a stamp.
---@return hikae.retention.Plan
function retention.plan(backups, rules, now)
  check_rules(rules)
  local present = calendar.parse(now) or error(_("`%s` is not a stamp of the form YYYYMMDD_HHMMSS", tostring(now)))
  local stamped, keep = dated(backups, present)
  check_clock(stamped[1], present, now)
  local proved = proved_of(stamped)

  for _i, item in ipairs(stamped) do
    if rules.days and item.age <= rules.days then
      item.why = _("%d days old (days = %d)", item.age, rules.days)
    end
  end
  for _i, items in ipairs { stamped, proved } do
    if rules.last then
      mark_newest(items, rules.last, _("one of the newest (last = %d)", rules.last))
    end
    for _i, period in ipairs(PERIODS) do
      if rules[period] then
        mark_periods(items, rules[period], period, rules.keep == "first")
      end
    end
  end
  mark_floor(stamped, proved, rules.keep_at_least or 1)

  local drop = {}
  for _i, item in ipairs(stamped) do
    local list = item.why and keep or drop
    list[#list + 1] = { name = item.name, why = item.why or _("%d days old, no rule keeps it", item.age) }
  end
  return { keep = keep, drop = drop }
end

---@class (exact) hikae.retention.Options: hikae.retention.Rules
---@field dir string The folder of the backups.
---@field name string The pattern of their names, as the shell has them.

--- The rules among the options.
---@param options hikae.retention.Options
---@return hikae.retention.Rules
local function rules_of(options)
  local rules = {}
  for name, value in pairs(options) do
    rules[name] = value
  end
  for _i, name in ipairs { "dir", "name" } do
    if type(options[name]) ~= "string" then
      error { message = _("`retention.prune` needs `%s`", name), hint = 'retention.prune { dir = "/backups", name = "db_*.sql.gz", days = 30 }' }
    end
    rules[name] = nil
  end
  check_rules(rules)
  return rules
end

--- Decides for each group of backups apart, and says what is left alone because the run has nothing that could take its place.
---@param backups hikae.retention.Backup[]
---@param new? hikae.retention.Backup[] Those that the run has made; nil where it makes none.
---@param rules hikae.retention.Rules
---@return hikae.retention.Plan
function retention.plan_apart(backups, new, rules)
  local now = clock.stamp()
  local plan, left = groups.plan(backups, new, function(among)
    manifests.check_rows(among)
    return retention.plan(among, rules, now)
  end)
  for _i, kept in ipairs(plan.keep) do
    log.debug(_("Kept %s: %s", kept.name, kept.why))
  end
  if #left > 0 then
    log.info(_("Left alone, of another database: %d, such as %s (%s)", #left, left[#left].name, groups.named(left[#left])))
  end
  return plan
end

--- Lets old backups go, each with its manifest, once the new one is proved.
---@param options hikae.retention.Options
---@return hikae.retention.Plan
function retention.prune(options)
  local rules = rules_of(options)
  local backups, beside, orphans = manifests.look(options.dir, options.name)
  local new = manifests.made(backups, options.dir, "", _("call retention.prune after `:save(path)`, with the folder and the pattern of that path"))
  local plan = retention.plan_apart(backups, new, rules)
  for _i, dropped in ipairs(plan.drop) do
    -- The backup first: a manifest alone claims nothing, and the next run removes it.
    fs.remove(path.join(options.dir, dropped.name), { why = dropped.why })
    for _j, name in ipairs(beside[dropped.name]) do
      fs.remove(path.join(options.dir, name), { why = _("it describes a backup that goes") })
    end
    log.info(_("Old backup removed: %s (%s)", dropped.name, dropped.why))
  end
  for _i, orphan in ipairs(orphans) do
    fs.remove(path.join(options.dir, orphan), { why = _("it describes a backup that is not there") })
    log.info(_("Removed what describes a backup that is not there: %s", orphan))
  end
  log.info(_("Retention: %d kept, %d removed", #plan.keep, #plan.drop))
  return plan
end

return retention

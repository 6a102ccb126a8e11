--- Groups backups by database: each is removed only in favour of backups that have all of its databases.
local groups = {}

---@param names string[]
---@return table<string, boolean>
local function set_of(names)
  local set = {}
  for _i, name in ipairs(names) do
    set[name] = true
  end
  return set
end

--- Whether one backup has every database of another; one without any takes the place of none with one, nor the other way round.
---@param one string[]
---@param other string[]
---@return boolean
function groups.covers(one, other)
  local has = set_of(one)
  for _i, name in ipairs(other) do
    if not has[name] then
      return false
    end
  end
  return #other > 0 or #one == 0
end

--- The backups that a run may remove: all when there are no new ones, else those of which a new one has every database. Where others
--- are among them, nobody knows whose a backup is that does not say what is in it: it is left alone as well.
---@param backups hikae.retention.Backup[]
---@param new? hikae.retention.Backup[]
---@return hikae.retention.Backup[] within
---@return hikae.retention.Backup[] left
local function reach(backups, new)
  local within, left, unknown = {}, {}, {}
  for _i, backup in ipairs(backups) do
    local reached = new == nil
    for _j, other in ipairs(new or {}) do
      reached = reached or backup.databases ~= nil and groups.covers(other.databases or {}, backup.databases)
    end
    local list = reached and within or backup.databases and left or unknown
    list[#list + 1] = backup
  end
  local theirs = #left > 0 and left or within
  table.move(unknown, 1, #unknown, #theirs + 1, theirs)
  return within, left
end

---@class hikae.groups.Group
---@field databases? string[]
---@field has table<string, boolean> The names of the backups that are judged: they have these databases.
---@field among hikae.retention.Backup[] Those that they are judged among: they have these databases, and maybe more.

--- The groups of backups. What does not say what is in it is judged among all, and takes the place of nothing that is proved.
---@param within hikae.retention.Backup[]
---@return hikae.groups.Group[]
local function groups_of(within)
  local found, order = {}, {}
  for _i, backup in ipairs(within) do
    local key = backup.databases and table.concat(backup.databases, "\0") or false
    if not found[key] then
      found[key] = { has = {}, among = {}, databases = backup.databases }
      order[#order + 1] = found[key]
    end
    found[key].has[backup.name] = true
  end
  for _i, group in ipairs(order) do
    for _j, backup in ipairs(within) do
      if not group.databases or not backup.databases or groups.covers(backup.databases, group.databases) then
        group.among[#group.among + 1] = backup
      end
    end
  end
  return order
end

--- Plans for each group apart; touches nothing.
---@param backups hikae.retention.Backup[]
---@param new? hikae.retention.Backup[] Those that the run has made; nil where it makes none, and may remove any old one.
---@param plan fun(among: hikae.retention.Backup[]): hikae.retention.Plan
---@return hikae.retention.Plan
---@return hikae.retention.Backup[] left What this run has nothing to do with; it is kept.
function groups.plan(backups, new, plan)
  local within, left = reach(backups, new)
  local all = { keep = {}, drop = {} }
  for _i, group in ipairs(groups_of(within)) do
    local planned = plan(group.among)
    for part, verdicts in pairs(all) do
      for _j, verdict in ipairs(planned[part]) do
        if group.has[verdict.name] then
          verdicts[#verdicts + 1] = verdict
        end
      end
    end
  end
  for _i, backup in ipairs(left) do
    all.keep[#all.keep + 1] = { name = backup.name, why = _("of another database: %s", groups.named(backup)) }
  end
  return all, left
end

--- The databases of a backup, for people.
---@param backup hikae.retention.Backup
---@return string
function groups.named(backup)
  if not backup.databases then
    return _("not known")
  end
  return #backup.databases > 0 and table.concat(backup.databases, ", ") or _("none")
end

return groups

--- Decides what a monitor of backups looks at: the kinds that are in use, and the recipes that are silent.
local monitored = {}

--- The recipes that make the backups of a kind that not everybody has.
local MAKERS = { config = "config-backup", logs = "log-backup" }

--- The kinds that are looked at where nobody names them: the database, and what was ever backed up beside it.
---@param find fun(kind: string): any Finds the backups of a kind; none is an error.
---@return string[]
function monitored.kinds(find)
  local kinds = { "db" }
  for _i, kind in ipairs { "config", "logs" } do
    local known, runs = errors.try(catalog.runs, { recipe = MAKERS[kind], limit = 1 })
    local there, none = errors.try(find, kind)
    if not known then
      errors.accept(runs, _("it is reported with everything else that is wrong"))
    end
    local absent = not there and none.kind == "not_found"
    if absent then
      errors.accept(none, _("nobody makes such backups here"))
    elseif not there then
      -- What cannot be looked at once is no silence: a second look that works would hide it.
      error(none)
    end
    if not absent or not known or #runs > 0 then
      kinds[#kinds + 1] = kind
    end
  end
  return kinds
end

--- What there is to say of a recipe that is silent.
---@param silent catalog.Overdue
---@return string
local function silence(silent)
  if silent.verdict == "late" then
    return _("it was to run at %s, and ran last at %s", silent.due, silent.since)
  elseif silent.verdict == "never_ran" then
    return _("it is meant to run, and never did")
  elseif silent.verdict == "stuck" then
    return _("it runs since %s, longer than its timeout", silent.since)
  elseif silent.verdict == "broken" then
    return _("it cannot be loaded: %s", silent.why)
  elseif not silent.age_secs then
    return _("it has no good backup")
  end
  return _("its last good backup is %d hours old, and may be %d", silent.age_secs // 3600, silent.objective_secs // 3600)
end

--- Looks for recipes that are silent.
---@param wrong fun(what: string, message: string)
function monitored.listen(wrong)
  local ok, overdue = errors.try(catalog.overdue)
  if not ok then
    errors.accept(overdue, _("it is reported with everything else that is wrong"))
    return wrong(_("record of the runs"), overdue.message)
  end
  local titles = {
    late = _("did not run"), stale = _("no young backup"), never_ran = _("never ran"),
    stuck = _("does not end"), broken = _("cannot be loaded"),
  }
  for _i, silent in ipairs(overdue) do
    wrong(silent.shown .. ": " .. titles[silent.verdict], silence(silent))
  end
end

return monitored

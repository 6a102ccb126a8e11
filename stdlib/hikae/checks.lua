--- Shows what was compared after a restore, a line for each check with ✓ or ✗ (guide App. B).
local checks = {}

--- What each kind of check is called, in the reader's language.
---@return table<string, string>
local function titles()
  return {
    ["connection"] = _("Connection to the database"),
    ["tables"] = _("Tables"),
    ["rows"] = _("Rows"),
    ["tables not counted"] = _("Tables whose rows the backup does not count"),
    ["readable tables"] = _("Readable tables"),
    ["indexes"] = _("Indexes"),
    ["invalid indexes"] = _("Invalid indexes"),
    ["constraints"] = _("Constraints"),
    ["constraints not valid"] = _("Constraints that are not validated"),
    ["sequences"] = _("Sequences"),
    ["sequence values"] = _("Values of the sequences"),
    ["value"] = _("Value of the sequence"),
    ["views"] = _("Views"),
    ["functions"] = _("Functions"),
    ["extensions"] = _("Extensions"),
    ["rows in the backup"] = _("Rows in the backup"),
    ["data"] = _("Values of the rows"),
    ["large objects"] = _("Large objects"),
    ["structure"] = _("Structure"),
    ["filled materialized views"] = _("Filled materialized views"),
    ["query"] = _("Query"),
  }
end

--- One check as a line: `✓ Rows (public.contacts): 3`.
---@param check pg.Check
---@return string
function checks.line(check)
  local title = titles()[check.name] or check.name
  if check.object then
    title = title .. " (" .. check.object .. ")"
  end
  if check.compared == false then
    return "– " .. title .. ": " .. _("not compared (%s)", check.shown or check.detail or "-")
  end
  if check.ok then
    return "✓ " .. title .. ": " .. tostring(check.found)
  end
  local line = "✗ " .. title .. ": " .. _("expected %s, found %s", tostring(check.expected), tostring(check.found or "-"))
  local detail = check.shown or check.detail
  return detail and line .. " (" .. detail .. ")" or line
end

--- Logs every check, those that failed as errors; gives how many failed.
---@param list pg.Check[]
---@return integer
function checks.show(list)
  local failed = 0
  for _i, check in ipairs(list) do
    if check.ok then
      log.info(checks.line(check))
    else
      failed = failed + 1
      log.error(checks.line(check))
    end
  end
  return failed
end

--- Notes that the structure was not compared because `pg_dump` could not be asked: such a run is incomplete.
---@param list pg.Check[]
local function note_unasked(list)
  for _i, check in ipairs(list) do
    if check.compared == false and string.find(check.detail or "", "`pg_dump` could not be asked", 1, true) then
      run.remark {
        level = "incomplete",
        kind = "structure_not_compared",
        message = _("the structure of the restored database was not compared: %s", check.detail),
        hint = _("install `pg_dump` of the server's version here, and let the recipe run it (`needs.run`)"),
      }
    end
  end
end

--- Compares a restored database with its manifest and shows every check, whichever way it ends; what does not hold is raised.
---@param options pg.VerifyOptions
---@return pg.Verified
function checks.verify(options)
  local ok, answer = errors.try(pg.verify, options)
  if answer.checks then
    checks.show(answer.checks)
  end
  if not ok then
    error(answer)
  end
  note_unasked(answer.checks)
  return answer
end

return checks

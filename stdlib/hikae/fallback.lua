--- Decides what follows when a backup cannot be restored: an older one only if that was agreed to, and always reported.
local calendar = require "hikae.calendar"

local fallback = {}

--- Whether hikae refused a whole file because of a statement in it; what is damaged is another matter.
---@param failure errors.Failure
---@return boolean
local function is_refused(failure)
  return failure.kind == "denied" and string.find(failure.message, "cannot accept the dump", 1, true) ~= nil
end

--- Whether another backup may do better: the file itself is damaged, or refused, or did not give what it should.
---@param failure errors.Failure
---@return boolean
function fallback.may_help(failure)
  return failure.kind == "integrity" or is_refused(failure)
end

--- What is wrong with a backup, in words that keep damage and refusal apart.
---@param file string
---@param failure errors.Failure
---@return string
function fallback.wrong(file, failure)
  if is_refused(failure) then
    return _("%s is whole, and hikae does not restore it: %s", file, failure.message)
  elseif failure.checks then
    return _("%s was restored, and the database differs from it: %s", file, failure.message)
  end
  return _("%s is damaged: %s", file, failure.message)
end

--- When a backup was made, by the moment in its name; nil where it has none.
---@param file string
---@return integer?
local function made_at(file)
  local stamp = calendar.stamp_of(path.name(file))
  return stamp and clock.parse_stamp(stamp) or nil
end

--- A backup for people: its name, its date, how many rows its manifest counts.
---@param file string
---@return string
function fallback.shown(file)
  local stamp = calendar.stamp_of(path.name(file))
  local date = stamp and string.gsub(stamp, "^(%d%d%d%d)(%d%d)(%d%d)_(%d%d)(%d%d)(%d%d)$", "%1-%2-%3 %4:%5:%6") or "?"
  -- The list has the number of rows without the tables, however many there are.
  local ok, listed = errors.try(manifest.list, { dir = path.dir(file), name = path.name(file) })
  local rows
  if ok then
    rows = listed[1] and listed[1].rows
  else
    errors.accept(listed, _("a backup without a manifest that can be read has no number of rows"))
  end
  return _("%s of %s, %s rows", file, date, rows and tostring(rows) or "?")
end

--- Stops: the backup cannot be restored, and nobody agreed to an older one.
---@param file string
---@param older string
---@param failure errors.Failure
function fallback.stop(file, older, failure)
  errors.accept(failure, _("the error below reports it"))
  error {
    kind = failure.kind,
    message = fallback.wrong(file, failure),
    hint = _("nothing was replaced; the backup before it: %s; to restore that one, and to lose what came after it: --set fallback=older", fallback.shown(older)),
  }
end

--- Whether the person at the terminal agrees to the older backup. `--yes` agrees to nothing of the kind: nobody is asked then.
---@param file string
---@param older string
---@param failure errors.Failure
---@return boolean
function fallback.agreed(file, older, failure)
  return run.ask(_("%s\nthe backup that cannot be restored: %s\nthe backup before it: %s\nRestore the one before it, and lose what came after it? (yes/no)",
    fallback.wrong(file, failure), fallback.shown(file), fallback.shown(older))) == true
end

--- A time as people say it.
---@param seconds integer
---@return string
local function span(seconds)
  if seconds >= 2 * 86400 then
    return _("%d days and %d hours", seconds // 86400, seconds % 86400 // 3600)
  end
  return _("%d hours and %d minutes", seconds // 3600, seconds % 3600 // 60)
end

--- Says that an older backup was restored: the run is partial, and its alert has how much time is lost.
---@param newest string
---@param used string
---@param why string
function fallback.used(newest, used, why)
  local from, to = made_at(used), made_at(newest)
  local lost = from and to and span(to - from) or _("an unknown time")
  run.remark {
    level = "incomplete",
    kind = "older_backup",
    message = _("an older backup was restored, %s lost: %s instead of %s (%s)", lost, fallback.shown(used), newest, why),
    hint = _("look at what was wrong with the newest backup, and at what happened since the older one"),
  }
end

--- Does `work` with the first of the files that is good; gives that file. A later one is taken only where that was agreed to.
---@param files string[] The best first.
---@param policy? "ask"|"older" Default `ask`.
---@param work fun(file: string)
---@return string
function fallback.first(files, policy, work)
  local why
  for index, file in ipairs(files) do
    local ok, failure = errors.try(work, file)
    if ok then
      if why then
        fallback.used(files[1], file, why)
      end
      return file
    end
    local older = files[index + 1]
    if not fallback.may_help(failure) or not older then
      error(failure)
    elseif policy ~= "older" and not fallback.agreed(file, older, failure) then
      fallback.stop(file, older, failure)
    end
    local wrong = fallback.wrong(file, failure)
    why = why or wrong
    log.warn(_("%s; the backup before it is tried", wrong))
    errors.accept(failure, _("the backup before it is tried"))
  end
  error { message = _("no file was named to restore") }
end

return fallback

--- Keeps several backups as one set: complete or marked as not complete, removed as a whole or not at all.
---
--- A set `NAME` is a folder `NAME/` with its parts, and beside it the list `NAME.sha256` with its manifest. The list comes
--- last: a folder without it is a set that is not complete, and `INCOMPLETE.txt` in it says why.
local calendar = require "hikae.calendar"
local manifests = require "hikae.manifests"
local retention = require "hikae.retention"

local sets = {}

--- What the name of a set's list adds to the name of the set.
sets.LIST = ".sha256"

local NOTE = "INCOMPLETE.txt"

---@class hikae.sets.Set
---@field dir string The folder in which the set's own folder is.
---@field name string
---@field folder string
---@field files string[] The parts that are proved.
---@field failures { part: string, failure: errors.Failure }[]

--- A text as a part of a file name; no two texts give the same.
---@param text string
---@return string
function sets.file_name(text)
  return (string.gsub(text, "[^%w_%-%.\x80-\xff]", function(character)
    return string.format("%%%02X", string.byte(character))
  end))
end

--- Says in the folders of runs that were killed that nothing more will come. hikae sweeps partial files out of a folder when a
--- file is made in it, so this also takes away what those runs had half written.
---@param set hikae.sets.Set
local function mark_abandoned(set)
  local stamp = calendar.stamp_of(set.name)
  local pattern = stamp and string.gsub(set.name, stamp, "*") or set.name
  for _i, folder in ipairs(fs.list { dir = set.dir, name = pattern, kind = "dir" }) do
    local note = path.join(folder.path, NOTE)
    if folder.name ~= set.name and not fs.stat(folder.path .. sets.LIST) then
      -- A list that names what is missing was written by a run that ended.
      if not fs.stat(note) or not string.find(fs.read(note), "\n- ", 1, true) then
        fs.write(note, _("This set is not complete: its run was cut off.") .. "\n", { replace = true })
      end
      log.info(_("An earlier set is not complete: %s", folder.path))
    end
  end
end

--- Begins a set, which is marked as not complete until `sets.finish`.
---@param dir string
---@param name string With a stamp in it, for the retention.
---@return hikae.sets.Set
function sets.begin(dir, name)
  local folder = path.join(dir, name)
  if fs.stat(folder) then
    error { message = _("`%s` is there already", folder), kind = "already_exists", hint = _("a set never replaces another; put `clock.stamp()` into its name") }
  end
  fs.mkdir(folder)
  fs.write(path.join(folder, NOTE), _("This set is being made, or its run was cut off: see %s.", run.id()) .. "\n")
  local set = { dir = dir, name = name, folder = folder, files = {}, failures = {} }
  mark_abandoned(set)
  return set
end

--- Saves one part. One that fails does not keep the others from being saved, but the set is not complete then.
---@param set hikae.sets.Set
---@param part string What it is called for people.
---@param file string Its file name.
---@param stream fun(): Stream
---@return Stream.Backup? backup
function sets.save(set, part, file, stream)
  local ok, answer = errors.try(function()
    return stream():save(path.join(set.folder, file))
  end)
  if ok then
    set.files[#set.files + 1] = answer.path
    return answer
  end
  sets.miss(set, part, answer)
  -- No other part would fare better.
  if answer.kind == "space" or answer.kind == "recipe" then
    sets.finish(set)
  end
end

--- Notes that a part is missing, and why.
---@param set hikae.sets.Set
---@param part string
---@param failure errors.Failure|errors.Raised
function sets.miss(set, part, failure)
  log.error(_("%s is missing from the set: %s", part, failure.message))
  set.failures[#set.failures + 1] = { part = part, failure = failure }
end

--- Writes into the set's folder what is missing, and raises it.
---@param set hikae.sets.Set
local function refuse(set)
  local parts, lines = {}, { _("This set is not complete: see %s.", run.id()) }
  for index, missing in ipairs(set.failures) do
    parts[index] = "`" .. missing.part .. "`"
    lines[#lines + 1] = "- " .. missing.part .. ": " .. missing.failure.message
  end
  local first = set.failures[1].failure
  -- Writing it down is not what failed: on a full disk the first note must do.
  local ok, unwritten = errors.try(fs.write, path.join(set.folder, NOTE), table.concat(lines, "\n") .. "\n", { replace = true })
  if not ok then
    log.warn(_("The note beside the set could not be written: %s", unwritten.message))
  end
  error {
    message = _("the set `%s` is not complete without %s", set.name, table.concat(parts, ", ")) .. ": " .. first.message,
    kind = first.kind,
    hint = first.hint or _("what is in its folder is proved, each by its own manifest"),
  }
end

--- Makes the set complete by its list, or raises what is missing.
---@param set hikae.sets.Set
---@param options? { left_out?: string[] }
---@return manifest.Set
function sets.finish(set, options)
  if #set.failures > 0 then
    refuse(set)
  end
  local left_out = options and options.left_out or nil
  local saved = manifest.save_set(set.folder .. sets.LIST, { files = set.files, left_out = left_out })
  fs.remove(path.join(set.folder, NOTE), { why = _("the set is complete") })
  return saved
end

--- What the manifest of a list says; nil when it says nothing that can be believed.
---@param list fs.Entry
---@return table?
local function described(list)
  local ok, found = errors.try(manifest.read, list.path)
  if not ok then
    log.warn(_("The manifest of %s cannot be read: %s", list.name, found.message))
    errors.accept(found, _("a set whose manifest cannot be read counts as not proved"))
    return nil
  end
  local fits = found and found.name == list.name and found.size_bytes == list.size_bytes and type(found.files) == "table"
  return fits and found or nil
end

--- Whether every part is there with its size.
---@param dir string
---@param files { path: string, size_bytes: integer }[]
---@return boolean
local function stand(dir, files)
  for _i, file in ipairs(files) do
    local stat = fs.stat(path.join(dir, file.path))
    if not stat or stat.size_bytes ~= file.size_bytes then
      return false
    end
  end
  return #files > 0
end

--- The rows in all databases of a set; nil where they were not counted.
---@param databases { rows?: integer }[]
---@return integer?
local function rows_of(databases)
  local rows = 0
  for _i, database in ipairs(databases or {}) do
    if math.type(database.rows) ~= "integer" then
      return nil
    end
    rows = rows + database.rows
  end
  return rows
end

--- The names of the databases of a set, in order.
---@param databases { name: string }[]
---@return string[]
local function names_of(databases)
  local names = {}
  for index, database in ipairs(databases or {}) do
    names[index] = tostring(database.name)
  end
  table.sort(names)
  return names
end

--- The sets in a folder, complete or not.
---@param dir string
---@param name string The pattern of their names, without the ending of the list.
---@return hikae.retention.Backup[]
function sets.look(dir, name)
  local found, order = {}, {}
  local function note(set_name)
    if not found[set_name] then
      found[set_name] = { name = set_name, stamp = calendar.stamp_of(set_name), proved = false }
      order[#order + 1] = found[set_name]
    end
    return found[set_name]
  end
  for _i, folder in ipairs(fs.list { dir = dir, name = name, kind = "dir" }) do
    note(folder.name)
  end
  for _i, list in ipairs(fs.list { dir = dir, name = name .. sets.LIST, kind = "file" }) do
    local set = note(string.sub(list.name, 1, -#sets.LIST - 1))
    local manifest_of = described(list)
    set.proved = manifest_of ~= nil and stand(dir, manifest_of.files) and not fs.stat(path.join(dir, set.name, NOTE))
    set.rows = set.proved and rows_of(manifest_of.databases) or nil
    set.databases = manifest_of and names_of(manifest_of.databases) or nil
    if not set.proved then
      log.warn(_("%s counts as not proved: its manifest does not describe it", list.name))
    end
  end
  return order
end

--- Removes a set: its list first, so that at no moment a set seems complete that is not.
---@param dir string
---@param name string
---@param why string
local function remove(dir, name, why)
  local list, folder = path.join(dir, name .. sets.LIST), path.join(dir, name)
  for _i, file in ipairs { list, list .. manifests.SUFFIX } do
    if fs.stat(file) then
      fs.remove(file, { why = why })
    end
  end
  if fs.stat(folder) then
    for _i, file in ipairs(fs.list { dir = folder }) do
      fs.remove(file.path, { why = why })
    end
    fs.remove(folder, { why = why })
  end
end

---@class (exact) hikae.sets.Options: hikae.retention.Options
---@field all? boolean Whether the new set is of all that there is: sets of databases that are gone may go then, but for the last. Default false.

--- Lets old sets go, each as a whole, once the new one is complete.
---@param options hikae.sets.Options
---@return hikae.retention.Plan
function sets.prune(options)
  local rules = {}
  for name, value in pairs(options) do
    rules[name] = value
  end
  rules.dir, rules.name, rules.all = nil, nil, nil
  local found = sets.look(options.dir, options.name)
  local new = manifests.made(found, options.dir, sets.LIST, _("call sets.prune after sets.finish"))
  local plan = retention.plan_apart(found, not options.all and new or nil, rules)
  for _i, dropped in ipairs(plan.drop) do
    remove(options.dir, dropped.name, dropped.why)
    log.info(_("Old backup removed: %s (%s)", dropped.name, dropped.why))
  end
  log.info(_("Retention: %d kept, %d removed", #plan.keep, #plan.drop))
  return plan
end

return sets

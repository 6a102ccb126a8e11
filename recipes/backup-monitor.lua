--- Watches the backups: whether the newest of each kind is there, young, large and whole, and whether every recipe ran when it should have.
local application = require "hikae.application"
local calendar = require "hikae.calendar"
local manifests = require "hikae.manifests"
local monitored = require "hikae.monitored"

--- How many backups before the newest one say what is usual, and how many it takes to say that.
local USUAL, ENOUGH = 7, 3
--- What a backup may be ahead of the clock: the hour that local time repeats when summer ends.
local AHEAD_SECS = 3600

--- What `{stamp}` in a name pattern means: a moment, or only the day, as in the names of logs.
local DAY = string.rep("[0-9]", 8)
local STAMPS = { DAY .. "_" .. string.rep("[0-9]", 6), DAY }

--- Whether a stamp came of a name that has the day alone: then the last change says when in the day it was.
---@param name string
---@param stamp string
---@return boolean
local function is_of_day(name, stamp)
  return not string.find(name, stamp, 1, true)
end

--- The files whose names fit, with either stamp; a file may come twice.
---@param dir string
---@param name string
---@return fs.Entry[]
local function named(dir, name)
  local all = {}
  for _i, stamp in ipairs(STAMPS) do
    local files = fs.list { dir = dir, name = (string.gsub(name, "{stamp}", stamp)), recursive = true, kind = "file" }
    table.move(files, 1, #files, #all + 1, all)
  end
  return all
end

--- The backups of a kind, the newest first. One is as old as the older of the moment in its name and its last change.
---@param p table
---@param kind string
---@return { path: string, name: string, size_bytes: integer, at: integer }[]
local function backups(p, kind)
  local dir = kind == "db" and p.database_dir or p.dir
  local name = string.gsub(p.name, "{kind}", kind)
  local found, seen = {}, {}
  for _i, file in ipairs(named(dir, name)) do
    if not seen[file.path] and string.sub(file.name, -#manifests.SUFFIX) ~= manifests.SUFFIX then
      local stamp = calendar.stamp_of(file.name)
      local at = math.min(file.modified, stamp and not is_of_day(file.name, stamp) and clock.parse_stamp(stamp) or file.modified)
      seen[file.path] = true
      found[#found + 1] = { path = file.path, name = file.name, size_bytes = file.size_bytes, at = at }
    end
  end
  if #found == 0 then
    error { kind = "not_found", message = _("there is no backup `%s` in `%s`", (string.gsub(name, "{stamp}", "YYYYMMDD_HHMMSS")), dir) }
  end
  table.sort(found, function(a, b)
    return a.at > b.at or a.at == b.at and a.path > b.path
  end)
  return found
end

--- Reads what is no dump and no archive to its end, unpacked as its name says, and compares it with its manifest where it has one.
---@param p table
---@param file string
---@return integer plain_bytes
local function read(p, file)
  local described = manifest.read(file, { lists = false })
  if described then
    manifest.verify(file, { timeout = p.timeout })
    return described.plain_bytes
  end
  local stream = fs.open(file)
  if string.match(file, "%.gz$") then
    stream = stream:gunzip()
  elseif string.match(file, "%.zst$") then
    stream = stream:unzstd()
  end
  return stream:discard().size_bytes
end

--- Endings of names that promise a dump.
local DUMPS = { "%.sql$", "%.sql%.gz$", "%.sql%.zst$", "%.sql%.xz$", "%.sql%.bz2$", "%.dump$" }
--- Endings of names that promise an archive.
local ARCHIVES = { "%.tar$", "%.tar%.%w+$", "%.tgz$" }
--- Endings of names that promise an encrypted file.
local ENCRYPTED = { "%.age$", "%.gpg$" }

--- Whether a name ends in one of these ways.
local function ends(file, endings)
  for _i, ending in ipairs(endings) do
    if string.match(file, ending) then
      return true
    end
  end
  return false
end

--- How a backup is read: by its content. Its name can only promise more: a file `x.sql` without a dump in it is broken.
---@param file string
---@return "dump"|"archive"|"encrypted"|nil
local function kind_of(file)
  local content = manifest.content(file)
  if content == "encrypted" or ends(file, ENCRYPTED) then
    return "encrypted"
  elseif ends(file, DUMPS) then
    return "dump"
  end
  return content or ends(file, ARCHIVES) and "archive" or nil
end

--- Reads a backup to its end as what it is; what does not hold is raised, and so is a backup of nothing.
--- Gives what there is to say of it although it is whole: what its manifest keeps, and what the judge of restores says today.
---@param p table
---@param file string
---@return pg.Warning[]
local function prove(p, file)
  local kind = kind_of(file)
  if kind == "encrypted" then
    -- Its key is not here, and should not be: it is compared byte for byte with what was proved when it was made.
    local described = manifest.read(file, { lists = false })
    if not described then
      error { kind = "integrity", message = _("it is encrypted, and no manifest says what it was") }
    end
    manifest.verify(file, { timeout = p.timeout })
    return described.warnings or {}
  end
  if kind == "dump" then
    local found = pg.inspect(file, { timeout = p.timeout })
    local said = found.warnings or {}
    if found.database.without_data and not p.allow_empty then
      said[#said + 1] = { level = "incomplete", kind = "without_data", message = _("it has no rows: it was made without data") }
    end
    return said
  end
  local held
  if kind == "archive" then
    held = #archive.list(file, { timeout = p.timeout })
  else
    held = read(p, file)
  end
  if held == 0 then
    error { kind = "integrity", message = _("there is nothing in it") }
  end
  return {}
end

--- The size that is usual for the backups before the newest one; nil where there are too few of them.
local function usual_size(files)
  local sizes = {}
  for index = 2, math.min(#files, USUAL + 1) do
    sizes[#sizes + 1] = files[index].size_bytes
  end
  table.sort(sizes)
  return #sizes >= ENOUGH and sizes[(#sizes + 1) // 2] or nil
end

--- What there is to say of the newest backup when it is broken: why, and which one is the last that proves.
local function broken(p, files, failure)
  for index = 2, #files do
    local ok, older = errors.try(prove, p, files[index].path)
    if ok then
      return _("%s is broken: %s; the last one that proves is %s", files[1].path, failure.message, files[index].path)
    end
    errors.accept(older, _("the one before it is tried"))
  end
  return _("%s is broken: %s; none before it proves", files[1].path, failure.message)
end

--- Looks at one kind of backup.
---@param p table
---@param kind string
---@param wrong fun(what: string, message: string)
local function look(p, kind, wrong)
  local there, files = errors.try(backups, p, kind)
  if not there then
    errors.accept(files, _("it is reported with everything else that is wrong"))
    return wrong(_("%s: no backup", kind), files.message)
  end
  local newest, usual = files[1], usual_size(files)
  local age = clock.now() - newest.at
  if age > p.max_age then
    wrong(_("%s: too old", kind), _("the newest backup is %d hours old, and may be %d: %s", age // 3600, p.max_age // 3600, newest.path))
  elseif age < -AHEAD_SECS then
    wrong(_("%s: too old", kind), _("the newest backup is in the future: %s", newest.path))
  end
  local small = false
  for _i, name in ipairs(p.small) do
    small = small or name == kind
  end
  if p.min_size and newest.size_bytes < p.min_size and not small then
    wrong(_("%s: too small", kind), _("the newest backup has %d bytes, and must have %d: %s", newest.size_bytes, p.min_size, newest.path))
  elseif usual and newest.size_bytes * 100 < usual * p.least_percent then
    wrong(_("%s: too small", kind), _("the newest backup has %d bytes, and those before it had %d: %s", newest.size_bytes, usual, newest.path))
  end
  local whole, answer = errors.try(prove, p, newest.path)
  if not whole then
    errors.accept(answer, _("it is reported with everything else that is wrong"))
    return wrong(_("%s: broken", kind), broken(p, files, answer))
  end
  for _i, remark in ipairs(answer) do
    if remark.level == "incomplete" and not remark.accepted then
      wrong(remark.kind == "not_restorable" and _("%s: not restorable", kind) or _("%s: incomplete", kind), remark.message)
    end
  end
  log.info(_("Newest backup (%s): %s, %d hours old, %d bytes, whole", kind, newest.path, age // 3600, newest.size_bytes))
end

--- Looks at the certificates of servers; `wrong` takes what is found.
---@param p table
local function look_at_certificates(p, wrong)
  for _i, url in ipairs(p.certificates or {}) do
    local check = application.certificate(url, p.certificate_days)
    if check.ok then
      log.info(check.title .. " (" .. url .. "): " .. check.found)
    else
      wrong(check.title .. " (" .. url .. ")", check.found)
    end
  end
end

return recipe {
  kind = "monitor",
  type = "daily",
  schedule = "0 * * * *",
  params = {
    kinds = { type = "list", optional = true, says = "Kinds of backups to look at; else `db`, and those of `config` and `logs` that were ever made" },
    dir = { default = "/backups", type = "path", says = "Folder that contains the backups" },
    database_dir = { env = "BACKUP_DIR", default = "/backups/database", type = "path", says = "Folder that contains those of the kind `db`" },
    name = { default = "{kind}_backup_{stamp}*", says = "How the backups are named; `{stamp}` is YYYYMMDD_HHMMSS" },
    max_age = { type = "duration", default = "25h", says = "Age that the newest backup may have" },
    min_size = { type = "size", optional = true, says = "Size that it must have, such as `1 MB`; else only its share of the usual size counts" },
    small = { type = "list", default = { "config", "logs" }, says = "Kinds that may be smaller" },
    least_percent = { default = 50, min = 0, max = 100, says = "Share of the usual size that it must have, in percent" },
    recipes = { default = true, says = "Whether to look for recipes that did not run, too" },
    certificates = { type = "list", optional = true, says = "Addresses (`https://…`) whose TLS certificates are looked at" },
    certificate_days = { default = 14, min = 1, says = "Days for which each certificate must still be valid" },
    allow_empty = { default = false, says = "Whether a backup without data is fine" },
    timeout = { type = "duration", optional = true, says = "Longest time for reading one backup; else that of `[limits]`" },
  },
  needs = { read = { "{dir}", "{database_dir}" }, connect = { "{certificates}" } },

  run = function(p)
    log.info(_("Backup monitor starts"))
    local found = {}
    local function wrong(what, message)
      found[#found + 1] = what
      run.note(what, { failed = message })
      log.error(what .. ": " .. message)
    end
    local kinds = p.kinds or monitored.kinds(function(kind) return backups(p, kind) end)
    for _i, kind in ipairs(kinds) do
      look(p, kind, wrong)
    end
    if p.recipes then
      monitored.listen(wrong)
    end
    look_at_certificates(p, wrong)
    if #found > 0 then
      error {
        kind = "integrity",
        message = _("not all is well: %s", table.concat(found, "; ")),
        hint = _("`hikae status` shows the state of each recipe"),
      }
    end
    log.info(_("Backup monitor: nothing is wrong"))
  end,
}

--- Restores one database safely: into a throwaway first, which is compared before it is used.
local checks = require "hikae.checks"
local cluster_settings = require "hikae.cluster_settings"
local fallback = require "hikae.fallback"
local manifests = require "hikae.manifests"
local steps = require "hikae.steps"

local restores = {}

--- Where the server is, as the params of a recipe say it.
---@class hikae.restores.Server
---@field host? string
---@field port? integer
---@field user? string
---@field password? Secret

---@class (exact) hikae.restores.Options
---@field server hikae.restores.Server
---@field files string[] The backups, the best first; a later one is tried only when one before it proves to be no good.
---@field dump_of? string The database whose backup it must be. Default: any.
---@field timeout? integer|string Longest time for each step.
---@field jobs? integer Connections that load a custom-format file at once.
---@field work? string Private folder in which a backup is unpacked that is a folder in a tar file.
---@field trust? "recorded"|"dump" Who vouches for a file. Default `recorded`: the catalog.
---@field fallback? "ask"|"older" `older` agrees to a later one of the files where one before it is no good. Default `ask`: the restore stops and names both.
---@field verify? "data"|"rows" How much is compared. Default `data`: every value.
---@field allow_empty? boolean Whether a backup without data is fine.
---@field identity? string File with the key that decrypts a backup.
---@field passphrase? Secret Passphrase that decrypts a backup, or that of the key.
---@field make_roles? boolean Whether the roles that the dump names are made; only on a temporary cluster.

---@class (exact) hikae.restores.Staged
---@field database string The throwaway that holds what the backup holds.
---@field file string

--- The options of a call with those that reach the server.
---@param server hikae.restores.Server
---@param options table
---@return table
function restores.at(server, options)
  for _i, name in ipairs { "host", "port", "user", "password" } do
    options[name] = server[name]
  end
  return options
end

--- The backups in a folder by the moments in their names, the newest first; none is an error.
---@param dir string
---@param name string The pattern of their names, as the shell has them.
---@param database? string Those that say they are of another database are left out.
---@return string[]
function restores.backups(dir, name, database)
  return manifests.newest_first(dir, name, database)
end

--- The backups that a recipe may restore, the best first: the one that is named, else all in its folder.
---@param p table The params `file`, `dir`, `name`, `database`.
---@param dump_of? string Default: the database of the params.
---@return string[]
function restores.candidates(p, dump_of)
  return p.file and { p.file } or restores.backups(p.dir, p.name, dump_of or p.database)
end

--- What `restores.stage` takes, from the params of a recipe.
---@param p table The params of the server, and `jobs`, `work_dir`, `trust`, `timeout`.
---@param files string[]
---@param dump_of? string Default: the database of the params.
---@return hikae.restores.Options
function restores.options(p, files, dump_of)
  return {
    server = p, files = files, dump_of = dump_of or p.database, jobs = p.jobs, work = p.work_dir, trust = p.trust, timeout = p.timeout,
    identity = p.identity, passphrase = p.passphrase, fallback = p.fallback, verify = p.verify, allow_empty = p.allow_empty,
  }
end

--- Drops the throwaways of killed runs. One that cannot be dropped is reported, and does not prevent the restore; returns that failure.
---@param server hikae.restores.Server
---@return errors.Failure?
function restores.sweep(server)
  local ok, failure = errors.try(pg.sweep_throwaways, restores.at(server, {}))
  if ok then
    return nil
  end
  log.warn(_("A left-over database could not be dropped: %s", failure.message))
  return failure
end

--- The same for a recipe that restores: it goes on, whether they could be dropped or not.
---@param server hikae.restores.Server
function restores.tidy(server)
  local left_over = restores.sweep(server)
  if left_over then
    errors.accept(left_over, _("a left-over throwaway is in nobody's way"))
  end
end

--- Drops a throwaway after a failure that matters more than whether this succeeds.
---@param server hikae.restores.Server
---@param database string
local function drop_after_failure(server, database)
  local ok, failure = errors.try(pg.drop_database, restores.at(server, { name = database }))
  if not ok then
    log.warn(_("The database %s could not be dropped: %s", database, failure.message))
    errors.accept(failure, _("the cause of the failed restore is reported; the next run drops the throwaway"))
  end
end

--- Whether a file was refused because nobody vouches for it, and it would need the rights of a superuser.
---@param failure errors.Failure
---@return boolean
local function is_untrusted(failure)
  return failure.kind == "denied" and string.find(failure.message, "no record", 1, true) ~= nil
end

--- Restores a file into a throwaway. Where that takes a superuser's rights and the file is not on record, the person at the terminal is asked.
---@param options hikae.restores.Options
---@param file string
---@param database string
---@return pg.Restored
local function load(options, file, database)
  local function with(trust)
    return pg.restore(restores.at(options.server, {
      source = file, database = database, dump_of = options.dump_of, if_exists = "remake",
      jobs = options.jobs, work = options.work, make_roles = options.make_roles, trust = trust, timeout = options.timeout,
      identity = options.identity, passphrase = options.passphrase,
    }))
  end
  local ok, answer = errors.try(with, options.trust)
  if ok then
    return answer
  end
  local question = _("%s is not recorded as a backup of this catalog, and a dump is code that would run with the rights of a superuser. Trust the person who made it? (yes/no)", file)
  if not is_untrusted(answer) or not run.ask(question) then
    error(answer)
  end
  errors.accept(answer, _("the person at the terminal trusts the maker of the file"))
  return with("dump")
end

--- Restores a file into a throwaway, whatever is in that, and compares the two.
---@param options hikae.restores.Options
---@param file string
---@param database string
local function fill(options, file, database)
  local restored = load(options, file, database)
  log.info(_("Restored into the database %s: %s", database, file))
  local described = manifest.read(file, { lists = false })
  if not described then
    log.warn(_("%s has no manifest: compared with what was read in it", file))
  end
  checks.verify(restores.at(options.server, {
    database = database,
    manifest = described and described.database and file or { database = restored.dump },
    verify = options.verify,
    allow_empty = options.allow_empty,
    timeout = options.timeout,
  }))
end

--- Restores into a throwaway of this run, and proves that it holds what the backup holds. When that fails, nothing is left of it.
---@param options hikae.restores.Options
---@return hikae.restores.Staged
function restores.stage(options)
  local database = pg.create_database(restores.at(options.server, {}))
  local ok, answer = errors.try(fallback.first, options.files, options.fallback, function(file)
    fill(options, file, database)
  end)
  if not ok then
    drop_after_failure(options.server, database)
    error(answer)
  end
  return { database = database, file = answer }
end

---@class (exact) hikae.restores.Apart
---@field dir string The folder in which the cluster may stand.
---@field file string The backup for which it is started.
---@field settings? string[] Settings of its server, beside those that follow from what is in the backup.
---@field timeout? integer|string Longest time for each step.

--- How much room a restored database may take: its rows once more for its indexes; unpacked, where no manifest says how much that is.
---@param file string
---@param described? table
---@return integer
local function room_for(file, described)
  local stat = fs.stat(file)
  return described and described.plain_bytes and 2 * described.plain_bytes or 12 * (stat and stat.size_bytes or 0)
end

--- Does `work` on a temporary cluster and gives its answer. Nothing of the cluster is left, whatever becomes of the work.
---@param options hikae.restores.Apart
---@param work fun(server: hikae.restores.Server): any
---@return any
function restores.apart(options, work)
  local described = manifest.read(options.file, { lists = false })
  local cluster = pg.temporary_cluster {
    dir = options.dir,
    server_version = described and described.database and described.database.server_version,
    size_bytes = room_for(options.file, described),
    settings = cluster_settings.of(described, options.settings),
    timeout = options.timeout,
  }
  log.info(_("A temporary cluster was started: %s", cluster.host))
  local ok, answer = errors.try(work, cluster)
  if ok then
    pg.drop_cluster(cluster)
    return answer
  end
  local dropped, failure = errors.try(pg.drop_cluster, cluster)
  if not dropped then
    log.warn(_("The temporary cluster %s could not be removed: %s", cluster.host, failure.message))
    errors.accept(failure, _("the cause of the failure is reported; the next temporary cluster removes this one"))
  end
  error(answer)
end

--- A name as SQL has it.
---@param name string
---@return string
local function quoted(name)
  local doubled = string.gsub(name, '"', '""')
  return '"' .. doubled .. '"'
end

--- Puts a staged database into the place of the live one and says where the old one is. When that fails, the live one is
--- as it was, and nothing is left of the staged one.
---@param server hikae.restores.Server
---@param live string
---@param staged hikae.restores.Staged
---@return pg.Swapped
function restores.put_in_place(server, live, staged)
  local ok, swapped = errors.try(pg.swap, restores.at(server, { live = live, staged = staged.database }))
  if not ok then
    drop_after_failure(server, staged.database)
    error(swapped)
  end
  local kept = swapped.kept
  if not kept then
    log.info(_("The database %s did not exist, and does now", live))
    return swapped
  end
  log.info(_("The old database is kept as %s", kept))
  log.info(_("When nobody needs it any more: %s", "DROP DATABASE " .. quoted(kept) .. ";"))
  local back = "ALTER DATABASE %s RENAME TO %s; ALTER DATABASE %s RENAME TO %s;"
  local away = string.gsub(kept, "_before_", "_restored_")
  log.info(_("To go back to it: %s", string.format(back, quoted(live), quoted(away), quoted(kept), quoted(live))))
  return swapped
end

--- What the old database is called once it is swapped away, if that is done now.
---@param live string
---@return string
function restores.kept_name(live)
  return live .. "_before_" .. clock.stamp()
end

--- The same, and the record shows which of the two is live if the run is interrupted.
---@param server hikae.restores.Server
---@param live string
---@param staged hikae.restores.Staged
---@return pg.Swapped
function restores.replace(server, live, staged)
  -- Before the swap: after a kill in it, nobody knows whether the server has done it.
  steps.state(_("the restored database is live if `%s` or a later one is there, else nothing has changed; to go on: look which, then run this again", restores.kept_name(live)))
  local swapped = restores.put_in_place(server, live, staged)
  steps.state(_("the restored database is live; to go on: look at the application (the old database: %s)", swapped.kept or "-"))
  return swapped
end

--- Lets the old database be the live one again.
---@param server hikae.restores.Server
---@param swapped pg.Swapped
---@return pg.Swapped
function restores.swap_back(server, swapped)
  -- Names carry the second in them.
  clock.sleep(1)
  return pg.swap(restores.at(server, { live = swapped.live, staged = swapped.kept }))
end

--- Raises the failure for which the old database was put back, with what became of the two.
---@param back pg.Swapped
---@param failure errors.Failure
function restores.taken_back(back, failure)
  errors.accept(failure, _("the old database is live again, and the run fails"))
  error {
    kind = failure.kind,
    message = _("the old database is live again, for the application did not work with the restored one: %s", failure.message),
    hint = _("the restored one is `%s`; to keep it live although the check fails: --set if_unhealthy=keep", back.kept),
  }
end

return restores

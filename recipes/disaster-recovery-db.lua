--- Brings a lost database back: from the newest backup that proves, compared before it takes its place, and looked at afterwards.
local application = require "hikae.application"
local health = require "hikae.health"
local params = require "hikae.params"
local previews = require "hikae.previews"
local restores = require "hikae.restores"
local steps = require "hikae.steps"

local TABLES = [[
SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS name, c.relkind = 'r' AS has_rows,
pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'SELECT') AS readable FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema']]

--- How many tables are read at once: each is locked while it is.
local AT_ONCE = 100

--- What PostgreSQL says of files that are damaged or gone. Whatever else fails says nothing about the database itself.
local DAMAGED = {
  "invalid page in block", "could not read block", "could not open file [^\n]*No such file or directory",
  "could not read file", "could not access status of transaction", "missing chunk number", "unexpected chunk number",
  "is corrupted", "data is corrupt", "corrupted page", "unexpected zero page", "invalid memory alloc request size",
  "relation mapping file", "before relfrozenxid", "could not open relation with OID", "cache lookup failed",
  "is not a valid data directory", "Input/output error",
}

--- Waits for the server, for as long as it may take to start.
---@param p table
---@param tries integer
---@return boolean
local function is_ready(p, tries)
  for try = 1, tries do
    if pg.is_ready(restores.at(p, {})) then
      return true
    elseif try < tries then
      clock.sleep(p.ready_wait)
    end
  end
  return false
end

--- Lets the server run: without it, there is nowhere to restore to.
---@param p table
local function start(p)
  if is_ready(p, 2) then
    return
  end
  log.error(_("The database server takes no connections"))
  steps.hook(_("start the database server"), p.start)
  if not is_ready(p, p.ready_tries) then
    error {
      kind = "network",
      message = _("the database server takes no connections (%s:%d)", p.host, p.port),
      hint = _("start it first (its log says why it is down), or set the param `start` to what starts it; then run this again"),
    }
  end
end

--- Reads a row of each of these tables.
---@param p table
---@param names string[] As SQL has them.
local function read_rows(p, names)
  for from = 1, #names, AT_ONCE do
    local rows = {}
    for at = from, math.min(from + AT_ONCE - 1, #names) do
      rows[#rows + 1] = "(SELECT (t.*)::text AS shown FROM ONLY " .. names[at] .. " AS t LIMIT 1)"
    end
    local sql = "SELECT pg_catalog.max(pg_catalog.length(shown)) AS longest FROM (" .. table.concat(rows, " UNION ALL ") .. ") AS rows_read"
    pg.query(restores.at(p, { database = p.database, sql = sql }))
  end
end

--- Looks which tables there are and reads a row of each; gives how many tables there are.
---@param p table
---@return integer
local function read(p)
  local names, tables = {}, pg.query(restores.at(p, { database = p.database, sql = TABLES }))
  local unread = 0
  for _i, found in ipairs(tables) do
    if found.has_rows and found.readable then
      names[#names + 1] = found.name
    elseif found.has_rows then
      unread = unread + 1
    end
  end
  read_rows(p, names)
  if unread > 0 then
    log.warn(_("Tables whose rows were not looked at, for %s may not read them: %d", p.user, unread))
  end
  return #tables
end

--- Whether a failure is one that a restore helps against, by name.
---@param failure errors.Failure
---@return boolean
local function is_damage(failure)
  for _i, words in ipairs(DAMAGED) do
    if string.find(failure.message, words) then
      return true
    end
  end
  return false
end

--- What is wrong with the database: it is gone, it is empty, it is damaged; nil when its tables can be read.
---@param p table
---@return string?
local function look(p)
  local ok, answer = errors.try(read, p)
  if ok then
    return answer == 0 and _("it is empty") or nil
  end
  local gone = answer.kind == "not_found" and string.find(answer.message, 'database ".*" does not exist')
  if not gone and not is_damage(answer) and not p.force then
    error {
      kind = answer.kind,
      message = _("cannot find out whether the database is damaged: %s", answer.message),
      hint = (answer.hint or "") .. "; " .. _("to replace the database anyway: --set force=true"),
    }
  end
  errors.accept(answer, _("this is the disaster that is to be recovered from"))
  return gone and _("it is gone") or _("it cannot be read: %s", answer.message)
end

--- What is wrong, or nil when nothing is. A database that works is never replaced because something else does not.
---@param p table
---@return string?
local function damage(p)
  start(p)
  local wrong = look(p)
  if wrong or p.force then
    return wrong or _("it is to be replaced (force)")
  end
  local well, failure = errors.try(health.check, { health_url = p.health_url, health_command = p.health_command, health_tries = 1, health_wait = 0 })
  if not well then
    errors.accept(failure, _("the error below reports it"))
    error {
      kind = failure.kind,
      message = _("the database answers, and the application does not work: %s", failure.message),
      hint = _("the fault may be the application's: try disaster-recovery-app; to replace the database anyway: --set force=true"),
    }
  end
end

return recipe {
  kind = "restore",
  type = "manual",
  params = params.join(
    params.server { database = "Database to bring back", user = "User that may make and rename databases" },
    params.restore { fallback = { default = "older" } },
    params.health {},
    params.application {},
    {
      force = { default = false, says = "Replace the database although it answers" },
      start = { type = "hook", detach = true, optional = true, says = "Command, or address, that starts the server when it is down" },
      hook_folders = { type = "list", optional = true, says = "Folders that these commands may write in" },
      ready_tries = { default = 30, min = 1, max = 1000, says = "How often the server is asked until it is up" },
      ready_wait = { type = "duration", default = "2s", says = "Time between two questions" },
    }
  ),
  needs = {
    run = { "pg_restore", "gpg?", "pg_dump", "{start}", "{health_command}" },
    read = { "{dir}", "{file}", "{file}.manifest.json", "{identity}" },
    write = { "{hook_folders}", "{work_dir}" },
    connect = { "{front_page_url}", "{api_url}", "{form_url}", "{admin_url}", "{certificate_url}", "{health_url}", "{start}" },
  },

  preview = function(p)
    local before = { p.force and _("start the server if it is down") or _("start the server if it is down; nothing is restored where the database works") }
    return previews.restore(p, nil, { before = before })
  end,

  run = function(p)
    log.info(_("Recovery of the database starts: %s", p.database))
    local wrong = steps.run(_("look at the database"), damage, p)
    if not wrong then
      log.info(_("The database is up: nothing is restored"))
      return
    end
    log.warn(_("The database %s is to be restored: %s", p.database, wrong))
    local files = restores.candidates(p)
    restores.tidy(p)
    local staged
    steps.procedure {
      { name = _("restore beside the live database, and compare"), run = function() staged = restores.stage(restores.options(p, files)) end },
      { name = _("put it in place"), run = function() restores.replace(p, p.database, staged) end },
      { name = _("see whether the application works"), run = function() health.check(p) end },
      application.step(p),
    }
    log.info(_("Recovery of the database is complete: %s is now %s", p.database, staged.file))
  end,
}

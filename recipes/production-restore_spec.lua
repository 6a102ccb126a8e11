--- What production-restore promises: the live database is untouched or swapped whole, and nobody has to guess whether maintenance is on.
local pretend = require "hikae.pretend_postgres"

local DIR = "/backups/database/"
local FILE = DIR .. "db_backup_20260214_020000.sql"
local OLDER = DIR .. "db_backup_20260213_020000.sql"
local DUMP = samples.pg_dump { contacts = 3 }
local PRESENT = samples.pg_dump { contacts = 5 }
local FRESH = DIR .. "before_restore_20260215_090000.sql.gz"
local LIVE = "english_cafe_db"
local KEPT = LIVE .. "_before_20260215_090000"
local OFF = "https://cafe.example/maintenance/off"

--- The server of production, whose database has two rows that came since the backup.
local function server()
  return pretend.server { [LIVE] = { contacts = 5 }, other = { things = 2 } }
end

--- A table with what others have in addition, or in its place.
local function with(base, ...)
  local all = {}
  for _i, part in ipairs { base, ... } do
    for name, value in pairs(part) do
      all[name] = value
    end
  end
  return all
end

--- The params of a run: hooks as a site has them (arguments, several commands, an address), and others.
local function set(changes)
  return { set = with({
    maintenance_on = "touch /var/www/closed && nginx -s reload", maintenance_off = OFF, hook_folders = "/var/www",
    restart = "systemctl restart 'cafe app'", health_command = "/usr/local/bin/healthy --quick", health_tries = 2, health_wait = "10s",
  }, changes or {}) }
end

--- These files, and the folders.
local function files(backups)
  return { files = with({ ["/var/www"] = { dir = true }, [DIR] = { dir = true } }, backups) }
end

--- The morning of the restore; `programs` take the place of some, and `changes` of other parts.
local function morning(at, programs, changes)
  return with({
    now = "2026-02-15T09:00:00+09:00",
    http = { ["POST " .. OFF] = "" },
    programs = with({
      pg_restore = { missing = true }, pg_dump = { stdout = PRESENT },
      touch = "", nginx = "", systemctl = "", ["/usr/local/bin/healthy"] = "",
    }, programs or {}),
    postgres = at.answer, env = { DB_PASSWORD = secret "hunter2" },
  }, files { [FILE] = DUMP, [OLDER] = DUMP }, changes or {})
end

local BROKEN = { stderr = "no", exit = 1 }

--- A program that does well from its n-th call on.
local function from_call(n)
  local calls = 0
  return function()
    calls = calls + 1
    return calls >= n and "" or BROKEN
  end
end

local function rows(at, name)
  return at.databases[name] and at.databases[name].tables["public.contacts"]
end

--- The rows of the old database that was kept, whenever that was: its name follows that of the live one.
local function kept_rows(at)
  local kept = string.match(table.concat(at.names(), " "), LIVE .. "_before_%d+_%d+")
  return kept and rows(at, kept)
end

--- The live database is as it was, and there is no other one.
local function untouched(at)
  expect(rows(at, LIVE)).to_equal(5)
  expect(at.names()).to_equal { LIVE, "other", "postgres" }
end

--- The steps of a run in order, without what hikae notes itself, and with `!` behind one that failed.
local BEFORE = { "maintenance on", "keep the present database", "restore beside the live database, and compare", "put it in place" }
local AFTER = { "restart the application", "see whether the application works", "put the old database back", "maintenance off" }
local function steps(run)
  local known, done = " " .. table.concat(BEFORE, ";") .. ";" .. table.concat(AFTER, ";") .. ";", {}
  for _i, step in ipairs(run.steps) do
    if string.find(known, step.name .. ";", 1, true) then
      done[#done + 1] = step.name .. (step.status == "success" and "" or "!")
    end
  end
  return table.concat(done, "; ")
end

--- The last state that the run has recorded.
local function stand(run)
  local last
  for _i, step in ipairs(run.steps) do
    last = string.match(step.name, "^state: (.*)$") or last
  end
  return last
end

local CLOSED = "MAINTENANCE IS STILL ON: "

describe("production-restore", function()
  it("closes, keeps what is there, restores beside it, swaps, restarts, looks, and opens", function()
    local at = server()
    local run = simulate(morning(at)):run("production-restore", set())
    run:ok():said("✓ Rows (public.contacts): 3"):said("kept as " .. KEPT):said(LIVE .. " is now " .. FILE):kept(FILE, OLDER):never_showed("hunter2")
    run:wrote(FRESH):gunzips_to(PRESENT):has_manifest()
    run:ran("touch"):with("/var/www/closed"):once()
    run:ran("nginx"):with("-s", "reload"):once()
    run:ran("systemctl"):with("restart", "cafe app"):once()
    run:requested("POST", OFF):once()
    expect(at.names()).to_equal { LIVE, KEPT, "other", "postgres" }
    expect(rows(at, LIVE)).to_equal(3)
    expect(rows(at, KEPT)).to_equal(5)
    expect(steps(run)).to_equal(table.concat(BEFORE, "; ") .. "; restart the application; see whether the application works; maintenance off")
    expect(stand(run)).to_equal("maintenance is over")
  end)

  it("takes the backup before the newest when that is broken, and never the fresh one of an earlier run", function()
    local at = server()
    local earlier = DIR .. "before_restore_20260214_090000.sql"
    local there = files { [FILE] = samples.pg_dump { contacts = 3, cut = 0.9 }, [OLDER] = DUMP, [earlier] = PRESENT }
    local run = simulate(morning(at, nil, there)):run("production-restore", set { fallback = "older" })
    run:partial { message = "an older backup was restored" }:said(FILE .. " is damaged"):said("is now " .. OLDER)
    expect(rows(at, LIVE)).to_equal(3)
  end)

  it("restores although a left-over throwaway cannot be dropped", function()
    local at = server()
    at.databases.hikae_throwaway_20260208_010000_77 = { oid = 7, tables = {}, keys = 0 }
    at.refuses = 'DROP DATABASE "hikae_throwaway_20260208_010000_77"'
    simulate(morning(at)):run("production-restore", set()):ok():said("A left-over database could not be dropped")
    expect(rows(at, LIVE)).to_equal(3)
  end)

  describe("before the swap", function()
    --- A run that fails there: the live database is untouched, and maintenance is over.
    local function fails(at, world, params, error)
      local run = simulate(world):run("production-restore", params):failed(error)
      untouched(at)
      run:never_ran("systemctl"):requested("POST", OFF):once()
      expect(stand(run)).to_equal("maintenance is over")
      return run
    end

    it("ends maintenance when that could not be begun, for it may have been half-way", function()
      local at = server()
      local run = fails(at, morning(at, { nginx = BROKEN }), set(), { kind = "command", message = "`nginx`" }):never_ran("pg_dump")
      expect(steps(run)).to_equal("maintenance on!; maintenance off")
    end)

    it("does not replace what could not be kept, unless asked to", function()
      local at = server()
      -- The staged database can be dumped: it is compared by that.
      local world = morning(at, { pg_dump = function(call)
        local staged = string.find(table.concat(call.argv, " "), "hikae_throwaway_", 1, true)
        return staged and { stdout = DUMP } or { stderr = "pg_dump: error: disk on fire", exit = 1 }
      end })
      local run = fails(at, world, set(), { kind = "command", message = "disk on fire", hint = "without_backup=true" })
      run:wrote_nothing()
      expect(steps(run)).to_equal("maintenance on; keep the present database!; maintenance off")

      run = simulate(world):run("production-restore", set { without_backup = true })
      run:ok():said("There is no fresh backup"):said("disk on fire")
      expect(rows(at, LIVE)).to_equal(3)
    end)

    it("leaves everything when no backup is any good, and keeps the fresh one", function()
      local at = server()
      local bad = files { [FILE] = "garbage", [OLDER] = samples.pg_dump { contacts = 3, cut = 0.5 } }
      fails(at, morning(at, nil, bad), set(), "integrity"):wrote(FRESH):has_manifest()
    end)

    it("leaves everything when the swap fails", function()
      local at = server()
      at.refuses = " RENAME TO "
      local run = fails(at, morning(at), set(), "command")
      expect(steps(run)).to_match("compare; put it in place!; maintenance off$")
    end)

    it("says that maintenance is still on when it cannot be ended", function()
      local at = server()
      at.loses = 1
      local world = morning(at, nil, { http = { ["POST " .. OFF] = { status = 500 } } })
      local run = simulate(world):run("production-restore", set()):failed("network"):said(CLOSED .. "end it by hand")
      untouched(at)
      expect(stand(run)).to_equal(CLOSED .. "end it by hand")
    end)

    it("begins nothing when there is no backup, or while another run works on it", function()
      local at = server()
      local run = simulate(morning(at, nil, files {})):run("production-restore", set())
      run:failed { kind = "not_found", message = "there is no backup" }:never_ran("touch"):never_requested("POST", OFF)
      simulate(morning(at, nil, { locked = { "production-restore" } })):run("production-restore", set()):locked():never_ran("touch")
      untouched(at)
    end)
  end)

  describe("after the swap", function()
    local HEALTHY = "/usr/local/bin/healthy"

    it("waits until the application works", function()
      local at = server()
      local run = simulate(morning(at, { [HEALTHY] = from_call(5) })):run("production-restore", set { health_tries = 5 })
      run:ok():said("does not work yet"):ran(HEALTHY):with("--quick"):times(5)
      expect(run.duration_secs >= 40).to_be_true()
      expect(rows(at, LIVE)).to_equal(3)
    end)

    it("puts the old database back when the application does not work with the restored one", function()
      local at = server()
      local run = simulate(morning(at, { [HEALTHY] = from_call(3) })):run("production-restore", set())
      run:failed { message = "the old database is live again", hint = "if_unhealthy=keep" }:ran("systemctl"):times(2)
      run:requested("POST", OFF):once()
      expect(rows(at, LIVE)).to_equal(5)
      expect(#at.names()).to_equal(4)
      expect(steps(run)).to_equal(table.concat(BEFORE, "; ") .. "; restart the application; see whether the application works!; "
        .. table.concat({ AFTER[3], AFTER[1], AFTER[2], AFTER[4] }, "; "))
      expect(stand(run)).to_equal("maintenance is over")
    end)

    it("puts the old database back when the application cannot be restarted", function()
      local at = server()
      simulate(morning(at, { systemctl = from_call(2) })):run("production-restore", set()):failed { message = "the old database is live again" }
      expect(rows(at, LIVE)).to_equal(5)
    end)

    it("stays closed when the application does not work with the old database either", function()
      local at = server()
      local run = simulate(morning(at, { [HEALTHY] = BROKEN })):run("production-restore", set())
      run:failed("command"):said(CLOSED .. "the old database is back"):never_requested("POST", OFF)
      expect(rows(at, LIVE)).to_equal(5)
      expect(stand(run)).to_match("^" .. CLOSED .. "the old database is back")
    end)

    it("keeps the restored database when asked to, stays closed and says so", function()
      local at = server()
      local run = simulate(morning(at, { [HEALTHY] = BROKEN })):run("production-restore", set { if_unhealthy = "keep" })
      run:failed("command"):said(CLOSED .. "the restored database is live"):never_requested("POST", OFF)
      expect(rows(at, LIVE)).to_equal(3)
      expect(rows(at, KEPT)).to_equal(5)
    end)

    it("says so when the old database cannot be put back", function()
      local at = server()
      local talk, swaps = at.answer, 0
      at.answer = function(said)
        swaps = swaps + (said.sql == "COMMIT" and 1 or 0)
        return swaps > 0 and string.find(said.sql, " RENAME TO ", 1, true) and { error = "not now", code = "55006" } or talk(said)
      end
      local run = simulate(morning(at, { [HEALTHY] = BROKEN })):run("production-restore", set())
      run:failed { message = "not now" }:never_requested("POST", OFF)
      expect(rows(at, LIVE)).to_equal(3)
      expect(rows(at, KEPT)).to_equal(5)
      expect(stand(run)).to_match("^" .. CLOSED .. "the restored database is live")
    end)

    it("says that maintenance is still on when it cannot be ended, and has restored all the same", function()
      local at = server()
      local run = simulate(morning(at, nil, { http = { ["POST " .. OFF] = { refused = true } } })):run("production-restore", set())
      run:failed("network"):said(CLOSED .. "end it by hand")
      expect(rows(at, LIVE)).to_equal(3)
      expect(stand(run)).to_equal(CLOSED .. "end it by hand")
    end)
  end)

  it("plans what it would do until the server must be asked, and does none of it", function()
    local at = server()
    local plan = simulate(morning(at)):plan("production-restore", set())
    expect(plan.ended).to_equal("unknown")
    expect(#at.statements).to_equal(0)
    expect(plan.changes[#plan.changes].effect).to_be("connect")
  end)

  it("has the live database as it was or the backup in its place, and says whether maintenance is on, whichever step fails", function()
    local at = server()
    local options = set { maintenance_on = "touch /var/www/closed", health_tries = 1 } -- each way once
    options.before_each = at.reset
    simulate(morning(at)):each_failure("production-restore", options, function(run)
      local live, where = rows(at, LIVE), stand(run) or "maintenance is over"
      expect(live == 5 or live == 3 and kept_rows(at) == 5).to_be_true()
      expect(at.databases.other.tables["public.things"]).to_equal(2)
      if run.status == "success" then
        expect({ live, where }).to_equal { 3, "maintenance is over" }
      end
      -- The person who finds it reads whether maintenance may be on, and which database is live.
      local over, restored = where == "maintenance is over", string.find(where, "the restored database is live", 1, true)
      expect(over and "MAINTENANCE" or where).to_match("^MAINTENANCE")
      expect(live == 5 or over or restored ~= nil or where == CLOSED .. "end it by hand").to_be_true()
      expect(live == 5 and string.find(where, "the restored database is live;", 1, true) ~= nil).to_be_false()
      run:kept(FILE, OLDER):left_nothing_partial():never_showed("hunter2")
      expect(at.harmed()).to_equal {}
    end)
  end)
end)

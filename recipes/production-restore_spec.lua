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

--- Hooks as a site has them: commands with arguments, several in one, and an address.
local HOOKS = {
  maintenance_on = "touch /var/www/closed && nginx -s reload",
  maintenance_off = OFF,
  restart = "systemctl restart 'cafe app'",
  health_command = "/usr/local/bin/healthy --quick",
  health_tries = 2,
  health_wait = "10s",
  hook_folders = "/var/www",
}

--- The params of a run: the hooks, and others.
local function set(changes)
  local params = {}
  for name, value in pairs(HOOKS) do
    params[name] = value
  end
  for name, value in pairs(changes or {}) do
    params[name] = value
  end
  return { set = params }
end

--- The morning of the restore; `programs` take the place of some.
local function morning(at, programs, changes)
  local world = {
    now      = "2026-02-15T09:00:00+09:00",
    files    = { [FILE] = DUMP, [OLDER] = DUMP, ["/var/www"] = { dir = true } },
    http     = { ["POST " .. OFF] = "" },
    programs = {
      psql = { talks = at.psql }, pg_restore = { missing = true }, pg_dump = { stdout = PRESENT },
      touch = "", nginx = "", systemctl = "", ["/usr/local/bin/healthy"] = "",
    },
    env      = { DB_PASSWORD = secret "hunter2" },
  }
  for name, program in pairs(programs or {}) do
    world.programs[name] = program
  end
  for name, value in pairs(changes or {}) do
    world[name] = value
  end
  return world
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

--- The databases of a server in order.
local function names(at)
  local found = {}
  for name in pairs(at.databases) do
    found[#found + 1] = name
  end
  table.sort(found)
  return found
end

--- The rows of the old database that was kept beside the live one, whenever that was.
local function kept_rows(at)
  for name in pairs(at.databases) do
    if string.find(name, "^" .. LIVE .. "_before_") then
      return rows(at, name)
    end
  end
end

--- The live database is as it was, and nothing stands beside it.
local function untouched(at)
  expect(rows(at, LIVE)).to_equal(5)
  expect(names(at)).to_equal { LIVE, "other", "postgres" }
end

--- The steps of a run in order, without what hikae notes itself, and with `!` behind one that failed.
local STEPS = {
  "maintenance on", "keep the present database", "restore beside the live database, and compare", "put it in place",
  "restart the application", "see whether the application works", "put the old database back", "maintenance off",
}
local function steps(run)
  local known, done = {}, {}
  for _i, name in ipairs(STEPS) do
    known[name] = true
  end
  for _i, step in ipairs(run.steps) do
    if known[step.name] then
      done[#done + 1] = step.name .. (step.status == "success" and "" or "!")
    end
  end
  return done
end

--- Where the run stood last, as its record has it.
local function stand(run)
  local last
  for _i, step in ipairs(run.steps) do
    last = string.match(step.name, "^stands here: (.*)$") or last
  end
  return last
end

local CLOSED = "MAINTENANCE IS STILL ON: "

describe("production-restore", function()
  it("closes, keeps what is there, restores beside it, swaps, restarts, looks, and opens", function()
    local at = server()
    local run = simulate(morning(at)):run("production-restore", set())
    run:ok():said("✓ Rows (public.contacts): 3"):said("kept as " .. KEPT):said(LIVE .. " is now " .. FILE)
    run:wrote(FRESH):gunzips_to(PRESENT):has_manifest()
    run:ran("touch"):with("/var/www/closed"):once()
    run:ran("nginx"):with("-s", "reload"):once()
    run:ran("systemctl"):with("restart", "cafe app"):once()
    run:requested("POST", OFF):once()
    run:kept(FILE, OLDER):never_showed("hunter2")
    expect(names(at)).to_equal { LIVE, KEPT, "other", "postgres" }
    expect(rows(at, LIVE)).to_equal(3)
    expect(rows(at, KEPT)).to_equal(5)
    expect(steps(run)).to_equal {
      "maintenance on", "keep the present database", "restore beside the live database, and compare", "put it in place",
      "restart the application", "see whether the application works", "maintenance off",
    }
    expect(stand(run)).to_equal("maintenance is over")
  end)

  it("tells of each hook that is not named, and goes on without", function()
    local at = server()
    local run = simulate(morning(at)):run("production-restore")
    run:ok():said("Step passed over, for no hook is named: maintenance on")
    run:said("no hook is named: restart the application"):said("no hook is named: maintenance off")
    expect(rows(at, LIVE)).to_equal(3)
  end)

  it("takes the backup before the newest when that is broken, and never the fresh one of an earlier run", function()
    local at = server()
    local earlier = DIR .. "before_restore_20260214_090000.sql"
    local files = { [FILE] = samples.pg_dump { contacts = 3, cut = 0.9 }, [OLDER] = DUMP, [earlier] = PRESENT }
    files["/var/www"] = { dir = true }
    local run = simulate(morning(at, nil, { files = files })):run("production-restore", set())
    run:ok():said(FILE .. " is no good"):said("is now " .. OLDER)
    expect(rows(at, LIVE)).to_equal(3)
  end)

  it("restores the backup that is named", function()
    local at = server()
    local files = { ["/elsewhere/x.sql"] = DUMP, ["/var/www"] = { dir = true }, [DIR] = { dir = true } }
    local run = simulate(morning(at, nil, { files = files })):run("production-restore", set { file = "/elsewhere/x.sql" })
    run:ok():said("is now /elsewhere/x.sql")
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
      run:requested("POST", OFF):once()
      run:never_ran("systemctl")
      expect(stand(run)).to_equal("maintenance is over")
      return run
    end

    it("ends maintenance when that could not be begun, for it may have been half-way", function()
      local at = server()
      local run = fails(at, morning(at, { nginx = BROKEN }), set(), { kind = "command", message = "`nginx`" })
      run:never_ran("pg_dump")
      expect(steps(run)).to_equal { "maintenance on!", "maintenance off" }
    end)

    it("does not replace what could not be kept, unless it is told to", function()
      local at = server()
      local world = morning(at, { pg_dump = { stderr = "pg_dump: error: disk on fire", exit = 1 } })
      local run = fails(at, world, set(), { kind = "command", message = "disk on fire", hint = "without_backup=true" })
      run:wrote_nothing()
      expect(steps(run)).to_equal { "maintenance on", "keep the present database!", "maintenance off" }

      run = simulate(world):run("production-restore", set { without_backup = true })
      run:ok():said("There is no fresh backup"):said("disk on fire")
      expect(rows(at, LIVE)).to_equal(3)
    end)

    it("leaves everything when no backup is any good, and keeps the fresh one", function()
      local at = server()
      local files = { [FILE] = "garbage", [OLDER] = samples.pg_dump { contacts = 3, cut = 0.5 }, ["/var/www"] = { dir = true } }
      local run = fails(at, morning(at, nil, { files = files }), set(), "integrity")
      run:wrote(FRESH):has_manifest()
    end)

    it("leaves everything when the restored one has lost rows", function()
      local at = server()
      at.loses = 1
      fails(at, morning(at), set(), "integrity"):said("✗ Rows (public.contacts): expected 3, found 2")
    end)

    it("leaves everything when the swap fails", function()
      local at = server()
      at.refuses = "\\echo swapped"
      local run = fails(at, morning(at), set(), "command")
      expect(steps(run)[4]).to_equal("put it in place!")
    end)

    it("says that maintenance is still on when it cannot be ended", function()
      local at = server()
      at.loses = 1
      local world = morning(at, nil, { http = { ["POST " .. OFF] = { status = 500 } } })
      local run = simulate(world):run("production-restore", set()):failed("network"):said(CLOSED .. "end it by hand")
      untouched(at)
      expect(stand(run)).to_equal(CLOSED .. "end it by hand")
    end)

    it("begins nothing when there is no backup", function()
      local at = server()
      local run = simulate(morning(at, nil, { files = { [DIR] = { dir = true }, ["/var/www"] = { dir = true } } })):run("production-restore", set())
      run:failed { kind = "not_found", message = "there is no backup" }:never_ran("touch"):never_requested("POST", OFF)
      untouched(at)
    end)

    it("begins nothing while another run works on it", function()
      local at = server()
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

    it("asks the application's address too", function()
      local at = server()
      local http = { ["POST " .. OFF] = "", ["GET https://cafe.example/health"] = { { status = 503 }, { status = 200 } } }
      local run = simulate(morning(at, nil, { http = http })):run("production-restore", set { health_url = "https://cafe.example/health" })
      run:ok():said("The application works")
    end)

    it("puts the old database back when the application does not work with the restored one", function()
      local at = server()
      -- Well again with the old database, after the second restart.
      local run = simulate(morning(at, { [HEALTHY] = from_call(3) })):run("production-restore", set())
      run:failed { message = "the old database is live again", hint = "if_unhealthy=keep" }
      run:ran("systemctl"):times(2)
      run:requested("POST", OFF):once()
      expect(rows(at, LIVE)).to_equal(5)
      expect(#names(at)).to_equal(4)
      expect(steps(run)).to_equal {
        "maintenance on", "keep the present database", "restore beside the live database, and compare", "put it in place",
        "restart the application", "see whether the application works!", "put the old database back",
        "restart the application", "see whether the application works", "maintenance off",
      }
      expect(stand(run)).to_equal("maintenance is over")
    end)

    it("puts the old database back when the application cannot be restarted", function()
      local at = server()
      local run = simulate(morning(at, { systemctl = from_call(2) })):run("production-restore", set())
      run:failed { message = "the old database is live again" }
      expect(rows(at, LIVE)).to_equal(5)
    end)

    it("stays closed when the application does not work with the old database either", function()
      local at = server()
      local run = simulate(morning(at, { [HEALTHY] = BROKEN })):run("production-restore", set())
      run:failed("command"):said(CLOSED .. "the old database is back"):never_requested("POST", OFF)
      expect(rows(at, LIVE)).to_equal(5)
      expect(stand(run)).to_match("^" .. CLOSED .. "the old database is back")
    end)

    it("keeps the restored database when it is told to, stays closed and says so", function()
      local at = server()
      local run = simulate(morning(at, { [HEALTHY] = BROKEN })):run("production-restore", set { if_unhealthy = "keep" })
      run:failed("command"):said(CLOSED .. "the restored database is live"):never_requested("POST", OFF)
      expect(rows(at, LIVE)).to_equal(3)
      expect(rows(at, KEPT)).to_equal(5)
    end)

    it("says so when the old database cannot be put back", function()
      local at = server()
      local talk, swaps = at.psql, 0
      at.psql = function(call)
        if not call.open and string.find(call.stdin, "\\echo swapped", 1, true) then
          swaps = swaps + 1
          if swaps == 2 then
            return { stderr = "ERROR:  not now", exit = 3 }
          end
        end
        return talk(call)
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
    expect(#at.told).to_equal(0)
    expect(plan.changes[#plan.changes].object).to_match("^psql ")
  end)

  it("has the live database as it was or the backup in its place, and says whether maintenance is on, whichever step fails", function()
    local at = server()
    local options = set { maintenance_on = "touch /var/www/closed", health_tries = 1 } -- each way once
    options.before_each = at.reset
    simulate(morning(at)):each_failure("production-restore", options, function(run)
      local live = rows(at, LIVE)
      expect(live == 5 or live == 3).to_be_true()
      expect(at.databases.other.tables["public.things"]).to_equal(2)
      if live == 3 then
        expect(kept_rows(at)).to_equal(5)
      end
      if run.status == "success" then
        expect(live).to_equal(3)
        expect(stand(run)).to_equal("maintenance is over")
      end
      local where = stand(run)
      if where then
        expect(string.find(where, "maintenance is over", 1, true) or string.find(where, "MAINTENANCE", 1, true)
          or string.find(where, "to begin again", 1, true)).never_to_be_nil()
      end
      run:kept(FILE, OLDER):left_nothing_partial():never_showed("hunter2")
      for _i, said in ipairs(at.told) do
        if string.find(said, "^DROP") then
          expect(said).to_match '^DROP DATABASE "hikae_throwaway_%d+_%d+_%d+"'
        end
      end
    end)
  end)
end)

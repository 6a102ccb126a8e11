--- What db-restore promises: the live database is as it was, or it is the backup; and the one that was there is kept.
local pretend = require "hikae.pretend_postgres"

local DIR = "/backups/database/"
local FILE = DIR .. "db_backup_20260214_020000.sql"
local OLDER = DIR .. "db_backup_20260213_020000.sql"
local DUMP = samples.pg_dump { contacts = 3 }
local KEPT = "english_cafe_db_before_20260215_090000"

--- A server with the live database, in which two rows have come since the backup, and another one.
local function server()
  return pretend.server { english_cafe_db = { contacts = 5 }, other = { things = 2 } }
end

--- The morning of the restore.
local function morning(at, changes)
  local world = {
    now      = "2026-02-15T09:00:00+09:00",
    files    = { [FILE] = DUMP, [OLDER] = DUMP },
    programs = { pg_restore = { missing = true }, pg_dump = { stdout = DUMP } },
    postgres = at.answer,
    env      = { DB_PASSWORD = secret "hunter2" },
  }
  for name, value in pairs(changes or {}) do
    world[name] = value
  end
  return world
end

local function rows(at, name)
  return at.databases[name] and at.databases[name].tables["public.contacts"]
end

--- The live database holds what it held before, and nothing was ever dropped but a throwaway.
local function untouched(at)
  expect(rows(at, "english_cafe_db")).to_equal(5)
  expect(at.names()).to_equal { "english_cafe_db", "other", "postgres" }
end

describe("db-restore", function()
  it("puts the backup into the place of the live database, and keeps that one", function()
    local at = server()
    local run = simulate(morning(at)):run("db-restore")
    run:ok():said("✓ Rows (public.contacts): 3"):said("kept as " .. KEPT):said('DROP DATABASE "' .. KEPT .. '"')
    run:never_showed("hunter2"):unchanged()
    expect(at.names()).to_equal { "english_cafe_db", KEPT, "other", "postgres" }
    expect(rows(at, "english_cafe_db")).to_equal(3)
    expect(rows(at, KEPT)).to_equal(5)
    expect(at.harmed()).to_equal {}
  end)

  it("makes the database when it is gone", function()
    local at = pretend.server {}
    simulate(morning(at)):run("db-restore"):ok():said("did not exist")
    expect(at.names()).to_equal { "english_cafe_db", "postgres" }
    expect(rows(at, "english_cafe_db")).to_equal(3)
  end)

  it("compares with the manifest where there is one", function()
    local files = { [FILE] = DUMP }
    local name = string.sub(FILE, #DIR + 1)
    files[FILE .. ".manifest.json"] = samples.manifest { name = name, content = DUMP, rows = { contacts = 4 } }
    local at = server()
    local run = simulate(morning(at, { files = files })):run("db-restore")
    run:failed("integrity"):said("✗ Rows (public.contacts): expected 4, found 3"):never_said("has no manifest")
    untouched(at)
  end)

  it("stops when the newest backup is damaged, and names the one before it with its date", function()
    local at = server()
    local files = { [FILE] = samples.pg_dump { contacts = 3, cut = 0.9 }, [OLDER] = DUMP }
    local run = simulate(morning(at, { files = files })):run("db-restore")
    run:failed { kind = "integrity", message = "is damaged", hint = OLDER .. " of 2026-02-13 02:00:00" }
    run:failed { hint = "--set fallback=older" }
    untouched(at)
  end)

  it("says of a whole dump that hikae refuses it, and not that it is damaged", function()
    local at = server()
    local files = { [FILE] = string.gsub(DUMP, "COPY", "CALL x();\nCOPY", 1), [OLDER] = DUMP }
    local run = simulate(morning(at, { files = files })):run("db-restore")
    run:failed { kind = "denied", message = "is whole, and hikae does not restore it" }
    untouched(at)
  end)

  it("takes the backup before the newest where that was agreed to, and is partial then", function()
    local at = server()
    local files = { [FILE] = samples.pg_dump { contacts = 3, cut = 0.9 }, [OLDER] = DUMP }
    local run = simulate(morning(at, { files = files })):run("db-restore", { set = { fallback = "older" } })
    run:partial { message = "an older backup was restored, 24 hours and 0 minutes lost" }:said("is damaged"):said("is now " .. OLDER):alerted()
    expect(rows(at, "english_cafe_db")).to_equal(3)
  end)

  it("takes no other backup than the one that is named", function()
    local at = server()
    local files = { ["/elsewhere/x.sql"] = samples.pg_dump { contacts = 3, cut = 0.9 }, [OLDER] = DUMP }
    simulate(morning(at, { files = files })):run("db-restore", { set = { file = "/elsewhere/x.sql" } }):failed("integrity")
    untouched(at)
  end)

  it("leaves everything as it was when no backup is any good", function()
    local at = server()
    local files = { [FILE] = "garbage", [OLDER] = samples.pg_dump { contacts = 3, database = "shop" } }
    simulate(morning(at, { files = files })):run("db-restore", { set = { fallback = "older" } }):failed { kind = "integrity", message = "does not start as `pg_dump` starts" }
    untouched(at)
  end)

  it("restores the backup of another database when asked to", function()
    local at = server()
    local world = morning(at, { files = { [FILE] = samples.pg_dump { contacts = 3, database = "shop" } } })
    simulate(world):run("db-restore", { set = { dump_of = "shop" } }):ok()
    expect(rows(at, "english_cafe_db")).to_equal(3)
  end)

  it("leaves the live database when the swap fails, and nothing else", function()
    local at = server()
    at.refuses = " RENAME TO "
    simulate(morning(at)):run("db-restore"):failed("command")
    untouched(at)
  end)

  it("reports a throwaway that it cannot drop, besides what went wrong", function()
    local at = server()
    at.loses = 1
    local answer, filled = at.answer, false
    at.answer = function(said)
      filled = filled or said.rows ~= nil
      return filled and string.find(said.sql, "^DROP DATABASE") and { error = "not now", code = "55006" } or answer(said)
    end
    simulate(morning(at)):run("db-restore"):failed("integrity"):said("could not be dropped")
  end)

  it("restores although a left-over throwaway cannot be dropped", function()
    local at = server()
    at.databases.hikae_throwaway_20260208_010000_77 = { oid = 7, tables = {}, keys = 0 }
    at.refuses = 'DROP DATABASE "hikae_throwaway_20260208_010000_77"'
    simulate(morning(at)):run("db-restore"):ok():said("A left-over database could not be dropped")
    expect(rows(at, "english_cafe_db")).to_equal(3)
  end)

  describe("looks at the application afterwards", function()
    --- An application that works from its n-th look on.
    local function works_from(n)
      local looks = 0
      return function()
        looks = looks + 1
        return looks >= n and "" or { stderr = "no", exit = 1 }
      end
    end

    local function restored(at, application, set)
      local world = morning(at)
      world.programs["/usr/local/bin/healthy"] = application
      set.health_command = "/usr/local/bin/healthy"
      return simulate(world):run("db-restore", { set = set })
    end

    it("and waits until it works", function()
      local at = server()
      restored(at, works_from(3), {}):ok():said("does not work yet"):said("The application works")
      expect(rows(at, "english_cafe_db")).to_equal(3)
    end)

    it("and takes the old database back when it does not", function()
      local at = server()
      local run = restored(at, works_from(99), { health_tries = 2 })
      run:failed { message = "the old database is live again", hint = "if_unhealthy=keep" }
      expect(rows(at, "english_cafe_db")).to_equal(5)
      expect(#at.names()).to_equal(4)
    end)

    it("and keeps the new one when asked to", function()
      local at = server()
      restored(at, works_from(99), { health_tries = 2, if_unhealthy = "keep" }):failed("command")
      expect(rows(at, "english_cafe_db")).to_equal(3)
      expect(rows(at, KEPT)).to_equal(5)
    end)

    it("and asks an address", function()
      local at = server()
      local world = morning(at, { http = { ["https://cafe.example/health"] = { status = 200 } } })
      local set = { health_url = "https://cafe.example/health" }
      simulate(world):run("db-restore", { set = set }):ok():said("The application works")
    end)
  end)

  it("has the live database as it was or the whole backup in its place, whichever step fails", function()
    local at = server()
    simulate(morning(at)):each_failure("db-restore", { before_each = at.reset }, function(run)
      expect(at.harmed()).to_equal {}
      local live = rows(at, "english_cafe_db")
      expect(live == 5 or live == 3).to_equal(true)
      expect(at.databases.other.tables["public.things"]).to_equal(2)
      if run.status == "success" then
        expect(live).to_equal(3)
      end
      run:never_showed("hunter2")
    end)
  end)
end)

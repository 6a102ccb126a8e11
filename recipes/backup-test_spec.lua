--- What backup-test promises: the backup is restored beside everything else, compared, timed, and nothing is left of it.
local pretend = require "hikae.pretend_postgres"

local DIR = "/backups/database/"
local FILE = DIR .. "db_backup_20260214_020000.sql"
local OLDER = DIR .. "db_backup_20260213_020000.sql"
local DUMP = samples.pg_dump { contacts = 3 }

--- A server with the live database, on which rows have come since the backup.
local function server()
  return pretend.server { english_cafe_db = { contacts = 5 }, other = { things = 2 } }
end

--- The night of the drill.
local function night(at, files)
  return {
    now      = "2026-02-15T01:00:00+09:00",
    files    = files or { [FILE] = DUMP, [OLDER] = DUMP },
    programs = { pg_restore = { missing = true }, pg_dump = { stdout = DUMP } },
    postgres = at.answer,
    env      = { DB_PASSWORD = secret "hunter2" },
  }
end

--- No database but a throwaway was ever dropped, renamed, or described.
local function spared(at)
  for _i, said in ipairs(at.statements) do
    expect(said).to_match '^%u+ %u*%s?DATABASE "hikae_throwaway_%d+_%d+_%d+"'
  end
  expect(at.databases.english_cafe_db.tables["public.contacts"]).to_equal(5)
  expect(at.databases.other.tables["public.things"]).to_equal(2)
end

describe("backup-test", function()
  it("restores the newest backup into a throwaway, compares, and leaves nothing", function()
    local at = server()
    local run = simulate(night(at)):run("backup-test")
    run:ok():said("✓ Rows (public.contacts): 3"):said("RTO reached"):said(FILE)
    run:never_said(OLDER):never_showed("hunter2"):unchanged()
    expect(at.names()).to_equal { "english_cafe_db", "other", "postgres" }
    spared(at)
  end)

  it("writes the time that it took into the record", function()
    local found
    for _i, step in ipairs(simulate(night(server())):run("backup-test").steps) do
      found = step.name == "RTO reached" and step or found
    end
    expect(found.status).to_equal("success")
  end)

  it("drills the backup that is named, wherever it lies", function()
    local at = server()
    local world = night(at, { ["/elsewhere/old.sql"] = DUMP })
    simulate(world):run("backup-test", { set = { file = "/elsewhere/old.sql" } }):ok():said("/elsewhere/old.sql")
  end)

  it("fails when the newest backup is broken, however good the one before is", function()
    local at = server()
    local world = night(at, { [FILE] = samples.pg_dump { contacts = 3, cut = 0.5 }, [OLDER] = DUMP })
    simulate(world):run("backup-test"):failed("integrity"):never_said("Restore test: success")
    expect(at.names()).to_equal { "english_cafe_db", "other", "postgres" }
    spared(at)
  end)

  it("fails when the backup is that of another database", function()
    local world = night(server(), { [FILE] = samples.pg_dump { contacts = 3, database = "shop" } })
    simulate(world):run("backup-test"):failed { kind = "not_found", message = "of the database english_cafe_db" }
  end)

  it("fails when rows are missing in what was restored, and says which", function()
    local at = server()
    at.loses = 1
    local run = simulate(night(at)):run("backup-test")
    run:failed("integrity"):said("✗ Rows (public.contacts): expected 3, found 2"):never_said("Restore test: success")
    expect(at.names()).to_equal { "english_cafe_db", "other", "postgres" }
  end)

  it("fails when the restore takes longer than it may", function()
    local at = server()
    local world = night(at)
    world.postgres = function(said)
      local answer = at.answer(said)
      return said.rows and { takes = "5h" } or answer
    end
    local run = simulate(world):run("backup-test")
    run:failed { kind = "timeout", message = "must be done within 14400 s" }
    expect(at.names()).to_equal { "english_cafe_db", "other", "postgres" }
    simulate(world):run("backup-test", { set = { objective_rto = "6h" } }):ok()
  end)

  it("drops what a killed drill has left", function()
    local at = server()
    local left = "hikae_throwaway_20260208_010000_77"
    at.databases[left] = { oid = 7, tables = {}, keys = 0, comment = "made by hikae run BKP-20260208-010000-weekly of backup-test on x" }
    simulate(night(at)):run("backup-test"):ok():said(left)
    expect(at.names()).to_equal { "english_cafe_db", "other", "postgres" }
  end)

  it("says what a killed drill has left and cannot be dropped, and goes on: the backup is good", function()
    local at = server()
    at.databases.hikae_throwaway_20260208_010000_77 = { oid = 7, tables = {}, keys = 0 }
    at.refuses = 'DROP DATABASE "hikae_throwaway_20260208_010000_77"'
    simulate(night(at)):run("backup-test"):ok():said("could not be dropped"):said("Restore test: success")
  end)

  it("fails when there is no backup", function()
    simulate(night(server(), { [DIR] = { dir = true } })):run("backup-test"):failed("not_found")
  end)

  it("touches no other database, whichever step fails, and leaves no throwaway that the next run does not drop", function()
    local at = server()
    simulate(night(at)):each_failure("backup-test", { before_each = at.reset }, function(run)
      spared(at)
      run:never_showed("hunter2")
      if run.status == "success" then
        run:said("✓ Rows (public.contacts): 3")
      end
    end)
  end)

  describe("on a temporary cluster", function()
    --- The night, with a server's own programs; `at` is the cluster.
    local function apart(at, files)
      local world = night(at, files)
      world.programs.initdb = ""
      world.programs.postgres = { hangs_after = 0 }
      world.programs.rm = ""
      return world
    end
    local set = { cluster = "temporary" }

    it("drills there and asks no other server", function()
      local at = pretend.server {}
      local run = simulate(apart(at)):run("backup-test", { set = set })
      run:ok():said("✓ Rows (public.contacts): 3"):said("A temporary cluster was started: /var/tmp/hikae_cluster_20260215_010000_")
      run:ran("initdb"):once()
      run:ran("postgres"):with("listen_addresses="):once()
      run:ran("rm"):with("-rf"):once()
      run:never_ran("setpriv")
      expect(at.names()).to_equal { "postgres" }
    end)

    it("removes the cluster when the backup is broken", function()
      local world = apart(pretend.server {}, { [FILE] = samples.pg_dump { contacts = 3, cut = 0.5 } })
      local run = simulate(world):run("backup-test", { set = set })
      run:failed("integrity"):ran("rm"):with("-rf"):once()
    end)

    it("says which package is missing where there is no server", function()
      local world = apart(pretend.server {})
      world.programs.initdb = { missing = true }
      local run = simulate(world):run("backup-test", { set = set })
      run:failed { kind = "not_found", message = "cannot find the PostgreSQL server's program `initdb`", hint = "apt-get install postgresql" }
    end)

    it("starts nothing on a disk that is too small for it", function()
      local world = apart(pretend.server {})
      world.free_bytes = "100 MiB"
      simulate(world):run("backup-test", { set = set }):failed("space"):never_ran("initdb")
    end)

    it("reports what became of the backup, and of the cluster, when both fail", function()
      local world = apart(pretend.server {}, { [FILE] = samples.pg_dump { contacts = 3, cut = 0.5 } })
      world.programs.rm = { exit = 1, stderr = "rm: busy" }
      simulate(world):run("backup-test", { set = set }):failed("integrity"):said("could not be removed")
    end)

    it("never says success when a step failed, whichever it is", function()
      local at = pretend.server {}
      simulate(apart(at)):each_failure("backup-test", { set = set, before_each = at.reset }, function(run)
        if run.status == "success" then
          run:said("✓ Rows (public.contacts): 3")
        end
      end)
    end)
  end)
end)

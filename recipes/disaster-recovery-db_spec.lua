--- What disaster-recovery-db promises: a database that works is left alone, and a lost one comes back from a backup that proves.
local pretend = require "hikae.pretend_postgres"

local DIR = "/backups/database/"
local FILE = DIR .. "db_backup_20260214_020000.sql"
local OLDER = DIR .. "db_backup_20260213_020000.sql"
local DUMP = samples.pg_dump { contacts = 3 }
local LIVE = "english_cafe_db"
local KEPT = LIVE .. "_before_20260215_030000"
local HEALTHY = "/usr/local/bin/healthy"

--- The server after the disaster: the database is gone.
local function server() return pretend.server { other = { things = 2 } } end

--- The night of the disaster; `changes` take the place of parts of it, and `programs` of some programs.
local function night(at, changes, programs)
  local world = {
    now      = "2026-02-15T03:00:00+09:00",
    files    = { [FILE] = DUMP, [OLDER] = DUMP },
    programs = { pg_restore = { missing = true }, pg_dump = { stdout = DUMP } }, postgres = at.answer, env = { DB_PASSWORD = secret "hunter2" },
  }
  for name, value in pairs(changes or {}) do
    world[name] = value
  end
  for name, program in pairs(programs or {}) do
    world.programs[name] = program
  end
  return world
end

--- A program that does well from its n-th call on.
local function from_call(n)
  local calls = 0
  return function()
    calls = calls + 1
    return calls >= n and "" or { stderr = "no", exit = 2 }
  end
end

--- A server that is up from its n-th login on.
local function up_from(at, n)
  local logins = 0
  return function(said)
    logins = logins + (said.sql == "" and 1 or 0)
    return logins < n and { down = true } or at.answer(said)
  end
end

local function rows(at, name) return at.databases[name] and at.databases[name].tables["public.contacts"] end

--- Lets the server refuse with these words when it is asked this.
local function failing(at, question, words, code)
  local talk = at.answer
  at.answer = function(said)
    return string.find(said.sql, question, 1, true) and { error = words, code = code } or talk(said)
  end
end

--- How a step of the run ended, by its name.
local function step(run, name)
  for _i, noted in ipairs(run.steps) do
    if noted.name == name then return noted.status end
  end
end

describe("disaster-recovery-db", function()
  describe("brings the database back", function()
    it("that is gone, from the newest backup", function()
      local at = server()
      local run = simulate(night(at)):run("disaster-recovery-db")
      run:ok():said("is to be restored: it is gone"):said("✓ Rows (public.contacts): 3"):said("is now " .. FILE)
      run:never_showed("hunter2"):unchanged()
      expect(at.names()).to_equal { LIVE, "other", "postgres" }
      expect(rows(at, LIVE)).to_equal(3)
      for _i, name in ipairs {
        "look at the database", "restore beside the live database, and compare", "put it in place",
        "see whether the application works",
      } do
        expect(step(run, name)).to_equal("success")
      end
    end)

    it("that is empty, and keeps the empty one", function()
      local at = pretend.server { [LIVE] = {} }
      simulate(night(at)):run("disaster-recovery-db"):ok():said("it is empty"):said("kept as " .. KEPT)
      expect(at.names()).to_equal { LIVE, KEPT, "postgres" }
      expect(rows(at, LIVE)).to_equal(3)
    end)

    it("that is damaged, in its catalog or in its rows, and keeps the damaged one", function()
      for question, words in pairs {
        ["AS readable FROM"] = "could not read block 3 in file \"base/5/2704\": read only 0 of 8192 bytes",
        ["AS longest FROM"] = "invalid page in block 0 of relation base/16385/16386",
      } do
        local at = pretend.server { [LIVE] = { contacts = 5 } }
        failing(at, question, words, "XX001")
        simulate(night(at)):run("disaster-recovery-db"):ok():said("it cannot be read"):said(words)
        expect(rows(at, LIVE)).to_equal(3)
        expect(rows(at, KEPT)).to_equal(5)
      end
    end)

    it("from the backup before the newest when that is broken, and says so", function()
      local at = server()
      local files = { [FILE] = samples.pg_dump { contacts = 3, cut = 0.9 }, [OLDER] = DUMP }
      local run = simulate(night(at, { files = files })):run("disaster-recovery-db")
      run:partial { message = "an older backup was restored" }:said(FILE .. " is damaged"):said("is now " .. OLDER):alerted()
      expect(rows(at, LIVE)).to_equal(3)
      expect(at.names()).to_equal { LIVE, "other", "postgres" }
    end)

    it("from the backup before the newest when that does not hold what its manifest says", function()
      local at = server()
      local files = { [FILE] = DUMP, [OLDER] = DUMP }
      files[FILE .. ".manifest.json"] = samples.manifest { name = string.sub(FILE, #DIR + 1), content = DUMP, rows = { contacts = 4 } }
      simulate(night(at, { files = files })):run("disaster-recovery-db"):partial { message = "an older backup was restored" }:said("expected 4, found 3"):said("is now " .. OLDER)
      expect(rows(at, LIVE)).to_equal(3)
    end)

    it("from the backup that is named, and no other", function()
      local at = server()
      local world = night(at, { files = { ["/elsewhere/x.sql"] = DUMP, [FILE] = "garbage" } })
      local set = { file = "/elsewhere/x.sql" }
      simulate(world):run("disaster-recovery-db", { set = set }):ok():said("is now /elsewhere/x.sql")

      at.reset()
      world = night(at, { files = { ["/elsewhere/x.sql"] = "garbage", [FILE] = DUMP } })
      simulate(world):run("disaster-recovery-db", { set = set }):failed("integrity"):never_said(FILE)
      expect(at.names()).to_equal { "other", "postgres" }
    end)

    it("although a left-over throwaway cannot be dropped", function()
      local at = server()
      at.databases.hikae_throwaway_20260208_010000_77 = { oid = 7, tables = {}, keys = 0 }
      at.refuses = 'DROP DATABASE "hikae_throwaway_20260208_010000_77"'
      simulate(night(at)):run("disaster-recovery-db"):ok():said("A left-over database could not be dropped")
      expect(rows(at, LIVE)).to_equal(3)
    end)
  end)

  describe("leaves a database alone", function()
    --- A server whose live database works, and has rows that came since the backup.
    local function sound()
      return pretend.server { [LIVE] = { contacts = 5 } }
    end

    it("that answers", function()
      local at = sound()
      local run = simulate(night(at)):run("disaster-recovery-db")
      run:ok():said("nothing is restored")
      expect(#at.statements).to_equal(0)
      expect(step(run, "put it in place")).to_be_nil()
    end)

    it("whose application does not work, unless it is forced", function()
      local at = sound()
      local world = night(at, nil, { [HEALTHY] = { stderr = "no route to the kitchen", exit = 1 } })
      local set = { health_command = HEALTHY, health_tries = 1 }
      local run = simulate(world):run("disaster-recovery-db", { set = set })
      run:failed { kind = "command", message = "no route to the kitchen", hint = "force=true" }
      expect(#at.statements).to_equal(0)

      world.programs[HEALTHY] = ""
      set.force = true
      simulate(world):run("disaster-recovery-db", { set = set }):ok():said("it is to be replaced (force)")
      expect(rows(at, LIVE)).to_equal(3)
      expect(rows(at, KEPT)).to_equal(5)
    end)

    it("of which nobody can tell whether it is damaged, unless it is forced", function()
      for words, known in pairs {
        ['role "postgres" does not exist'] = { "28000", "not_found" },
        ['too many connections for database "english_cafe_db"'] = { "53300", "network" },
        ['database "english_cafe_db" is not currently accepting connections'] = { "55000", "denied" },
        ["canceling statement due to statement timeout"] = { "57014", "timeout" },
        ['could not open file "base/5/1259": Too many open files in system'] = { "53000", "command" },
        ["something that nobody has heard of"] = { "XX000", "command" },
      } do
        local at, kind = sound(), known[2]
        failing(at, "AS readable FROM", words, known[1])
        local run = simulate(night(at)):run("disaster-recovery-db")
        run:failed { kind = kind, message = "cannot find out whether the database is damaged", hint = "force=true" }
        expect(#at.statements).to_equal(0)

        simulate(night(at)):run("disaster-recovery-db", { set = { force = true } }):ok():said("it cannot be read")
        expect(rows(at, KEPT)).to_equal(5)
      end
    end)

    it("of which it may not read the rows, and says so", function()
      local at = sound()
      at.unreadable = true
      local run = simulate(night(at)):run("disaster-recovery-db")
      run:ok():said("postgres may not read them: 1"):said("nothing is restored")
      expect(#at.statements).to_equal(0)
    end)
  end)

  describe("fails and leaves nothing", function()
    local function hopeless(files, error)
      local at = server()
      local run = simulate(night(at, { files = files })):run("disaster-recovery-db"):failed(error)
      expect(at.names()).to_equal { "other", "postgres" }
      return run
    end

    it("when no backup proves, and reports each", function()
      local run = hopeless({ [FILE] = "garbage", [OLDER] = samples.pg_dump { contacts = 3, cut = 0.5 } }, "integrity")
      run:said(FILE .. " is damaged")
      expect(step(run, "restore beside the live database, and compare")).to_equal("failure")
    end)

    it("when there are only backups of another database", function()
      hopeless({ [FILE] = samples.pg_dump { contacts = 3, database = "shop" } }, { kind = "not_found", message = "of the database english_cafe_db" })
    end)

    it("when there is no backup", function()
      hopeless({ [DIR] = { dir = true } }, { kind = "not_found", message = "there is no backup", hint = "--set file=" })
    end)
  end)

  describe("starts the server when it is down", function()
    local START = { start = "systemctl start 'postgresql@15 main'", ready_wait = "2s", ready_tries = 3 }

    it("by the command that is named, and waits until it is up", function()
      local at = server()
      local run = simulate(night(at, { postgres = up_from(at, 5) }, { systemctl = "" })):run("disaster-recovery-db", { set = START })
      run:ok():said("takes no connections"):ran("systemctl"):with("start", "postgresql@15 main"):once()
      expect(step(run, "start the database server")).to_equal("success")
      expect(rows(at, LIVE)).to_equal(3)
    end)

    it("and has patience with one that only takes long to answer", function()
      local at = server()
      local run = simulate(night(at, { postgres = up_from(at, 2) }, { systemctl = "" })):run("disaster-recovery-db", { set = START })
      run:ok():never_ran("systemctl")
    end)

    it("and fails, with what to do, when it does not come up", function()
      local at = server()
      local world = night(at, { postgres = up_from(at, math.huge) }, { systemctl = "" })
      local run = simulate(world):run("disaster-recovery-db", { set = START })
      run:failed { kind = "network", message = "takes no connections (localhost:5432)", hint = "`start`" }
      expect(at.statements).to_equal {}
      run = simulate(world):run("disaster-recovery-db")
      run:failed("network"):said("no hook is named: start the database server"):never_ran("systemctl")
    end)

    it("and fails when the command does", function()
      local world = night(server(), { postgres = up_from(server(), math.huge) }, { systemctl = { stderr = "Unit not found", exit = 5 } })
      local run = simulate(world):run("disaster-recovery-db", { set = START })
      run:failed { kind = "command", message = "Unit not found" }
      expect(step(run, "start the database server")).to_equal("failure")
    end)
  end)

  describe("looks at the application at the end", function()
    it("again and again, until it works", function()
      local run = simulate(night(server(), nil, { [HEALTHY] = from_call(3) })):run("disaster-recovery-db", {
        set = { health_command = HEALTHY },
      })
      run:ok():said("does not work yet"):said("The application works")
      expect(run.duration_secs >= 10).to_be_true()
    end)

    it("and fails when it never does, with the restored database live", function()
      local at = server()
      local run = simulate(night(at, nil, { [HEALTHY] = { stderr = "no", exit = 1 } })):run("disaster-recovery-db", {
        set = { health_command = HEALTHY, health_tries = 4, health_wait = "1m" },
      })
      run:failed("command"):ran(HEALTHY):times(4)
      expect(run.duration_secs >= 180).to_be_true()
      expect(rows(at, LIVE)).to_equal(3)
    end)
  end)

  it("plans no further than the database must be asked", function()
    local at = server()
    local plan = simulate(night(at)):plan("disaster-recovery-db")
    expect(plan.ended).to_equal("unknown")
    expect(#at.statements).to_equal(0)
  end)

  it("loses nothing, whichever step fails", function()
    local at = server()
    local world = night(at, nil, { [HEALTHY] = "" })
    local options = { set = { health_command = HEALTHY, health_tries = 1 }, before_each = at.reset }
    simulate(world):each_failure("disaster-recovery-db", options, function(run)
      -- The backup as a whole, or nothing: no half of one is ever live.
      local live = rows(at, LIVE)
      expect(live == nil or live == 3).to_be_true()
      expect(at.databases.other.tables["public.things"]).to_equal(2)
      if run.status == "success" then
        expect(live).to_equal(3)
      end
      run:never_showed("hunter2"):kept(FILE, OLDER)
      expect(at.harmed()).to_equal {}
    end)
  end)
end)

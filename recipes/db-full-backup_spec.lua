--- What db-full-backup promises.

local DIR = "/backups/database/"
local SET = DIR .. "full_backup_20260215_010000"
local LIST = SET .. ".sha256"

local GLOBALS = [[
--
-- PostgreSQL database cluster dump
--

SET client_encoding = 'UTF8';

--
-- Roles
--

CREATE ROLE postgres;
ALTER ROLE postgres WITH SUPERUSER LOGIN PASSWORD 'SCRAM-SHA-256$4096:abc';
CREATE ROLE app;

--
-- PostgreSQL database cluster dump complete
--

]]

--- The databases that the server says it has.
---@param names string[]
---@param closed? table<string, boolean>
---@return string
local function listed(names, closed)
  local rows = {}
  for index, name in ipairs(names) do
    rows[index] = { name = name, open = not (closed or {})[name] }
  end
  return json.encode(rows)
end

--- A `pg_dump` that knows some databases, by how many rows each has.
---@param databases table<string, integer>
---@return fun(call: simulate.Call): simulate.Program
local function dumps(databases)
  return function(call)
    for name, rows in pairs(databases) do
      for _i, argument in ipairs(call.argv) do
        if argument == "--dbname=" .. name then
          return { stdout = samples.pg_dump { database = name, contacts = rows } }
        end
      end
    end
    return { stderr = "pg_dump: error: connection failed: FATAL:  permission denied for database", exit = 1 }
  end
end

--- A world with these databases; `changes` are other programs.
---@param changes? table<string, any>
---@param databases? string What the server answers.
---@return simulate.Setup
local function sunday(changes, databases)
  local programs = {
    pg_dumpall = { stdout = GLOBALS },
    pg_dump = dumps { postgres = 0, shop = 3 },
  }
  for name, program in pairs(changes or {}) do
    programs[name] = program
  end
  local postgres = databases or listed { "postgres", "shop" }
  return { now = "2026-02-15T01:00:00+09:00", programs = programs, postgres = postgres, env = { DB_PASSWORD = secret "hunter2" } }
end

--- The files of a set that another run has made.
---@param stamp string
---@param others? string[] The databases in it beside the shop.
---@return table<string, string|simulate.File>
local function complete(stamp, others)
  local name = "full_backup_" .. stamp
  local list = "0000  " .. name .. "/db_shop.sql.gz\n"
  local text = samples.manifest { name = name .. ".sha256", content = list, rows = {} }
  local described = json.decode(text)
  described.files = { { path = name .. "/db_shop.sql.gz", size_bytes = 4, sha256 = "0000" } }
  described.databases = { { name = "shop", path = name .. "/db_shop.sql.gz", tables = 1, rows = 3 } }
  for _i, other in ipairs(others or {}) do
    table.insert(described.databases, { name = other, path = name .. "/db_" .. other .. ".sql.gz", tables = 1, rows = 3 })
  end
  return {
    [DIR .. name .. "/db_shop.sql.gz"] = "dump",
    [DIR .. name .. ".sha256"] = list,
    [DIR .. name .. ".sha256.manifest.json"] = json.encode(described),
  }
end

--- `sunday` with sets of other runs.
---@param stamps string[]
---@return simulate.Setup
local function after(stamps)
  local world = sunday()
  world.files = {}
  for _i, stamp in ipairs(stamps) do
    for name, file in pairs(complete(stamp)) do
      world.files[name] = file
    end
  end
  return world
end

describe("db-full-backup", function()
  it("keeps the roles and every database as one set, complete when its list is there", function()
    local run = simulate(sunday()):run("db-full-backup")
    run:ok()
    run:wrote(SET .. "/globals.sql.gz"):gunzips_to(GLOBALS):has_manifest():has_mode("0600")
    run:wrote(SET .. "/db_postgres.sql.gz"):has_manifest():has_mode("0600")
    run:wrote(SET .. "/db_shop.sql.gz"):gunzips_to(samples.pg_dump { database = "shop", contacts = 3 }):has_manifest()
    run:wrote(LIST):contains("full_backup_20260215_010000/db_shop.sql.gz"):has_manifest()
    run:wrote(LIST .. ".manifest.json"):contains('"name": "shop"'):contains('"roles": 2'):contains("sha256sum --check")
    run:never_showed(secret "hunter2")
    expect(#run.backups).to_equal(4)
  end)

  it("is marked as not complete until its list is there", function()
    local order = {}
    for _i, effect in ipairs(simulate(sunday()):run("db-full-backup"):ok():journal()) do
      if effect.object == SET .. "/INCOMPLETE.txt" or effect.object == LIST then
        order[#order + 1] = effect.effect
      end
    end
    expect(table.concat(order, " ")).to_match("^write stat create remove")
  end)

  it("says of a set that a killed run left that nothing more will come", function()
    local world = sunday()
    local left = DIR .. "full_backup_20260208_010000/"
    world.files = { [left .. "db_shop.sql.gz"] = "dump", [left .. "INCOMPLETE.txt"] = "This set is being made.\n" }
    local run = simulate(world):run("db-full-backup")
    run:ok():said("An earlier set is not complete"):wrote(left .. "INCOMPLETE.txt"):contains("was cut off")
  end)

  it("loses nothing, whichever step fails", function()
    local world = after { "20251207_010000", "20251228_010000" } -- the first goes, the second is its month's
    world.postgres = listed { "shop" }
    world.programs.pg_dump = { stdout = samples.pg_dump { database = "shop", contacts = 3 } }
    simulate(world):each_failure("db-full-backup", function(run)
      run:left_nothing_partial()
      run:kept(DIR .. "full_backup_20251228_010000.sha256", DIR .. "full_backup_20251228_010000/db_shop.sql.gz")
      if run.status == "success" then
        run:wrote(DIR .. "full_backup_20260215_*.sha256"):has_manifest()
      end
    end)
  end)

  it("is done only in part when one database cannot be dumped, and has the others", function()
    local run = simulate(sunday({}, listed { "locked", "postgres", "shop" })):run("db-full-backup")
    run:partial { message = "is not complete without `locked`" }
    run:wrote(SET .. "/db_shop.sql.gz"):has_manifest()
    run:wrote(SET .. "/INCOMPLETE.txt"):contains("locked")
    for _i, effect in ipairs(run:journal()) do
      expect(effect.object).never_to_equal(LIST)
    end
  end)

  it("is never green without the roles", function()
    local cut = string.sub(GLOBALS, 1, -20)
    simulate(sunday { pg_dumpall = { stdout = cut } }):run("db-full-backup"):partial("integrity")
    local run = simulate(sunday { pg_dumpall = { stderr = "permission denied for table pg_authid", exit = 1 } }):run("db-full-backup")
    run:partial { kind = "denied", hint = "passwords = false" }
  end)

  it("leaves the hashes of passwords out when asked to", function()
    local run = simulate(sunday()):run("db-full-backup", { set = { role_passwords = false } })
    run:ok():ran("pg_dumpall"):with("--no-role-passwords")
  end)

  it("does not pass over a database that takes no connections", function()
    local world = sunday({}, listed({ "attic", "postgres", "shop" }, { attic = true }))
    simulate(world):run("db-full-backup"):partial { message = "`attic`", hint = "exclude" }
    local run = simulate(world):run("db-full-backup", { set = { exclude = "attic" } })
    run:ok():wrote(LIST .. ".manifest.json"):contains('"attic"')
  end)

  it("dumps a named part, and says what it leaves out", function()
    local run = simulate(sunday()):run("db-full-backup", { set = { databases = "shop" } })
    run:ok():said("Left out: postgres")
    run:ran("pg_dump"):with("--dbname=shop"):once()
  end)

  it("does not take a database that is not there for one that is done", function()
    local run = simulate(sunday()):run("db-full-backup", { set = { databases = "shop,shpo" } })
    run:partial { message = "`shpo`" }
  end)

  it("fails when nothing is left to be dumped", function()
    local run = simulate(sunday()):run("db-full-backup", { set = { exclude = "postgres,shop" } })
    run:partial { message = "no database is left", hint = "exclude" }
  end)

  it("leaves the throwaways of drills alone", function()
    local world = sunday({}, listed { "hikae_throwaway_20260215_005900_77", "postgres", "shop" })
    simulate(world):run("db-full-backup"):ok():said("Left out: hikae_throwaway_20260215_005900_77")
  end)

  it("gives every name a file of its own", function()
    local names = { "a b", "a/b", "a%20b", "..", "控え" }
    local databases = {}
    for _i, name in ipairs(names) do
      databases[name] = 1
    end
    local function dump(call)
      for _i, argument in ipairs(call.argv) do
        local name = string.match(argument, "^%-%-dbname=(.*)$")
        if name then
          name = string.match(name, "^dbname='(.*)'$") or name
          return { stdout = samples.pg_dump { database = name, contacts = 1 } }
        end
      end
    end
    local run = simulate(sunday({ pg_dump = dump }, listed(names))):run("db-full-backup")
    run:ok()
    for _i, file in ipairs { "db_a%20b", "db_a%2Fb", "db_a%2520b", "db_..", "db_控え" } do
      run:wrote(SET .. "/" .. file .. ".sql.gz"):has_manifest()
    end
  end)

  it("compresses with zstd when it is asked to", function()
    local run = simulate(sunday()):run("db-full-backup", { set = { compress = "zstd" } })
    run:ok():wrote(SET .. "/db_shop.sql.zst"):unzstds_to(samples.pg_dump { database = "shop", contacts = 3 })
    run:wrote(SET .. "/globals.sql.zst"):unzstds_to(GLOBALS)
  end)

  it("dumps the templates that somebody made, and template1 when it is named", function()
    local world = sunday({ pg_dump = dumps { golden = 1, postgres = 0, shop = 3, template1 = 1 } }, listed { "golden", "postgres", "shop", "template1" })
    local run = simulate(world):run("db-full-backup")
    run:ok():said("Left out: template1"):wrote(SET .. "/db_golden.sql.gz"):has_manifest()
    simulate(world):run("db-full-backup", { set = { databases = "template1" } }):ok():wrote(SET .. "/db_template1.sql.gz"):has_manifest()
  end)

  it("reports a database to leave out that is not there", function()
    simulate(sunday()):run("db-full-backup", { set = { exclude = "shpo" } }):ok():said("There is no database shpo")
  end)

  it("stops at a full disk, and says so", function()
    local world = sunday()
    world.free_bytes = 600
    local run = simulate(world):run("db-full-backup")
    expect(run.status).never_to_equal("success")
    expect(run.error.kind).to_equal("space")
  end)

  describe("its retention", function()
    it("lets whole sets go, and keeps the first of each month", function()
      local run = simulate(after { "20251207_010000", "20251228_010000", "20260208_010000" }):run("db-full-backup")
      run:ok()
      local gone = DIR .. "full_backup_20251228_010000"
      run:removed(gone .. ".sha256", gone .. ".sha256.manifest.json", gone .. "/db_shop.sql.gz")
      run:kept(DIR .. "full_backup_20251207_010000/db_shop.sql.gz", DIR .. "full_backup_20260208_010000/db_shop.sql.gz")
    end)

    it("never lets a set go for one that has fewer databases", function()
      local world = after { "20251202_010000", "20251203_010000" }
      for name, file in pairs(complete("20251204_010000", { "postgres" })) do world.files[name] = file end
      local full = DIR .. "full_backup_20251204_010000"
      -- The sets of the shop alone came first in their month; the whole set is the one of that month.
      simulate(world):run("db-full-backup"):ok():kept(full .. ".sha256", DIR .. "full_backup_20251202_010000.sha256")
        :removed(DIR .. "full_backup_20251203_010000.sha256")
      local run = simulate(world):run("db-full-backup", { set = { databases = "shop", monthly = 1 } })
      run:ok():kept(full .. ".sha256", full .. "/db_shop.sql.gz"):removed(DIR .. "full_backup_20251203_010000.sha256")
      run:said("Left alone, of another database: 1, such as full_backup_20251204_010000 (postgres, shop)")
    end)

    it("keeps the last set with a database that is gone, and no more of them than that", function()
      local world = sunday()
      world.files = {}
      for _i, stamp in ipairs { "20241101_010000", "20241201_010000" } do
        for name, file in pairs(complete(stamp, { "postgres", "gone" })) do world.files[name] = file end
      end
      local run = simulate(world):run("db-full-backup", { set = { monthly = 1 } })
      run:ok():kept(DIR .. "full_backup_20241201_010000.sha256"):removed(DIR .. "full_backup_20241101_010000.sha256")
    end)

    it("lets a set go that never became complete, when its time has come", function()
      local world = after { "20251228_010000" }
      world.files[DIR .. "full_backup_20251214_010000/db_shop.sql.gz"] = "dump"
      world.files[DIR .. "full_backup_20251214_010000/INCOMPLETE.txt"] = "cut off"
      local run = simulate(world):run("db-full-backup"):ok():removed(DIR .. "full_backup_20251214_010000/db_shop.sql.gz")
      run:kept(DIR .. "full_backup_20251228_010000.sha256")
    end)

    it("takes a set that has lost a part for no set, and keeps the older whole one", function()
      local world = after { "20241201_010000", "20241208_010000" }
      world.files[DIR .. "full_backup_20241208_010000/db_shop.sql.gz"] = nil
      local run = simulate(world):run("db-full-backup", { set = { keep_at_least = 2, monthly = 1 } }):ok()
      run:kept(DIR .. "full_backup_20241201_010000/db_shop.sql.gz"):removed(DIR .. "full_backup_20241208_010000.sha256")
    end)

    it("removes nothing for the sake of a set without any row", function()
      local world = after { "20241201_010000" }
      world.programs.pg_dump = dumps { postgres = 0, shop = 0 }
      simulate(world):run("db-full-backup"):partial("integrity"):kept(DIR .. "full_backup_20241201_010000.sha256")
    end)
  end)
end)

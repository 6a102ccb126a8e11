--- What a spec's world promises about files, time and the runs in it.

local dump = { pg_dump = { stdout = samples.pg_dump { contacts = 3 } } }

describe("a world", function()
  it("has the files that it is given, as old as they are said to be", function()
    local world = simulate {
      now = "2026-02-15T02:00:00+09:00",
      files = { ["/backups/database/note"] = "kept", ["/backups/database/big"] = { size = "2 GiB", age = "3d", mode = "0640" } },
      programs = dump,
    }
    world:run("db-backup"):ok():kept("/backups/database/note", "/backups/database/big")
  end)

  it("keeps what a run left for the next run in it", function()
    local world = simulate { now = "2026-02-15T02:00:00+09:00", programs = dump }
    world:run("db-backup"):wrote("/backups/database/db_backup_20260215_020000.sql.gz")
    world:run("db-backup"):kept("/backups/database/db_backup_20260215_020000.sql.gz")
  end)

  it("is another one than any other", function()
    local one, other = simulate { programs = dump }, simulate { programs = dump }
    one:run("db-backup"):ok()
    local run = other:run("db-backup"):ok()
    expect(#run.backups).to_equal(1)
    run:wrote(run.backups[1].path)
  end)

  it("has no other environment than it is given", function()
    local run = simulate { programs = dump, env = { BACKUP_DIR = "/elsewhere", DB_NAME = "english_cafe_db" } }:run("db-backup")
    run:ok():wrote("/elsewhere/*.sql.gz")
  end)

  it("can lack a program that a recipe needs", function()
    simulate { programs = { pg_dump = { missing = true } } }:run("db-backup"):failed("not_found"):wrote_nothing()
  end)

  it("waits for nothing: hours pass at once", function()
    local run = simulate { programs = { pg_dump = { stdout = samples.pg_dump { contacts = 3 }, takes = "20m" } } }:run("db-backup")
    run:ok()
    expect(run.duration_secs).to_equal(1200)
  end)
end)

describe("a run", function()
  it("tells what it did, effect by effect, with the line of the recipe", function()
    local run = simulate { programs = dump }:run("db-backup")
    local spawned
    for _i, effect in ipairs(run:journal()) do
      if effect.effect == "spawn" then
        spawned = effect
      end
    end
    expect(spawned.object).to_contain("pg_dump --host=localhost")
    expect(spawned.line).to_match("^recipes/db%-backup%.lua:%d+$")
    expect(spawned.outcome).to_equal("done")
    expect(spawned.bytes).to_equal(#samples.pg_dump { contacts = 3 })
  end)

  it("tells its error as a table", function()
    local run = simulate { programs = { pg_dump = { exit = 1, stderr = "Connection refused" } } }:run("db-backup")
    expect(run.status).to_equal("failure")
    expect(run.error.kind).to_equal("network")
    expect(run.error.hint).to_contain("DB_HOST")
    expect(run.backups).to_equal {}
  end)
end)

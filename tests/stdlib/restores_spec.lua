--- What hikae.restores promises, against a real server; the recipes' own specs try every way in which it can fail.
local restores = require "hikae.restores"

--- A server whose database has guests, and a backup of them; one more guest has come since.
local function backed_up()
  local at = server()
  at.psql("CREATE TABLE guests (id int PRIMARY KEY); INSERT INTO guests VALUES (1), (2), (3)")
  local file = tmp("db_backup_20260214_020000.sql.gz")
  pg.dump(restores.at(at, { database = at.database })):gzip():save(file)
  at.psql("INSERT INTO guests VALUES (4)")
  return at, file
end

local function guests(at, database)
  return pg.query(restores.at(at, { database = database, sql = "SELECT count(*) AS n FROM guests" }))[1].n
end

describe("restores.backups", function()
  it("gives backups by the moments in their names, the newest first, without manifests and what has no moment", function()
    for _i, name in ipairs {
      "db_backup_20260213_020000.sql.gz", "db_backup_20260214_020000.sql.gz", "db_backup_20260214_020000.sql.gz.manifest.json",
      "db_backup_20260214_020000.sql.zst", "db_backup_old.sql.gz", "other_20260215_020000.sql.gz",
    } do
      fs.write(tmp(name), "x")
    end
    expect(restores.backups(tmp(), "db_backup_*")).to_equal {
      tmp("db_backup_20260214_020000.sql.zst"), tmp("db_backup_20260214_020000.sql.gz"), tmp("db_backup_20260213_020000.sql.gz"),
    }
  end)

  it("leaves out those of other databases, by their manifests or by what the dumps say", function()
    local head = "--\n-- PostgreSQL database dump\n--\n\n-- Name: %s; Type: DATABASE; Schema: -; Owner: -\n"
    fs.write(tmp("db_backup_20260213_020000.sql"), string.format(head, "shop"))
    fs.write(tmp("db_backup_20260214_020000.sql"), string.format(head, "blog"))
    fs.write(tmp("db_backup_20260215_020000.sql"), "x")
    local said = { name = "db_backup_20260215_020000.sql", size_bytes = 1, database = { name = "blog" } }
    fs.write(tmp("db_backup_20260215_020000.sql.manifest.json"), json.encode(said))
    expect(restores.backups(tmp(), "db_backup_*", "shop")).to_equal { tmp("db_backup_20260213_020000.sql") }
    expect(restores.backups(tmp(), "db_backup_*", "blog")[1]).to_be(tmp("db_backup_20260215_020000.sql"))
    expect(function() restores.backups(tmp(), "db_backup_*", "wiki") end)
      .to_raise { kind = "not_found", message = "of the database wiki" }
  end)

  it("raises when there is none, and says how one is named", function()
    expect(function() restores.backups(tmp(), "db_backup_*") end)
      .to_raise { kind = "not_found", message = "there is no backup `db_backup_*`", hint = "--set file=" }
  end)
end)

describe("restores.stage", function()
  it("fills a throwaway with what the first good backup holds, and leaves the live database", function()
    local at, file = backed_up()
    local broken = tmp("broken.sql")
    fs.write(broken, "garbage")
    local staged = restores.stage { server = at, files = { broken, file }, dump_of = at.database, fallback = "older" }
    finally(function() pg.drop_database(restores.at(at, { name = staged.database })) end)
    expect(staged.file).to_be(file)
    expect(staged.database).to_match("^hikae_throwaway_")
    expect(guests(at, staged.database)).to_be(3)
    expect(guests(at, at.database)).to_be(4)
  end)

  it("raises when no backup is good, or none was named", function()
    local at = server()
    local broken = tmp("broken.sql")
    fs.write(broken, "garbage")
    expect(function() restores.stage { server = at, files = { broken } } end).to_raise { kind = "integrity" }
    expect(function() restores.stage { server = at, files = {} } end).to_raise("no file was named")
  end)
end)

it("restores.put_in_place swaps, restores.swap_back takes it back, and restores.taken_back tells", function()
  local at, file = backed_up()
  local staged = restores.stage { server = at, files = { file }, dump_of = at.database }
  local swapped = restores.put_in_place(at, at.database, staged)
  expect(guests(at, at.database)).to_be(3)
  expect(guests(at, swapped.kept)).to_be(4)
  local back = restores.swap_back(at, swapped)
  expect(guests(at, at.database)).to_be(4)
  expect(guests(at, back.kept)).to_be(3)
  local _ok, failure = errors.try(error, { kind = "command", message = "the kitchen is cold" })
  expect(function() restores.taken_back(back, failure) end)
    .to_raise { kind = "command", message = "the kitchen is cold", hint = back.kept }
end)

it("restores.sweep gives the failure that keeps a left-over from being dropped, and does not raise it", function()
  local at = server()
  expect(restores.sweep(at)).to_be_nil()
  local failure = restores.sweep { host = at.host, port = 1, user = at.user, password = at.password }
  expect(failure.kind).to_be("network")
  errors.accept(failure, "nothing listens there, as the spec has it")
end)

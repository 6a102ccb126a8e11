--- What db-backup promises: the model to copy for specs of backups. `hikae test` runs it.

local DIR = "/backups/database/"
local OLD = DIR .. "db_backup_20251201_020000.sql.gz"
local NEW = DIR .. "db_backup_20260215_020000.sql.gz"

--- The world of `nightly` with some of it changed.
---@param changes table
---@return table
local function but(world, changes)
  local changed = {}
  for name, value in pairs(world) do
    changed[name] = value
  end
  for name, value in pairs(changes) do
    changed[name] = value
  end
  return changed
end

--- Files for backups with these stamps, each proved by a manifest.
---@param stamps string[]
---@param rows? integer
---@return table<string, string>
local function proved(stamps, rows)
  local files = {}
  for _i, stamp in ipairs(stamps) do
    local name = "db_backup_" .. stamp .. ".sql.gz"
    files[DIR .. name] = "dump of " .. stamp
    files[DIR .. name .. ".manifest.json"] =
      samples.manifest { name = name, content = "dump of " .. stamp, rows = { contacts = rows or 3 } }
  end
  return files
end

--- The file of a backup with this stamp.
---@param stamp string
---@return string
local function backup(stamp)
  return DIR .. "db_backup_" .. stamp .. ".sql.gz"
end

describe("db-backup", function()
  local nightly = {
    now      = "2026-02-15T02:00:00+09:00",
    files    = { ["/backups/database/db_backup_20251201_020000.sql.gz"] = { age = "76d" } },
    programs = { pg_dump = { stdout = samples.pg_dump { contacts = 3 } } },
    env      = { DB_PASSWORD = secret "hunter2" },
  }

  it("keeps the new dump and lets the old one go", function()
    local run = simulate(nightly):run("db-backup")
    run:ok()
    run:wrote("/backups/database/db_backup_20260215_020000.sql.gz"):gunzips_to(samples.pg_dump { contacts = 3 })
    run:removed("/backups/database/db_backup_20251201_020000.sql.gz")
    run:ran("pg_dump"):with("--clean", "--create"):once()
    run:never_showed("hunter2")
  end)

  it("encrypts the dump to the recipients that are named, and says so in the manifest", function()
    local recipient = "age177ar7ec59df0k6f48k75nhfy2psj9092jhvwhc850vfaeh78j3gsue9s4w"
    local run = simulate(but(nightly, { env = { DB_PASSWORD = secret "hunter2", BACKUP_ENCRYPT_TO = recipient } })):run("db-backup")
    run:ok()
    run:wrote(NEW .. ".age"):contains("age-encryption.org/v1"):has_manifest()
    run:wrote(NEW .. ".age.manifest.json"):contains(recipient):contains("throwaway")
  end)

  it("encrypts with gpg to any other name, and loses nothing whichever step fails", function()
    local ops = "6ACAFE460DFD94CE1795AAF4037F8DDEFAAA7634"
    local gpg = require("hikae.pretend_gpg").gpg { [ops] = "Ops <ops@example.com>" }
    local world = but(nightly, {
      programs = { pg_dump = nightly.programs.pg_dump, gpg = gpg },
      env = { DB_PASSWORD = secret "hunter2", BACKUP_ENCRYPT_TO = "ops@example.com", GNUPGHOME = "/home/backup/.gnupg" },
    })
    local run = simulate(world):run("db-backup")
    run:ok():wrote(NEW .. ".gpg"):has_manifest()
    run:wrote(NEW .. ".gpg.manifest.json"):contains(ops)
    simulate(world):each_failure("db-backup", function(broken)
      broken:left_nothing_partial():kept(OLD)
    end)
  end)

  it("loses nothing and reports the failure, whichever step fails", function()
    simulate(nightly):each_failure("db-backup", function(run)
      run:left_nothing_partial()
      run:kept("/backups/database/db_backup_20251201_020000.sql.gz")
      if run.status == "success" then
        -- A warning was enough: the folder could not be looked through for what dead runs left.
        run:wrote("/backups/database/db_backup_20260215_*.sql.gz"):gunzips_to(samples.pg_dump { contacts = 3 }):has_manifest()
      else
        run:alerted("backup_failure")
      end
    end)
  end)

  it("proves the dump by a manifest beside it, and lets nobody else read it", function()
    local run = simulate(nightly):run("db-backup")
    run:wrote(NEW):has_manifest():has_mode("0600")
    run:wrote(NEW .. ".manifest.json"):contains('"rows": 3'):has_mode("0600")
    run:said("3 rows")
    expect(#run.backups).to_equal(1)
    expect(run.backups[1].path).to_equal(NEW)
  end)

  it("compresses with zstd when it is asked to, and leaves the gzip dumps alone", function()
    local run = simulate(nightly):run("db-backup", { set = { compress = "zstd" } })
    run:ok():kept(OLD)
    run:wrote(DIR .. "*.sql.zst"):unzstds_to(samples.pg_dump { contacts = 3 }):has_manifest()
  end)

  it("asks the given server, and never asks a person for a password", function()
    local run = simulate(nightly):run("db-backup", { set = { host = "db1", port = 5433, user = "backup" } })
    run:ran("pg_dump"):with("--host=db1", "--port=5433", "--username=backup", "--dbname=english_cafe_db", "--no-password")
  end)

  it("hands the password over where no other user of the machine can see it", function()
    local run = simulate(nightly):run("db-backup")
    run:ran("pg_dump"):with_env("PGPASSWORD")
    run:never_showed(secret "hunter2")
  end)

  it("gives the dump a type when it is asked to", function()
    local run = simulate(nightly):run("db-backup", { type = "weekly" })
    expect(run.type).to_equal("weekly")
    expect(run.id).to_equal("BKP-20260215-020000-weekly")
  end)

  it("keeps a dump that no restore takes, says so the same night, and lets no good one go for it", function()
    local odd = string.gsub(samples.pg_dump { contacts = 3 }, "COPY", "CALL x();\nCOPY", 1)
    local run = simulate(but(nightly, { programs = { pg_dump = { stdout = odd } } })):run("db-backup")
    run:partial { kind = "integrity", message = "cannot restore this dump", hint = "look at the line" }
    run:alerted():kept(OLD)
    run:wrote(NEW .. ".manifest.json"):contains('"kind": "not_restorable"'):contains('"restorable": false')
  end)

  it("accepts a warning by its pattern, and writes that down", function()
    local odd = string.gsub(samples.pg_dump { contacts = 3 }, "COPY", "CALL x();\nCOPY", 1)
    local run = simulate(but(nightly, { programs = { pg_dump = { stdout = odd } } })):run("db-backup", { set = { accept_warnings = "*`CALL`*" } })
    run:ok()
  end)

  describe("when the dump fails", function()
    --- A run whose pg_dump does this; whatever it is, nothing may change.
    ---@param pg_dump simulate.Program
    ---@return Run
    local function with(pg_dump)
      return simulate(but(nightly, { programs = { pg_dump = pg_dump } })):run("db-backup")
    end

    it("reports a wrong password", function()
      local says = 'FATAL:  password authentication failed for user "postgres"'
      local run = with { stderr = "pg_dump: error: connection to server failed: " .. says, exit = 1 }
      run:failed({ kind = "denied", message = says, hint = "DB_PASSWORD" }):unchanged()
    end)

    it("reports a pg_dump that is not installed", function()
      with({ missing = true }):failed({ kind = "not_found", message = "pg_dump", hint = "postgresql-client" }):unchanged()
    end)

    it("refuses a dump that was cut off, although pg_dump says that all is well", function()
      for _i, share in ipairs { 0.0, 0.1, 0.5, 0.99 } do
        with({ stdout = samples.pg_dump { contacts = 3, cut = share } }):failed("integrity"):unchanged()
      end
    end)

    it("refuses a whole dump when pg_dump says that it failed", function()
      with({ stdout = samples.pg_dump { contacts = 3 }, exit = 1 }):failed("command"):unchanged()
    end)

    it("refuses the dump of another database", function()
      local run = with { stdout = samples.pg_dump { contacts = 3, database = "shop" } }
      run:failed({ kind = "integrity", message = "a dump of `shop` as a dump of `english_cafe_db`" }):unchanged()
    end)

    it("does not wait for ever", function()
      with({ stdout = samples.pg_dump { contacts = 3 }, hangs_after = 500 }):failed("timeout"):unchanged()
    end)
  end)

  it("reports a full disk, and leaves it as full as it was", function()
    local run = simulate(but(nightly, { free_bytes = 200 })):run("db-backup")
    run:failed("space"):unchanged()
  end)

  it("keeps out of the way of a run that is under way", function()
    local run = simulate(but(nightly, { locked = { "db-backup" } })):run("db-backup")
    run:locked():never_ran("pg_dump"):unchanged()
  end)

  describe("its retention", function()
    it("lets a dump go when it is more than 30 whole days old, with its manifest", function()
      local files = proved { "20260115_020000", "20260115_020001", "20260214_020000" }
      local run = simulate(but(nightly, { files = files })):run("db-backup")
      run:ok():removed(backup("20260115_020000"), backup("20260115_020000") .. ".manifest.json")
      run:kept(backup("20260115_020001"), backup("20260214_020000"))
    end)

    it("knows the leap day", function()
      local files = proved { "20280130_020000", "20280131_020000" }
      local run = simulate(but(nightly, { files = files, now = "2028-03-01T02:00:00+09:00" })):run("db-backup")
      run:ok():removed(backup("20280130_020000")):kept(backup("20280131_020000"))
    end)

    it("keeps the given number, whatever their age", function()
      local files = proved { "20240101_020000", "20250101_020000" }
      local world = but(nightly, { files = files })
      simulate(world):run("db-backup", { set = { keep_at_least = 2 } })
        :ok():removed(backup("20240101_020000")):kept(backup("20250101_020000"))
    end)

    it("keeps a dump on its last day, and lets it go on the next", function()
      local world = simulate(but(nightly, { files = proved { "20260213_020000" } }))
      world:run("db-backup", { set = { days = 2 } }):ok():kept(backup("20260213_020000"))
      world = simulate(but(nightly, { files = proved { "20260213_020000" }, now = "2026-02-16T02:00:00+09:00" }))
      world:run("db-backup", { set = { days = 2 } }):ok():removed(backup("20260213_020000"))
    end)

    it("leaves the dumps of another database alone, and what may be of another", function()
      local shop = "db_backup_20251225_020000.sql.gz"
      local files = proved { "20251201_020000", "20251202_020000" }
      files[DIR .. shop], files[backup("20251203_020000")] = "dump", "dump"
      files[DIR .. shop .. ".manifest.json"] = samples.manifest { name = shop, content = "dump", database = "shop", rows = { t = 3 } }
      local run = simulate(but(nightly, { files = files })):run("db-backup")
      run:ok():kept(DIR .. shop, backup("20251203_020000")):removed(backup("20251201_020000"), backup("20251202_020000"))
      run:said("Left alone, of another database: 2, such as")
    end)

    it("removes nothing when the clock has jumped", function()
      local files = proved { "20260101_020000", "20270101_020000" }
      local run = simulate(but(nightly, { files = files })):run("db-backup")
      run:partial({ message = "is in the future" })
      run:kept(backup("20260101_020000"), backup("20270101_020000")):wrote(NEW):has_manifest()
    end)

    it("removes nothing for the sake of an empty dump", function()
      local empty = { pg_dump = { stdout = samples.pg_dump { contacts = 0 } } }
      local run = simulate(but(nightly, { files = proved { "20251201_020000" }, programs = empty })):run("db-backup")
      run:partial({ kind = "integrity", message = "has no row" }):kept(OLD)
    end)
  end)

  it("says in a plan what it would do and why, and does nothing", function()
    local plan = simulate(but(nightly, { files = proved { "20251201_020000" } })):plan("db-backup")
    expect(plan.ended).to_equal("whole")
    local would = {}
    for _i, change in ipairs(plan.changes) do
      table.insert(would, change.effect .. " " .. change.object)
    end
    expect(would).to_contain("create " .. NEW)
    expect(would).to_contain("remove " .. OLD)
  end)

  it("gives a second dump in the same world a name of its own", function()
    local world = simulate(nightly)
    world:run("db-backup"):wrote(NEW)
    world:run("db-backup"):ok():kept(NEW):wrote(DIR .. "*.sql.gz"):gunzips_to(samples.pg_dump { contacts = 3 })
  end)
end)

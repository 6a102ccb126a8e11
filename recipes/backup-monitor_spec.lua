--- Specs of backup-monitor: it reports everything that is wrong with the backups, and every silent recipe, at once, and never says that all is well when it is not.
local DB = "/backups/database/db_backup_20260215_020000.sql"
local OLDER = "/backups/database/db_backup_20260214_020000.sql"
local OLDEST = "/backups/database/db_backup_20260213_020000.sql"
local CONFIG = "/backups/config/config_backup_20260215_020500.tar.gz"
local LOGS = "/backups/logs/logs_backup_20260215_021000.tar.gz"
local ARCHIVE = samples.tar { files = { ["config/app.toml"] = "port = 80" }, gzip = true }
local DUMP = samples.pg_dump { contacts = 3 }
local CUT = samples.pg_dump { contacts = 3, cut = 0.5 }

--- A file that was written with the moment in its name.
local function at(age, content)
  return { age = age, content = content }
end

--- The morning after a good night; given values replace the usual ones.
local function morning(changes)
  local world = {
    now   = "2026-02-15T08:00:00+09:00",
    files = { [DB] = at("6h", DUMP), [OLDER] = at("30h", DUMP), [CONFIG] = at("5h", ARCHIVE), [LOGS] = at("5h", ARCHIVE) },
  }
  for key, value in pairs(changes or {}) do
    world[key] = value
  end
  return world
end

--- The monitor in such a world; dumps of a spec are small.
local function watch(world, set)
  local values = { min_size = "100" }
  for name, value in pairs(set or {}) do
    values[name] = value
  end
  return simulate(world):run("backup-monitor", { set = values })
end

--- The findings of a run: by what each is about, in what words.
local function findings(run)
  local found = {}
  for _i, step in ipairs(run.steps) do
    if step.status == "failure" and not step.bytes_in then
      found[step.name] = step.error
    end
  end
  return found
end

describe("backup-monitor", function()
  it("looks at the certificates that it is to watch", function()
    local function of(days)
      local world = morning { http = { ["HEAD https://cafe.example"] = { certificate = { days = days } } } }
      return watch(world, { certificates = "https://cafe.example" })
    end
    of(15):ok():said("TLS certificate (https://cafe.example): 15 days left")
    local run = of(13)
    run:failed("integrity"):alerted("monitor")
    expect(findings(run)["TLS certificate (https://cafe.example)"]).to_contain("13 days left")
  end)

  it("says nothing when all is well, and changes nothing", function()
    local run = watch(morning())
    run:ok():said("nothing is wrong"):said("Newest backup (db): " .. DB .. ", 6 hours old"):never_alerted():unchanged()
    expect(findings(run)).to_equal {}
  end)

  it("judges a backup by what is in it, not by a name in its path", function()
    local files = { ["/backups/my.sqlite/files_backup_1.tar.gz"] = at("6h", ARCHIVE), ["/backups/my.sqlite/app_backup_1.sqlite.gz"] = at("6h", ARCHIVE) }
    watch(morning { files = files }, { kinds = "files,app", small = "files,app", name = "{kind}_backup_*" }):ok()
  end)

  it("reads a dump whose name does not say so as a dump", function()
    local set = { kinds = "db", name = "{kind}_backup_*" }
    watch(morning { files = { ["/backups/database/db_backup_1.bin"] = at("6h", DUMP) } }, set):ok()
    local run = watch(morning { files = { ["/backups/database/db_backup_1.bin"] = at("6h", CUT) } }, set)
    run:failed { message = "not all is well: db: broken" }
  end)

  it("takes nothing for a dump or an archive whose name alone says so", function()
    local set = { kinds = "db", name = "{kind}_backup_*" }
    local noise = string.rep("noise ", 100)
    for _i, name in ipairs { "db_backup_1.sql", "db_backup_1.sql.gz", "db_backup_1.dump", "db_backup_1.tar", "db_backup_1.tar.gz" } do
      local run = watch(morning { files = { ["/backups/database/" .. name] = at("6h", noise) } }, set)
      run:failed { message = "not all is well: db: broken" }
    end
  end)

  it("reports that the newest dump is whole and cannot be restored", function()
    local odd = string.gsub(DUMP, "COPY", "CALL x();\nCOPY", 1)
    local files = { [DB] = at("6h", odd), [OLDER] = at("30h", DUMP), [CONFIG] = at("5h", ARCHIVE), [LOGS] = at("5h", ARCHIVE) }
    local run = watch(morning { files = files })
    run:failed { kind = "integrity", message = "db: not restorable" }:alerted("monitor")
    expect(findings(run)["db: not restorable"]).to_contain("has the statement `CALL`")
  end)

  it("reports a dump that has no rows because it was made without data", function()
    local bare = string.gsub(DUMP, "COPY .-\n\\%.\n", "")
    local files = { [DB] = at("6h", bare), [OLDER] = at("30h", DUMP), [CONFIG] = at("5h", ARCHIVE), [LOGS] = at("5h", ARCHIVE) }
    local run = watch(morning { files = files })
    run:failed("integrity"):alerted("monitor")
    watch(morning { files = files }, { allow_empty = "true" }):never_alerted()
  end)

  it("reports a kind that has no backup, and a folder that is not there", function()
    watch(morning { files = { [DB] = DUMP, [CONFIG] = ARCHIVE } }):ok()
    local all = { kinds = "db,config,logs" }
    local run = watch(morning { files = { [DB] = DUMP, [CONFIG] = ARCHIVE } }, all)
    run:failed { kind = "integrity", message = "not all is well: logs: no backup" }:alerted("monitor")
    watch(morning { files = { ["/elsewhere"] = "x" } }, all):failed { message = "db: no backup; config: no backup; logs: no backup" }
  end)

  it("takes a backup for as old as its name says, however young the file is", function()
    local run = watch(morning { files = { [OLDER] = at("0s", DUMP), [CONFIG] = ARCHIVE, [LOGS] = ARCHIVE } })
    run:failed { message = "db: too old" }
    expect(findings(run)["db: too old"]).to_match "30 hours old, and may be 25"
  end)

  it("takes a backup for as old as its file is, whatever its name says", function()
    watch(morning { files = { [DB] = at("26h", DUMP), [CONFIG] = ARCHIVE, [LOGS] = ARCHIVE } }):failed { message = "db: too old" }
    local plain = { ["/backups/database/db_backup_last.sql"] = at("26h", DUMP) }
    watch(morning { files = plain }, { kinds = "db", name = "{kind}_backup_*" }):failed { message = "db: too old" }
    watch(morning { files = plain }, { kinds = "db", name = "{kind}_backup_*", max_age = "27h" }):ok()
  end)

  it("does not believe a backup of the future", function()
    local run = watch(morning { files = { ["/backups/database/db_backup_20270101_020000.sql"] = at("-2h", DUMP) } }, { kinds = "db" })
    expect(findings(run)["db: too old"]).to_match "is in the future"
  end)

  it("reports a dump that is smaller than asked, and lets the archives of settings be small", function()
    simulate(morning()):run("backup-monitor"):ok()
    local run = watch(morning(), { min_size = "1 MB" })
    run:failed { message = "not all is well: db: too small" }
    watch(morning(), { small = "db,config,logs", min_size = "1 MB" }):ok()
  end)

  it("reports a backup that is much smaller than those before it", function()
    local big = samples.pg_dump { contacts = 3000 }
    local files = { [DB] = at("6h", DUMP), [OLDER] = at("30h", big), [OLDEST] = at("54h", big) }
    watch(morning { files = files }, { kinds = "db" }):ok()
    files["/backups/database/db_backup_20260212_020000.sql"] = at("78h", big)
    local run = watch(morning { files = files }, { kinds = "db" })
    expect(findings(run)["db: too small"]).to_match("those before it had " .. #big)
    watch(morning { files = files }, { kinds = "db", least_percent = 0 }):ok()
  end)

  it("reports a broken newest backup, with the last one that proves", function()
    local run = watch(morning { files = { [DB] = at("6h", CUT), [OLDER] = at("30h", CUT), [OLDEST] = at("54h", DUMP) } }, { kinds = "db" })
    run:failed { message = "not all is well: db: broken" }:alerted("monitor")
    expect(findings(run)["db: broken"]).to_match("the last one that proves is " .. OLDEST)
  end)

  it("says so when none proves", function()
    local run = watch(morning { files = { [DB] = at("6h", CUT), [OLDER] = at("30h", CUT) } }, { kinds = "db" })
    expect(findings(run)["db: broken"]).to_match "none before it proves"
  end)

  it("takes the part of a set for no backup of the kind", function()
    local part = "/backups/database/full_backup_20260215_010000/db_backup_prod.sql"
    watch(morning { files = { [part] = at("5h", DUMP), [OLDER] = at("30h", DUMP) } }, { kinds = "db" }):failed { message = "db: too old" }
    local run = watch(morning { files = { [part] = at("5h", DUMP) } }, { kinds = "db" })
    expect(findings(run)["db: no backup"]).to_match "there is no backup `db_backup_YYYYMMDD_HHMMSS%*`"
  end)

  it("takes no archive for whole that is empty, something else, or cut", function()
    for _i, content in ipairs { "", "<html>502</html>", string.sub(ARCHIVE, 1, -10), samples.tar { files = {}, gzip = true } } do
      watch(morning { files = { [CONFIG] = at("5h", content) } }, { kinds = "config" }):failed { message = "config: broken" }
    end
    for _i, ending in ipairs { ".tar", ".tgz", ".tar.gz" } do
      local file = "/backups/config/config_backup_20260215_020500" .. ending
      local whole = samples.tar { files = { a = string.rep("settings ", 500) }, gzip = ending ~= ".tar" }
      watch(morning { files = { [file] = at("5h", whole) } }, { kinds = "config" }):ok()
      watch(morning { files = { [file] = at("5h", string.sub(whole, 1, #whole // 2)) } }, { kinds = "config" }):failed { message = "config: broken" }
    end
  end)

  it("unpacks what its name says is packed, and takes nothing for no backup", function()
    for ending, content in pairs { [".json.gz"] = "plain", [".json.zst"] = "plain", [".json"] = "" } do
      local files = { ["/backups/config/config_backup_20260215_020500" .. ending] = at("5h", content) }
      watch(morning { files = files }, { kinds = "config" }):failed { message = "config: broken" }
    end
    local file = "/backups/config/config_backup_20260215_020500.json"
    watch(morning { files = { [file] = at("5h", "{}") } }, { kinds = "config" }):ok()
  end)

  it("compares a backup with its manifest", function()
    for _i, file in ipairs { CONFIG, "/backups/config/config_backup_20260215_020500.json" } do
      local said = string.gsub(samples.manifest { name = path.name(file), content = "settings" }, '"database":', '"of_settings":', 1)
      local files = { [file] = at("5h", file == CONFIG and ARCHIVE or "changed"), [file .. ".manifest.json"] = said }
      watch(morning { files = files }, { kinds = "config" }):failed { message = "config: broken" }
      files[file] = at("5h", "settings")
      local run = watch(morning { files = files }, { kinds = "config" })
      expect(run.status == "success").to_be(file ~= CONFIG)
    end
  end)

  it("compares an encrypted backup with its manifest, for nobody has its key here, and believes none without one", function()
    local name = "db_backup_20260215_020000.sql.gz.age"
    local file, content = "/backups/database/" .. name, "age-encryption.org/v1\n-> X25519 …"
    local described = samples.manifest { name = name, content = content, rows = { contacts = 3 } }
    local files = { [file] = at("6h", content), [file .. ".manifest.json"] = described, [CONFIG] = ARCHIVE, [LOGS] = ARCHIVE }
    watch(morning { files = files }, { min_size = "10" }):ok()
    files[file] = at("6h", "age-encryption.org/v1\n-> X25519 ?…")
    watch(morning { files = files }, { min_size = "10" }):failed { message = "db: broken" }
    files[file], files[file .. ".manifest.json"] = at("6h", content), nil
    local run = watch(morning { files = files }, { min_size = "10" })
    run:failed { message = "db: broken" }:said("no manifest says what it was")
  end)

  it("reports recipes that are silent, all at once with the rest", function()
    local overdue = {
      { recipe = "db-backup", verdict = "late", due = "2026-02-15T02:00:00+09:00", since = "2026-02-14T02:00:01+09:00" },
      { recipe = "log-backup", verdict = "stale", age = "200h", objective = "169h" },
      { recipe = "git-backup", verdict = "stale", objective = "25h" },
      { recipe = "s3-backup", verdict = "never_ran" },
      { recipe = "wiki", verdict = "stuck", since = "2026-02-13T02:00:01+09:00" },
      { recipe = "shop", verdict = "broken", why = "a word is misspelt" },
    }
    local run = watch(morning { catalog = { overdue = overdue } })
    run:failed { message = "not all is well: db-backup: did not run; log-backup: no young backup" }:alerted("monitor")
    expect(findings(run)).to_equal {
      ["db-backup: did not run"] = "it was to run at 2026-02-15 02:00:00, and ran last at 2026-02-14 02:00:01",
      ["log-backup: no young backup"] = "its last good backup is 200 hours old, and may be 169",
      ["git-backup: no young backup"] = "it has no good backup",
      ["s3-backup: never ran"] = "it is meant to run, and never did",
      ["wiki: does not end"] = "it runs since 2026-02-13 02:00:01, longer than its timeout",
      ["shop: cannot be loaded"] = "it cannot be loaded: a word is misspelt",
    }
    watch(morning { catalog = { overdue = overdue } }, { recipes = false }):ok()
  end)

  it("says so when nobody can know who is silent", function()
    local run = watch(morning { catalog = { unreadable = "disk I/O error" } })
    run:failed { message = "record of the runs" }
    expect(findings(run)["record of the runs"]).to_match "disk I/O error"
  end)

  it("never says that all is well, whichever step fails", function()
    simulate(morning()):each_failure("backup-monitor", { set = { min_size = "100" } }, function(run)
      run:unchanged():never_said("nothing is wrong")
    end)
  end)
end)

describe("the record in a world", function()
  it("refuses a verdict that no record has", function()
    local world = simulate { catalog = { overdue = { { recipe = "db-backup", verdict = "lat" } } } }
    expect(function() world:run("backup-monitor") end).to_raise { kind = "recipe", message = "no verdict `lat`", hint = "did you mean `late`?" }
  end)
end)

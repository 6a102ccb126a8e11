--- What backup-verify promises: it says that a backup is whole and restorable only when it has read it to its end.

local FILE = "/backups/database/db_backup_20260214_020000.sql"
local DUMP = samples.pg_dump { contacts = 3 }

--- A folder with one dump and its manifest, which describes `content`.
local function world(content, described)
  return {
    now = "2026-02-15T05:00:00+09:00",
    files = {
      [FILE] = content,
      [FILE .. ".manifest.json"] = described and samples.manifest {
        name = "db_backup_20260214_020000.sql", content = described, rows = { contacts = 3 },
      } or nil,
    },
  }
end

describe("backup-verify", function()
  it("calls a dump whole and restorable that is what its manifest describes", function()
    local run = simulate(world(DUMP, DUMP)):run("backup-verify", { set = { file = FILE } })
    run:ok():said("Whole: "):said("Restorable: "):unchanged()
  end)

  it("warns of a dump without a manifest", function()
    local run = simulate(world(DUMP)):run("backup-verify", { set = { file = FILE } })
    run:ok():said("has no manifest"):said("Restorable: ")
  end)

  it("refuses a dump that was cut or changed", function()
    simulate(world(string.sub(DUMP, 1, -200))):run("backup-verify", { set = { file = FILE } }):failed()
    simulate(world(DUMP .. "\n", DUMP)):run("backup-verify", { set = { file = FILE } }):failed()
  end)

  it("refuses what nothing describes, and what is not named", function()
    local other = { now = "2026-02-15T05:00:00+09:00", files = { ["/backups/photo.jpg"] = "x" } }
    simulate(other):run("backup-verify", { set = { file = "/backups/photo.jpg" } }):failed { message = "has no manifest and is no dump" }
    simulate(other):run("backup-verify"):failed { message = "no backup is named" }
  end)

  it("says of a dump that a restore would refuse what it cannot restore", function()
    local odd = string.gsub(DUMP, "%-%-\n%-%- PostgreSQL database dump complete", "CREATE GIZMO x;\n\n%0")
    local run = simulate(world(odd, odd)):run("backup-verify", { set = { file = FILE } })
    run:failed { message = "hikae cannot restore it" }
  end)

  it("does not call restorable what it cannot open", function()
    local sealed = world("age-encryption.org/v1\n-> X25519 x\n", "age-encryption.org/v1\n-> X25519 x\n")
    local beside = FILE .. ".manifest.json"
    sealed.files[beside] = string.gsub(sealed.files[beside], '"manifest": *1', '"manifest":1,"encryption":{"kind":"age","recipients":["age1x"]}')
    local run = simulate(sealed):run("backup-verify", { set = { file = FILE } })
    run:partial():said("was not decrypted")
  end)

  it("compares an archive with its list", function()
    local night = simulate { now = "2026-02-15T05:00:00+09:00", files = { ["/srv/app/docker-compose.yml"] = "services: {}" } }
    night:run("config-backup"):ok()
    local run = night:run("backup-verify", { set = { file = "/backups/config/config_backup_20260215_050000.tar.gz" } })
    run:ok():said("every file of the archive is as its list says")
  end)

  it("changes nothing and calls nothing whole that it could not read, whichever step fails", function()
    simulate(world(DUMP, DUMP)):each_failure("backup-verify", { set = { file = FILE } }, function(run)
      run:unchanged("/backups"):left_nothing_partial()
      if run.status ~= "success" then
        run:alerted("monitor"):never_said("Restorable: ")
      end
    end)
  end)
end)

describe("backup-verify of an address", function()
  local URL = "https://files.example/db_backup_20260214_020000.sql"

  --- What a server has: a backup, and its manifest.
  local function server(content, manifest)
    return {
      now = "2026-02-15T05:00:00+09:00",
      http = {
        ["GET " .. URL] = { body = content },
        ["GET " .. URL .. ".manifest.json"] = manifest and { body = manifest } or { status = 404 },
        ["GET https://files.example/photo.jpg"] = { body = "x" },
        ["GET https://files.example/photo.jpg.manifest.json"] = { status = 404 },
      },
    }
  end

  local MANIFEST = samples.manifest { name = "db_backup_20260214_020000.sql", content = DUMP, rows = { contacts = 3 } }

  it("calls a dump whole and restorable that is what its manifest describes", function()
    local run = simulate(server(DUMP, MANIFEST)):run("backup-verify", { set = { url = URL } })
    run:ok():said("Whole: "):said("Restorable: ")
  end)

  it("warns of a dump without a manifest", function()
    simulate(server(DUMP)):run("backup-verify", { set = { url = URL } }):ok():said("has no manifest")
  end)

  it("refuses what is changed, and what nothing describes", function()
    simulate(server(samples.pg_dump { contacts = 4 }, MANIFEST)):run("backup-verify", { set = { url = URL } })
      :failed { message = "is not what its manifest describes" }
    simulate(server(DUMP)):run("backup-verify", { set = { url = "https://files.example/photo.jpg" } })
      :failed { message = "has no manifest and is no dump" }
  end)

  it("does not call restorable what it cannot open", function()
    local sealed = string.gsub(MANIFEST, '"manifest": *1', '"manifest":1,"encryption":{"kind":"age","recipients":["age1x"]}')
    simulate(server(DUMP, sealed)):run("backup-verify", { set = { url = URL } }):partial():said("was not decrypted")
  end)

  it("calls nothing restorable that it could not read, whichever step fails", function()
    simulate(server(DUMP, MANIFEST)):each_failure("backup-verify", { set = { url = URL } }, function(run)
      if run.status ~= "success" then
        run:alerted("monitor"):never_said("Restorable: ")
      end
    end)
  end)
end)

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
end)

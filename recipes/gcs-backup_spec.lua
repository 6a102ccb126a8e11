--- What gcs-backup promises: the same as s3-backup, for a bucket of Google Cloud Storage.

local STORE = "gs://english-cafe-backups/production/"
local NAME = "db_backup_20260214_020000.sql.gz"

--- A folder with one proved backup, which can be written while the bucket is being copied to.
---@param changes? table
---@return table
local function night(changes)
  local world = {
    now = "2026-02-15T04:45:00+09:00", objects = {},
    files = {
      ["/backups/database/" .. NAME] = "a dump",
      ["/backups/database/" .. NAME .. ".manifest.json"] = samples.manifest { name = NAME, content = "a dump", created_at = "2026-02-14T02:00:00+09:00" },
    },
  }
  for name, value in pairs(changes or {}) do
    world[name] = value
  end
  return world
end

describe("gcs-backup", function()
  it("copies proved backups with their manifests, and does nothing the second time", function()
    local world = simulate(night())
    world:run("gcs-backup"):ok():said("GCS backup is complete"):put(STORE .. "database/" .. NAME):has_manifest()
    world:run("gcs-backup"):ok():said("0 to upload, 2 to skip, 0 to delete"):wrote_nothing()
  end)

  it("copies to another store by its address", function()
    local world = night { objects = { ["s3://elsewhere"] = {} }, env = { AWS_ACCESS_KEY_ID = "AKIAEXAMPLE", AWS_SECRET_ACCESS_KEY = secret "odd-long-word-of-a-store" } }
    simulate(world):run("gcs-backup", { set = { url = "s3://elsewhere/copy" } }):ok():put("s3://elsewhere/copy/database/" .. NAME)
  end)

  it("refuses an empty folder, where a disk is not mounted", function()
    simulate(night { files = { ["/backups"] = { dir = true } } }):run("gcs-backup"):failed { kind = "not_found", hint = "is the disk mounted" }
  end)

  it("loses nothing, whichever step fails", function()
    simulate(night()):each_failure("gcs-backup", function(run)
      run:kept("/backups/database/" .. NAME)
      run:left_nothing_partial()
    end)
  end)
end)

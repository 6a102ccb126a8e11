--- What s3-backup promises: proved backups are copied with their manifests, an empty folder empties no bucket, and no backup takes the place of another.

local STORE = "s3://english-cafe-backups/production/"
local DATABASE = "/backups/database/"

--- The name of the backup of a day.
---@param day string
---@return string
local function name(day)
  return "db_backup_" .. day .. "_020000.sql.gz"
end

--- When the backup of a day was made.
---@param day string
---@return string
local function moment(day)
  return string.format("%s-%s-%sT02:00:00+09:00", string.sub(day, 1, 4), string.sub(day, 5, 6), string.sub(day, 7, 8))
end

--- A folder with proved backups of these days; `changes` take the place of parts of the world.
---@param days string[]
---@param changes? table
---@return table
local function night(days, changes)
  local files = { ["/backups"] = { dir = true } }
  for _i, day in ipairs(days) do
    local content = "dump of " .. day
    files[DATABASE .. name(day)] = { content = content, modified = "2026-02-14T02:00:00+09:00" }
    files[DATABASE .. name(day) .. ".manifest.json"] = {
      content = samples.manifest { name = name(day), content = content, created_at = moment(day) },
      modified = "2026-02-14T02:00:00+09:00",
    }
  end
  local world = {
    now = "2026-02-15T04:30:00+09:00", files = files, objects = {},
    env = { AWS_ACCESS_KEY_ID = "AKIAEXAMPLE", AWS_SECRET_ACCESS_KEY = secret "odd-long-word-of-a-store" },
  }
  for key, value in pairs(changes or {}) do
    world[key] = value
  end
  return world
end

--- The days of a fortnight.
---@param from integer
---@param to integer
---@return string[]
local function days(from, to)
  local list = {}
  for day = from, to do
    list[#list + 1] = string.format("202602%02d", day)
  end
  return list
end

--- The world in which the bucket has backups of these days already.
---@param there string[]
---@return World
local function synced(there)
  local world = simulate(night(there))
  world:run("s3-backup"):ok()
  return world
end

describe("s3-backup", function()
  it("copies proved backups with their manifests into a bucket that it makes", function()
    local run = simulate(night(days(1, 3))):run("s3-backup")
    run:ok():said("S3 backup is complete")
    for _i, day in ipairs(days(1, 3)) do
      run:put(STORE .. "database/" .. name(day)):has_manifest()
    end
    run:never_showed("odd-long-word-of-a-store")
  end)

  it("sets the documented lifecycle once", function()
    local world = simulate(night(days(1, 1)))
    world:run("s3-backup"):ok():said("Lifecycle rule changed: + BackupRetentionRule")
    world:run("s3-backup"):ok():never_said("Lifecycle rule changed")
    simulate(night(days(1, 1))):run("s3-backup", { set = { lifecycle = "none" } }):ok():never_said("Lifecycle")
  end)

  it("does nothing the second time", function()
    local world = synced(days(1, 3))
    local run = world:run("s3-backup")
    run:ok():said("0 to upload, 6 to skip, 0 to delete"):wrote_nothing()
  end)

  it("shows the whole plan beforehand", function()
    local put = {}
    for _i, change in ipairs(simulate(night(days(1, 1))):plan("s3-backup").changes) do
      put[change.object] = change
    end
    expect(put[STORE .. "database/" .. name("20260201")].why).to_be("it is new")
  end)

  it("locks what it copies, where that is asked for, so that no deletion goes through", function()
    local world = simulate(night(days(1, 3)))
    world:run("s3-backup", { set = { lock = "COMPLIANCE", lock_for = "30d" } }):ok()
    for _i, ending in ipairs { "", ".manifest.json" } do
      world:change(DATABASE .. name("20260201") .. ending)
    end
    local run = world:run("s3-backup", { set = { max_delete = 100 } })
    run:ok():said("the store keeps database/" .. name("20260201")):kept(STORE .. "database/" .. name("20260201"))
  end)

  it("leaves out what no manifest proves, temporary files, and says so", function()
    local world = night(days(1, 2))
    world.files["/backups/git/repo_mirror_x/HEAD"] = "ref"
    world.files["/backups/database/half.tmp"] = "half"
    local run = simulate(world):run("s3-backup")
    run:ok():said("Not copied, for no manifest proves them: 1, such as git/repo_mirror_x/HEAD")
    local all = simulate(world):run("s3-backup", { set = { include_unproved = true } })
    all:ok():put(STORE .. "git/repo_mirror_x/HEAD")
    all:never_said("half.tmp")
  end)

  it("copies no backup that is not what its manifest describes, and is done in part", function()
    local world = night(days(1, 2))
    world.files[DATABASE .. name("20260202")] = "cut"
    local run = simulate(world):run("s3-backup")
    run:partial():said("backups that are not copied: 1")
    run:put(STORE .. "database/" .. name("20260201"))
  end)
end)

describe("what s3-backup refuses", function()
  it("an empty folder, where a disk is not mounted", function()
    simulate(night({})):run("s3-backup"):failed { kind = "not_found", message = "refused to sync", hint = "is the disk mounted" }
    simulate(night({}, { files = {} })):run("s3-backup"):failed { kind = "not_found", message = "refused to sync" }
  end)

  it("a folder without its marker, even one with other backups", function()
    local world = synced(days(1, 3))
    world:change("/backups/.hikae-sync.json")
    world:run("s3-backup"):failed { kind = "not_found", hint = "takeover = true" }
    world:run("s3-backup", { set = { takeover = true } }):ok():wrote("/backups/.hikae-sync.json")
  end)

  it("to delete more than a share of what is there", function()
    local world = synced(days(1, 9))
    for _i, day in ipairs(days(1, 4)) do
      world:change(DATABASE .. name(day))
      world:change(DATABASE .. name(day) .. ".manifest.json")
    end
    world:run("s3-backup"):failed { message = "refused to sync", hint = "max_delete = 100" }:kept(STORE .. "database/" .. name("20260201"))
    local run = world:run("s3-backup", { set = { max_delete = "50 %" } })
    run:ok():removed(STORE .. "database/" .. name("20260201"), STORE .. "database/" .. name("20260204"))
    run:kept(STORE .. "database/" .. name("20260205"))
  end)

  it("nothing of what retention has removed on record", function()
    local removed = {}
    for index, day in ipairs(days(1, 4)) do
      removed[index] = DATABASE .. name(day)
    end
    local world = simulate(night(days(1, 9), { catalog = { removed = removed } }))
    world:run("s3-backup"):ok()
    for _i, file in ipairs(removed) do
      world:change(file)
      world:change(file .. ".manifest.json")
    end
    world:run("s3-backup"):ok():removed(STORE .. "database/" .. name("20260201")):kept(STORE .. "database/" .. name("20260205"))
  end)

  it("to delete the last proved copy of a kind", function()
    local world = synced(days(1, 2))
    world:change(DATABASE .. name("20260202"))
    world:change(DATABASE .. name("20260202") .. ".manifest.json")
    world:run("s3-backup"):failed { message = "refused to sync", hint = "delete_last = true" }
    world:run("s3-backup", { set = { delete_last = true } }):ok():removed(STORE .. "database/" .. name("20260202"))
  end)

  it("to put a backup in the place of another one of the same name", function()
    local world = synced(days(1, 2))
    local other = "another dump of that day"
    world:change(DATABASE .. name("20260201"), other)
    world:change(DATABASE .. name("20260201") .. ".manifest.json", samples.manifest { name = name("20260201"), content = other })
    world:run("s3-backup"):failed { kind = "already_exists", hint = "replace = true" }
  end)

  it("a prefix that another host syncs into", function()
    local world = night(days(1, 2))
    local first = simulate(world)
    first:run("s3-backup"):ok()
    first:change("/backups/.hikae-sync.json", '{"sync": 1, "id": "another"}')
    first:run("s3-backup"):failed { kind = "locked", hint = "a `prefix` of its own" }
  end)
end)

describe("s3-backup in trouble", function()
  it("loses nothing, whichever step fails", function()
    simulate(night(days(1, 2))):each_failure("s3-backup", function(run)
      run:kept(DATABASE .. name("20260201"), DATABASE .. name("20260202"))
      run:left_nothing_partial()
    end)
  end)
end)

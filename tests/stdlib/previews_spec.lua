--- What `hikae.previews` says of a backup before a restore takes it.
local previews = require "hikae.previews"

it("names a backup with its file and its date, and says that no manifest counts its tables", function()
  local file = tmp("shop_20260215_020000.sql.gz")
  fs.write(file, "x")
  local said = previews.backup(file)
  expect(said).to_contain(file)
  expect(said).to_contain("2026-02-15 02:00:00")
  expect(said).to_contain("without a manifest that counts its tables")
end)

it("says that a backup is not there", function()
  expect(previews.backup(tmp("none.sql.gz"))).to_contain("which is not there")
end)

it("counts the tables and rows that the manifest lists", function()
  local file = tmp("shop_20260215_020000.sql.gz")
  fs.write(file, "x")
  fs.write(file .. ".manifest.json", json.encode {
    manifest = 1, run_id = "BKP-20260215-020000-daily", recipe = { name = "shop", sha256 = string.rep("0", 64) },
    created_at = "2026-02-15T02:00:00+09:00", host = "db1", name = path.name(file), size_bytes = 1, sha256 = string.rep("0", 64),
    plain_bytes = 1, tools = {}, restore = "cat",
    database = {
      name = "shop", server_version = "15.18",
      tables = { { schema = "public", name = "a", rows = 2 }, { schema = "public", name = "b", rows = 3 } },
      counts = { indexes = 0, constraints = 0, sequences = 0, views = 0, functions = 0 },
    },
  })
  expect(previews.backup(file)).to_contain("2 tables, 5 rows")
end)

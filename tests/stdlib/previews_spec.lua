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

--- What hikae.nightly promises of summing up; that each step runs is held to by recipes/full-backup_spec.lua.
local nightly = require "hikae.nightly"

local function result(recipe, status)
  return { step = { recipe = recipe, title = recipe }, status = status, why = status ~= "success" and "no" or nil, took = 1 }
end

it("nightly.sum_up takes a night for what its steps are", function()
  local function of(db, git) return nightly.sum_up({ result("db-backup", db), result("git-backup", git) }, { "db-backup" }).status end
  expect(of("success", "success")).to_be("success")
  expect(of("success", "failure")).to_be("partial")
  expect(of("partial", "success")).to_be("partial")
  expect(of("failure", "success")).to_be("failure")
  expect(nightly.sum_up({ result("git-backup", "failure") }, {}).status).to_be("failure")
  expect(nightly.sum_up({}, {}).status).to_be("failure")
end)

it("nightly.message escapes what Slack would take for commands", function()
  local night = nightly.sum_up({ result("db-backup", "failure") }, {})
  local bad = result("db-backup", "failure")
  bad.why = "<!channel> & more"
  local sent = nightly.message(night, { bad }, { before = 10, after = 5 })
  expect(sent.attachments[1].fields[3].value).to_be("✗ &lt;!channel&gt; &amp; more")
  expect(sent.attachments[1].color).to_be("danger")
end)

it("nightly.settings says where backups lie when that is not the default", function()
  expect(nightly.settings({ root = "/backups" }, "db-backup")).to_equal {}
  expect(nightly.settings({ root = "/b" }, "log-backup")).to_equal { dir = "/b/logs" }
  expect(nightly.settings({ root = "/b" }, "s3-backup")).to_equal { source = "/b" }
end)

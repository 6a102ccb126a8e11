--- What hikae.files promises.
local files = require "hikae.files"

it("finds names, absolute ones and patterns, each once, and says what is missing", function()
  local dir = tmp("app")
  fs.mkdir(dir)
  for _i, name in ipairs { "Dockerfile", "Dockerfile.dev", "compose.yml" } do
    fs.write(path.join(dir, name), "x")
  end
  local found, missing = files.find(dir, { "compose.yml", "Dockerfile*", path.join(dir, "Dockerfile"), "none", "no*", "nowhere/*" })
  expect(found).to_equal { path.join(dir, "Dockerfile"), path.join(dir, "Dockerfile.dev"), path.join(dir, "compose.yml") }
  expect(missing).to_equal { "none", "no*", "nowhere/*" }
end)

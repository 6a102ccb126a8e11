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

it("files.outside leaves out what is found already, or lies in a folder that is", function()
  local found = { "/srv/app", "/etc/cafe.conf" }
  expect(files.outside(found, "/srv/app", { "a", "/srv/application", "/etc/cafe.conf", "/etc/*.pem" })).to_equal { "/srv/application", "/etc/*.pem" }
end)

it("takes the folder itself, however it is written", function()
  fs.mkdir(tmp("whole"))
  for _i, name in ipairs { ".", "./", tmp("whole") .. "/", tmp("whole") .. "/./." } do
    expect(files.find(tmp("whole"), { name })).to_equal { tmp("whole") }
  end
end)

it("files.without gives patterns for a folder that lies in a root", function()
  expect(files.without("/srv/app/b", { "/srv/app", "/srv/application", "/etc" })).to_equal { "/b/*" }
  expect(files.without("/srv/app/b", { "/srv/app" }, "x.txt")).to_equal { "/b/*", "!/b/x.txt" }
end)

it("files.refuse_skipped raises for names that are not UTF-8, and for nothing else", function()
  files.refuse_skipped("/backups", 0, 5)
  expect(function() files.refuse_skipped("/backups", 1, 5) end).to_raise { message = "names that are not UTF-8: 1", hint = "find /backups" }
end)

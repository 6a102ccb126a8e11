--- What hikae.repositories promises of names; what it asks git is held to by recipes/git-backup_spec.lua.
local repositories = require "hikae.repositories"

local function names(urls)
  local found = {}
  for _i, repository in ipairs(repositories.of(urls)) do
    found[#found + 1] = repository.name .. " " .. repository.prefix
  end
  return found
end

it("calls one repository `repo`, and several by their names", function()
  expect(names { "https://git.example/org/cafe.git" }).to_equal { "cafe repo" }
  expect(names { "git@git.example:org/cafe.git", "/srv/shop/" }).to_equal { "cafe repo_cafe", "shop repo_shop" }
  expect(names { "https://a.example/one/cafe", "https://b.example/two/cafe" }).to_equal { "one_cafe repo_one_cafe", "two_cafe repo_two_cafe" }
end)

it("refuses two of one name", function()
  expect(function() repositories.of { "/srv/cafe", "/srv/cafe.git" } end).to_raise("two repositories would have the name")
end)

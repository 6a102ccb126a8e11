--- What `hikae.git` promises, with the program `git` itself.
local git = require "hikae.git"

local function sh(script)
  return process.run({ program = "sh", args = { "-ec", "cd " .. tmp() .. "\n" .. script } }).stdout
end

local COMMIT = "git -C source -c user.name=n -c user.email=e@example.com commit -q --allow-empty -m "

before_each(function()
  sh("git init -q -b trunk source\n" .. COMMIT .. "one\ngit -C source tag first")
end)

local function mirror(more)
  local options = { url = tmp("source"), dir = tmp("mirror.git") }
  for name, value in pairs(more or {}) do
    options[name] = value
  end
  return git.mirror(options)
end

it("mirrors all refs, and follows the remote", function()
  expect(mirror()).to_be(2)
  sh(COMMIT .. "two\ngit -C source branch side\ngit -C source tag -d first")
  expect(mirror()).to_be(2)
  local refs = git.refs(tmp("mirror.git"))
  expect(refs["refs/heads/side"]).to_be(refs["refs/heads/trunk"])
  expect(refs["refs/tags/first"]).to_be_nil()
  expect(sh("git --git-dir mirror.git symbolic-ref HEAD")).to_be("refs/heads/trunk\n")
  git.fsck(tmp("mirror.git"))
end)

it("goes on where a git that was killed has left its locks, or a mirror that is half made", function()
  mirror()
  sh("touch mirror.git/config.lock mirror.git/refs/heads/trunk.lock mirror.git/HEAD.lock\n" .. COMMIT .. "two")
  expect(mirror()).to_be(2)
  sh("rm mirror.git/config; touch mirror.git/config.lock")
  expect(mirror()).to_be(2)
  git.fsck(tmp("mirror.git"))
end)

it("removes what killed runs have restored for a moment, a day later", function()
  mirror()
  git.bundle(tmp("mirror.git")):save(tmp("repo.bundle"))
  sh("mkdir -p hikae_bundle_20200101_000000/refs hikae_bundle_20200102_000000\ntouch -d '2 days ago' hikae_bundle_20200101_000000")
  git.verify(tmp("repo.bundle"), { work = tmp(), refs = git.refs(tmp("mirror.git")) })
  expect(fs.stat(tmp("hikae_bundle_20200101_000000"))).to_be_nil()
  expect(fs.stat(tmp("hikae_bundle_20200102_000000"))).never_to_be_nil()
end)

it("keeps the mirror when the remote is gone or empty", function()
  mirror()
  sh("mv source away")
  expect(mirror).to_raise { kind = "command" }
  sh("git init -q --bare source")
  expect(mirror).to_raise { kind = "integrity", message = "has no branch and no tag" }
  expect(git.refs(tmp("mirror.git"))["refs/tags/first"]).never_to_be_nil()
end)

it("keeps no address with its password in the mirror", function()
  mirror()
  expect(sh("cat mirror.git/config")).never_to_match("source")
end)

it("packs the repository into a bundle that restores alone", function()
  mirror()
  local backup = git.bundle(tmp("mirror.git")):save(tmp("repo.bundle"))
  git.verify(backup.path, { work = tmp(), refs = git.refs(tmp("mirror.git")) })
  sh("git clone -q repo.bundle clone")
  expect(sh("git -C clone log --format=%s")).to_be("one\n")
  expect(manifest.read(backup.path).restore).to_be("cat repo.bundle | { cat > repository.bundle && git clone --mirror repository.bundle repository.git; }")
end)

it("finds a bundle that is cut, which `git bundle verify` lets pass, and one that lacks a ref", function()
  mirror()
  git.bundle(tmp("mirror.git")):save(tmp("repo.bundle"))
  local refs = git.refs(tmp("mirror.git"))
  sh("head -c -30 repo.bundle > cut.bundle")
  expect(function() git.verify(tmp("cut.bundle"), { work = tmp(), refs = refs }) end).to_raise("cannot be restored")
  refs["refs/heads/more"] = refs["refs/heads/trunk"]
  expect(function() git.verify(tmp("repo.bundle"), { work = tmp(), refs = refs }) end).to_raise { kind = "integrity" }
  expect(#fs.list { dir = tmp(), name = "hikae_bundle_*" }).to_be(0)
end)

it("finds a damaged mirror", function()
  mirror()
  sh("f=$(find mirror.git/objects -type f | head -1); chmod u+w $f; printf x > $f")
  expect(function() git.fsck(tmp("mirror.git")) end).to_raise { kind = "integrity", message = "is damaged" }
end)

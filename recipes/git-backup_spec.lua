--- What git-backup promises: a mirror, an archive and a bundle that clones alone; and a remote that is away or empty deletes nothing.
local DIR = "/backups/git/"
local MIRROR = DIR .. "repo_mirror_cafe"
local NEW = DIR .. "repo_backup_20260215_031500"
local OLD = DIR .. "repo_backup_20251201_031500"
local URL = "https://token:thornypalimpsest@git.example/org/cafe.git"
local OID = string.rep("a1", 20)

--- Git, with a remote that has these refs. `remote.refs` may change; `remote.away` is why it cannot be reached.
local function git()
  local remote = { refs = { main = OID, next = OID } }
  local repositories, calls = {}, {}
  local function listed(refs)
    local lines = {}
    for name, object in pairs(refs or {}) do
      lines[#lines + 1] = object .. "\trefs/heads/" .. name
    end
    table.sort(lines)
    return lines
  end
  function remote.reset() repositories, calls = {}, {} end
  function remote.program(call)
    local words = " " .. table.concat(call.argv, " ") .. " "
    local dir = string.match(words, " %-%-git%-dir ([^ ]+) ")
    calls[#calls + 1] = words
    if string.find(words, " init ", 1, true) then
      return { writes = { [path.join(call.argv[#call.argv], "HEAD")] = "ref: refs/heads/main\n" } }
    elseif string.find(words, " ls-remote ", 1, true) then
      if remote.away then
        return { stderr = "fatal: " .. remote.away, exit = 128 }
      end
      return "ref: refs/heads/main\tHEAD\n" .. table.concat(listed(remote.refs), "\n") .. "\n"
    elseif string.find(words, " fetch ", 1, true) then
      repositories[dir] = string.find(words, " origin ", 1, true) and remote.refs or remote.bundled or remote.refs
      return { writes = { [path.join(dir, "FETCH_HEAD")] = OID } }
    elseif string.find(words, " for-each-ref ", 1, true) then
      return (string.gsub(table.concat(listed(repositories[dir]), "\n"), "\t", " ")) .. "\n"
    elseif string.find(words, " bundle create ", 1, true) then
      return string.rep("bundle", remote.size or 500)
    elseif string.find(words, " fsck ", 1, true) and remote.damaged then
      return { stderr = "error: object file is empty", exit = 3 }
    elseif string.find(words, " grep ", 1, true) then
      return remote.lfs and { stdout = "HEAD:.gitattributes\n" } or { exit = 1 }
    elseif string.find(words, " config ", 1, true) then
      return remote.modules and { stdout = "submodule.lib.url " .. remote.modules .. "\n" } or { exit = 1 }
    end
    return ""
  end
  return remote
end

local function night(remote, changes)
  local world = {
    now = "2026-02-15T03:15:00+09:00",
    files = { [OLD .. ".tar.gz"] = { content = "old", age = "76d" }, [OLD .. ".bundle"] = { content = "old", age = "76d" } },
    programs = { git = remote.program },
  }
  for file, content in pairs(changes or {}) do
    world.files[file] = content
  end
  return simulate(world)
end

local function set(changes)
  local all = { url = URL }
  for name, value in pairs(changes or {}) do
    all[name] = value
  end
  return { set = all }
end

describe("git-backup", function()
  it("keeps a mirror, an archive and a proved bundle, and lets old ones go", function()
    local run = night(git()):run("git-backup", set())
    run:ok():said("Mirror is up to date: " .. MIRROR .. " (2 refs)"):said("Git backup is complete")
    run:wrote(NEW .. ".tar.gz"):has_manifest()
    run:wrote(NEW .. ".bundle"):has_manifest()
    run:removed(OLD .. ".tar.gz", OLD .. ".bundle")
    run:never_showed("thornypalimpsest")
  end)

  it("takes several repositories, and saves the others when one is away", function()
    local remote = git()
    local run = night(remote):run("git-backup", { set = { url = "https://git.example/a/cafe.git,https://git.example/b/shop" } })
    run:ok():wrote(DIR .. "repo_shop_backup_20260215_031500.bundle"):has_manifest()
    run:wrote(DIR .. "repo_cafe_backup_20260215_031500.tar.gz"):has_manifest()
  end)

  it("deletes nothing when the remote is away, empty, or asks for a password", function()
    for _i, change in ipairs {
      { away = "unable to access: Could not resolve host", kind = "command" }, { refs = {}, kind = "integrity" },
      { away = "could not read Username: terminal prompts disabled", kind = "command" },
    } do
      local remote = git()
      remote.away, remote.refs = change.away, change.refs or remote.refs
      local run = night(remote):run("git-backup", set())
      run:failed(change.kind)
      run:kept(OLD .. ".tar.gz", OLD .. ".bundle")
      run:never_showed("thornypalimpsest")
    end
  end)

  it("keeps all old backups when the new one is much smaller: history may be gone", function()
    local remote = git()
    remote.size = 10
    local run = night(remote, { [OLD .. ".bundle"] = { size = "1 MB", age = "76d" } }):run("git-backup", set())
    run:ok():said("is more than twice as large as the new one")
    run:kept(OLD .. ".tar.gz", OLD .. ".bundle")
  end)

  it("fails when the mirror is damaged, and when the bundle does not hold what the mirror has", function()
    local remote = git()
    remote.damaged = true
    night(remote):run("git-backup", set()):failed("integrity"):kept(OLD .. ".bundle")
    remote = git()
    remote.bundled = { main = OID }
    local run = night(remote):run("git-backup", set())
    run:kept(OLD .. ".tar.gz", OLD .. ".bundle"):said("does not hold")
  end)

  it("says what a repository names and does not hold", function()
    local remote = git()
    remote.lfs, remote.modules = true, "https://git.example/lib.git"
    night(remote):run("git-backup", set()):ok():said("Git LFS"):said("submodules"):said("lib.git")
  end)

  it("removes the mirror of a repository that is not backed up any more", function()
    local gone = DIR .. "repo_mirror_old"
    local run = night(git(), { [gone .. "/FETCH_HEAD"] = { content = "x", age = "9d" } }):run("git-backup", set())
    run:ok():removed(gone .. "/FETCH_HEAD")
    run = night(git(), { [gone .. "/FETCH_HEAD"] = { content = "x", age = "3d" } }):run("git-backup", set())
    run:ok():kept(gone .. "/FETCH_HEAD")
  end)

  it("refuses to run without a repository, and two of one name", function()
    night(git()):run("git-backup"):failed { message = "no repository is named", hint = "url" }
    night(git()):run("git-backup", { set = { url = "/srv/cafe.git,/srv/cafe.git" } }):failed { message = "two repositories" }
  end)

  it("loses nothing, whichever step fails", function()
    local remote = git()
    local options = set()
    options.before_each = remote.reset
    night(remote):each_failure("git-backup", options, function(run)
      run:left_nothing_partial()
      run:kept(OLD .. ".tar.gz", OLD .. ".bundle")
      run:never_showed("thornypalimpsest")
      if run.status ~= "success" then
        run:alerted()
      end
    end)
  end)
end)

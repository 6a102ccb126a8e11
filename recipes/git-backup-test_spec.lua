--- What git-backup-test promises: a bundle passes only when all of it can be restored, and nothing of the test is left.
local BUNDLE = "/backups/git/repo_backup_20260214_031500.bundle"
local OID = string.rep("a1", 20)

--- Git with a bundle that holds these refs, and gives those when it is fetched.
local function git(holds, gives)
  return function(call)
    local words = " " .. table.concat(call.argv, " ") .. " "
    local function lines(refs, between)
      local list = {}
      for _i, name in ipairs(refs) do
        list[#list + 1] = OID .. between .. "refs/heads/" .. name
      end
      return table.concat(list, "\n") .. "\n"
    end
    if string.find(words, " init ", 1, true) then
      return { writes = { [path.join(call.argv[#call.argv], "HEAD")] = "ref\n" } }
    elseif string.find(words, " list-heads ", 1, true) then
      return lines(holds, " ")
    elseif string.find(words, " for-each-ref ", 1, true) then
      return lines(gives, " ")
    end
    return ""
  end
end

local function night(program)
  return simulate {
    now = "2026-02-15T05:00:00+09:00", files = { [BUNDLE] = "bundle", ["/backups/git/repo_backup_20260213_031500.bundle"] = "older" },
    programs = { git = program },
  }
end

describe("git-backup-test", function()
  it("restores the newest bundle, and leaves nothing of it", function()
    local run = night(git({ "main", "next" }, { "main", "next" })):run("git-backup-test")
    run:ok():said("Restore test: success (" .. BUNDLE .. ")"):said("RTO reached")
    run:left_nothing_partial()
    run:unchanged("/backups")
  end)

  it("fails when a ref does not come back, or the bundle holds none", function()
    night(git({ "main", "next" }, { "main" })):run("git-backup-test"):failed { kind = "integrity", message = "does not hold `refs/heads/next`" }
    night(git({}, {})):run("git-backup-test"):failed { kind = "integrity", message = "no branch and no tag" }
  end)

  it("fails when the restore takes longer than it may", function()
    local slow = function(call)
      local answer = git({ "main" }, { "main" })(call)
      return string.find(table.concat(call.argv, " "), "fsck", 1, true) and { takes = "5h" } or answer
    end
    night(slow):run("git-backup-test", { set = { timeout = "10h" } }):failed("timeout")
  end)

  it("fails when the restore takes longer than its objective", function()
    local slow = function(call)
      local answer = git({ "main" }, { "main" })(call)
      return string.find(table.concat(call.argv, " "), "fsck", 1, true) and { takes = "20s" } or answer
    end
    local run = night(slow):run("git-backup-test", { set = { objective_rto = "10s" } })
    run:failed { kind = "timeout", message = "must be done within 10 s", hint = "objective_rto" }
  end)

  it("compares a bundle with its manifest before it restores it", function()
    local files = { [BUNDLE] = "bundle", [BUNDLE .. ".manifest.json"] = samples.manifest { name = "repo_backup_20260214_031500.bundle", content = "another" } }
    simulate { now = "2026-02-15T05:00:00+09:00", files = files, programs = { git = git({ "main" }, { "main" }) } }
      :run("git-backup-test"):failed("integrity")
  end)

  it("fails without a bundle", function()
    simulate { now = "2026-02-15T05:00:00+09:00", files = { ["/backups/git"] = { dir = true } }, programs = { git = "" } }
      :run("git-backup-test"):failed("not_found")
  end)

  it("harms no backup, whichever step fails", function()
    night(git({ "main" }, { "main" })):each_failure("git-backup-test", function(run)
      run:unchanged("/backups")
    end)
  end)
end)

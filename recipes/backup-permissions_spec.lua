--- What backup-permissions promises: nobody else reads the backups afterwards, no link is followed, and what was wrong is reported.
local function world(changes)
  local all = {
    now   = "2026-02-15T05:00:00+09:00",
    user  = "root",
    files = {
      ["/backups/database/db_backup_20260214_020000.sql.gz"] = { content = "x", mode = "0644" },
      ["/backups/database/db_backup_20260213_020000.sql.gz"] = { content = "y", mode = "0600" },
      ["/backups/shadow"] = { link = "/etc/shadow" },
      ["/etc/shadow"] = { content = "root", mode = "0640" },
    },
  }
  for name, value in pairs(changes or {}) do
    all[name] = value
  end
  return all
end

describe("backup-permissions", function()
  it("puts modes right, reports what was wrong, and follows no link", function()
    local run = simulate(world()):run("backup-permissions")
    run:ok():said("db_backup_20260214_020000.sql.gz had the mode 644"):said("Links, which were left as they are: 1")
    run:never_said("db_backup_20260213")
    run:wrote("/backups/database/db_backup_20260214_020000.sql.gz"):has_mode("0600")
  end)

  it("finds nothing wrong the second time", function()
    local twice = simulate(world())
    twice:run("backup-permissions"):ok()
    twice:run("backup-permissions"):ok():said("0 put right")
  end)

  it("gives the backups to their owner", function()
    local run = simulate(world()):run("backup-permissions", { set = { user = "1234", group = "1234" } })
    run:ok():said("belonged to 0:0")
  end)

  it("fails without the folder", function()
    simulate(world()):run("backup-permissions", { set = { dir = "/nowhere" } })
      :failed { kind = "not_found", message = "there is no folder `/nowhere`", hint = "dir" }
  end)

  it("harms nothing, whichever step fails", function()
    simulate(world()):each_failure("backup-permissions", function(run)
      run:kept("/backups/database/db_backup_20260213_020000.sql.gz", "/backups/shadow")
      run:unchanged("/etc/shadow"):left_nothing_partial()
      if run.status ~= "success" then
        run:alerted()
      end
    end)
  end)
end)

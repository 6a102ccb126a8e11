--- What backup-report promises: the figures of a month against their objectives, as a page, a text and a mail; and no report of nothing.
local OUT = "/backups/reports/backup_report_2026-01"

--- The runs of a month, a backup each night but two, and a drill.
local function past()
  local runs = {}
  for day = 31, 1, -1 do
    local at = string.format("2026-01-%02dT02:00:00+09:00", day)
    local failed = day == 11 or day == 12
    runs[#runs + 1] = {
      recipe = "db-backup", started_at = at, took = "1m", status = failed and "failure" or "success", error = failed and "the disk is full" or nil,
      backups = failed and {} or { { path = "/backups/database/db_" .. day .. ".sql.gz", size_bytes = 1000000 + day * 1000 } },
    }
  end
  runs[#runs + 1] = { recipe = "backup-test", type = "weekly", started_at = "2026-01-04T01:00:00+09:00", took = "10m" }
  return runs
end

local function first(changes)
  local world = {
    now = "2026-02-01T03:00:00+09:00", files = { ["/backups/x"] = "x" }, catalog = { runs = past() }, free_bytes = "10 GB",
    env = { SMTP_HOST = "mail.example", SMTP_FROM = "backup@cafe.example" },
  }
  for name, value in pairs(changes or {}) do
    world[name] = value
  end
  return simulate(world)
end

describe("backup-report", function()
  it("reports the last month: runs, sizes, availability and restore time against their objectives", function()
    local run = first():run("backup-report")
    run:ok():said("Backup report 2026-01"):said("Runs: 32, of them 30 successes"):said("✗ "):said("(objective: 99.90 %)")
    run:said("✓ 10 min (objective: 4 h)"):said("Free space")
    run:wrote(OUT .. ".html"):contains("<svg")
    run:wrote(OUT .. ".txt"):contains("db-backup")
    run:never_mailed {}
  end)

  it("names who to call, and the support of the vendors", function()
    local known = { level1 = { "花子 <hanako@cafe.example>", "03-1234-5678" }, support = { "AWS: https://aws.amazon.com/support/" } }
    local run = first({ contacts = known }):run("backup-report")
    run:ok():wrote(OUT .. ".txt"):contains("Contacts (level 1): 花子 <hanako@cafe.example>; 03-1234-5678")
    run:wrote(OUT .. ".html"):contains("https://aws.amazon.com/support/")
  end)

  it("says what there is no figure for: no young backup, no restore test", function()
    local failed = { recipe = "db-backup", started_at = "2026-01-05T02:00:00+09:00", took = "1m", status = "failure", error = "the disk is full" }
    local run = first({ catalog = { runs = { failed } } }):run("backup-report")
    run:said("no restore test was a success")
  end)

  it("mails it with bars that every mail program shows", function()
    local run = first():run("backup-report", { set = { to = "boss@cafe.example, ops@cafe.example" } })
    run:ok():mailed { to = "boss@cafe.example", subject = "Backup report 2026-01" }
  end)

  it("reports another month, into another file", function()
    local run = first():run("backup-report", { set = { month = "2026-01", out = "/backups/own/january.html" } })
    run:ok():wrote("/backups/own/january.html"):contains("2026-01")
    run:wrote("/backups/own/january.txt"):contains("2026-01")
  end)

  it("refuses a month that is none, one to come, and one without a run", function()
    first():run("backup-report", { set = { month = "2026-13" } }):failed { message = "is not a month", hint = "month=" }
    first():run("backup-report", { set = { month = "2026-03" } }):failed { message = "has not begun" }
    local run = first():run("backup-report", { set = { month = "2025-12" } })
    run:failed { kind = "not_found", message = "no run in 2025-12", hint = "hikae runs" }
    run:wrote_nothing()
  end)

  it("refuses an availability that is no share in percent", function()
    for _i, share in ipairs { "high", "0", "101", "-1" } do
      local run = first():run("backup-report", { set = { availability = share } })
      run:failed { message = "is no share in percent", hint = "availability=99.9" }:wrote_nothing()
    end
  end)

  it("refuses a name that is not that of a page", function()
    first():run("backup-report", { set = { out = "/backups/own/january.txt" } }):failed { message = "does not end so", hint = "`.html`" }:wrote_nothing()
  end)

  it("fails when the record cannot be read", function()
    first({ catalog = { unreadable = "it is damaged" } }):run("backup-report"):failed { message = "damaged" }
  end)

  it("keeps the report when it cannot be mailed, and says so", function()
    local run = first({ smtp = { down = true } }):run("backup-report", { set = { to = "boss@cafe.example" } })
    run:failed("network"):wrote(OUT .. ".html"):contains("2026-01")
  end)

  it("leaves nothing half-written, whichever step fails", function()
    first():each_failure("backup-report", { set = { to = "boss@cafe.example" } }, function(run)
      run:left_nothing_partial()
      run:kept("/backups/x")
      if run.status ~= "success" then
        run:alerted()
      end
    end)
  end)
end)

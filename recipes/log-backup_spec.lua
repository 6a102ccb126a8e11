--- What log-backup promises: every log of the last days under its path, and nothing of the logs is touched.
local DIR = "/backups/logs/"
local OLD, NEW = DIR .. "logs_backup_20260201.tar.gz", DIR .. "logs_backup_20260215.tar.gz"
local DIRS = { set = { dirs = "/var/log/nginx,/var/log/app" } }

--- The night in which it runs, with these files changed; a false one is not there.
local function night(changes)
  local world = {
    now   = "2026-02-15T02:45:00+09:00",
    files = {
      [OLD] = { age = "14d" },
      ["/var/log/nginx/access.log"] = { content = "GET /\n", age = "1h" }, ["/var/log/nginx/access.log.1"] = { content = "GET /1\n", age = "1d" },
      ["/var/log/nginx/access.log.2.gz"] = { content = "packed", age = "2d" }, ["/var/log/nginx/old.log"] = { content = "old", age = "9d" },
      ["/var/log/app/web/access.log"] = { content = "another\n", age = "1h" }, ["/var/log/app/notes.txt"] = { content = "none", age = "1h" },
    },
  }
  for file, content in pairs(changes or {}) do
    world.files[file] = content or nil
  end
  return world
end

describe("log-backup", function()
  it("packs the logs of the last days under their paths, rotated and compressed ones too", function()
    local run = simulate(night()):run("log-backup", DIRS)
    run:ok():said("Log backup is complete")
    run:wrote(NEW):has_manifest()
    local described = run:wrote(NEW .. ".manifest.json")
    for _i, name in ipairs { "nginx/access.log", "nginx/access.log.1", "nginx/access.log.2.gz", "app/web/access.log" } do
      described:contains('"var/log/' .. name .. '"')
    end
    described:contains('"files": 4')
    run:removed(OLD)
    run:unchanged("/var/log")
  end)

  it("keeps the first archive of a day when a second one is made", function()
    local world = simulate(night())
    world:run("log-backup", DIRS):ok():wrote(NEW)
    local run = world:run("log-backup", DIRS)
    run:ok():wrote(DIR .. "logs_backup_20260215_0245*.tar.gz"):has_manifest()
    run:kept(NEW)
  end)

  it("packs the folders that there are, and fails for one that is missing", function()
    local run = simulate(night()):run("log-backup")
    run:partial():said("there is no log folder `/var/log/postgresql`")
    run:wrote(NEW):has_manifest()
  end)

  it("fails when no folder is there, and lets nothing go", function()
    local run = simulate(night()):run("log-backup", { set = { dirs = "/var/log/nowhere" } })
    run:failed { kind = "not_found", message = "there is no log folder `/var/log/nowhere`", hint = "dirs=" }
    run:wrote_nothing()
    run:kept(OLD)
  end)

  it("fails when there is no log of these days, and lets nothing go", function()
    local run = simulate(night { ["/var/log/app/web/access.log"] = false }):run("log-backup", { set = { dirs = "/var/log/app" } })
    run:failed { kind = "not_found", message = "there is nothing to pack", hint = "in the last 7 days" }:wrote_nothing()
    run:kept(OLD)
  end)

  it("packs the others when a folder is a link, and fails for the link", function()
    local world = night { ["/var/log/app"] = false }
    world.files["/var/log/app/web/access.log"], world.files["/var/log/app/notes.txt"] = nil, nil
    world.files["/var/log/app"] = { link = "/etc" }
    local run = simulate(world):run("log-backup", DIRS)
    run:partial { message = "a log folder is a link", hint = "readlink -f" }
    run:wrote(NEW .. ".manifest.json"):contains("nginx/access.log")
    run = simulate(world):run("log-backup", { set = { dirs = "/var/log/nginx,/var/log/app,/var/log/none" } })
    run:partial { message = "there is no log folder `/var/log/none`; a log folder is a link", hint = "dirs=" }
    run = simulate(world):run("log-backup", { set = { dirs = "/var/log/app" } })
    run:failed { message = "a log folder is a link" }:wrote_nothing()
  end)

  it("packs a folder below another once, and never its own archives", function()
    local run = simulate(night()):run("log-backup", { set = { dirs = "/var/log,/var/log/nginx", dir = "/var/log/backups", name = "*" } })
    run:ok():wrote("/var/log/backups/logs_backup_20260215.tar.gz"):has_manifest()
    run:wrote("/var/log/backups/logs_backup_20260215.tar.gz.manifest.json"):contains("nginx/access.log"):contains("app/notes.txt")
    local world = simulate(night())
    world:run("log-backup", { set = { dirs = "/var/log", dir = "/var/log/backups", name = "*" } }):ok()
    local again = world:run("log-backup", { set = { dirs = "/var/log", dir = "/var/log/backups", name = "*" } })
    again:ok():wrote("/var/log/backups/logs_backup_20260215_0245*.tar.gz.manifest.json"):contains('"files": 5')
  end)

  it("takes other names", function()
    local run = simulate(night()):run("log-backup", { set = { dirs = "/var/log/app", name = "*.txt" } })
    run:ok():wrote(NEW .. ".manifest.json"):contains("notes.txt")
  end)

  it("loses nothing, whichever step fails", function()
    simulate(night()):each_failure("log-backup", DIRS, function(run)
      run:left_nothing_partial()
      run:kept(OLD, "/var/log/nginx/access.log")
      if run.status ~= "success" then
        run:alerted()
      end
    end)
  end)
end)

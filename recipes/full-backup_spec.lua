--- What full-backup promises: no step stops another, and the exit code, the colour and the words say what happened.
local HOOK = "https://hooks.slack.com/services/T/B/thornypalimpsest"
local OLD = "/backups/database/db_backup_20260214_020000.sql.gz"
local STEPS = "db-backup,config-backup,log-backup"

--- The night in which it runs; `changes` take the place of parts of it.
local function night(changes)
  local world = {
    now = "2026-02-15T02:00:00+09:00",
    files = {
      [OLD] = { content = string.rep("x", 2000), age = "1d" },
      ["/srv/app/docker-compose.yml"] = "services: {}\n", ["/var/log/app/app.log"] = { content = "started\n", age = "1h" },
      ["/var/log/nginx"] = { dir = true }, ["/var/log/postgresql"] = { dir = true },
    },
    programs = { pg_dump = { stdout = samples.pg_dump { contacts = 3 } } },
    env = { DB_PASSWORD = secret "hunter2" },
    http = { ["POST " .. HOOK] = "ok" },
  }
  for name, value in pairs(changes or {}) do
    world[name] = value
  end
  return simulate(world)
end

local function set(changes)
  local all = { slack = HOOK, steps = STEPS }
  for name, value in pairs(changes or {}) do
    all[name] = value
  end
  return { set = all }
end

local DEAD = { pg_dump = { stderr = "connection lost", exit = 1 } }

--- The attachment of the one message.
local function message(run)
  return json.decode(run:requested("POST", HOOK):once().body).attachments[1]
end

describe("full-backup", function()
  it("runs every step in its order, and is green when all succeeded", function()
    local run = night():run("full-backup", set())
    run:ok():said("all 3 steps succeeded")
    run:wrote("/backups/database/db_backup_*.sql.gz")
    run:wrote("/backups/config/config_backup_*.tar.gz")
    run:wrote("/backups/logs/logs_backup_20260215.tar.gz")
    expect(message(run).color).to_equal("good")
    run:never_showed("thornypalimpsest"):never_showed("hunter2")
  end)

  it("is done in part when a step failed that is not required, and the others run all the same", function()
    local run = night():run("full-backup", set { steps = "config-backup,git-backup,log-backup" })
    run:partial():said("1 of 3 steps failed")
    run:wrote("/backups/logs/logs_backup_20260215.tar.gz")
    expect(message(run).color).to_equal("warning")
  end)

  it("has failed when a required step failed, and says so in red", function()
    local run = night({ programs = DEAD }):run("full-backup", set())
    run:failed { message = "connection lost" }
    run:wrote("/backups/logs/logs_backup_20260215.tar.gz")
    run:kept(OLD)
    expect(message(run).color).to_equal("danger")
  end)

  it("refuses a required step that there is not, before anything runs", function()
    local run = night():run("full-backup", set { required = "db-bakcup" })
    run:failed { message = "`db-bakcup` is required", hint = "`steps`" }:wrote_nothing()
    run:never_requested("POST", HOOK)
  end)

  it("has failed when nothing succeeded, whatever is required", function()
    night({ programs = DEAD }):run("full-backup", set { steps = "db-backup", required = "log-backup" }):failed { message = "connection lost" }
  end)

  it("puts the backups below another root, and leaves out the cloud where none is configured", function()
    local run = night():run("full-backup", set { root = "/mnt/b", steps = "db-backup,cloud" })
    run:ok():said("No copy to the cloud is configured"):wrote("/mnt/b/database/db_backup_*.sql.gz")
  end)

  it("is what it is although Slack does not answer", function()
    night({ http = { ["POST " .. HOOK] = { status = 500 } } }):run("full-backup", set()):ok():said("Slack did not take the message")
  end)

  it("does not count another answer of Slack as sent, and warns of it", function()
    for _i, answer in ipairs { "<html>log in</html>", json.encode { ok = false, error = "invalid_token" }, "" } do
      local run = night({ http = { ["POST " .. HOOK] = answer } }):run("full-backup", set())
      run:ok():said("Slack did not take the message: the answer was not `ok`")
    end
  end)

  it("cuts a long reason at its middle and between letters, as Slack counts", function()
    local long = { pg_dump = { stderr = string.rep("接続が切れました<&> ", 200) .. "at last", exit = 1 } }
    local run = night({ programs = long }):run("full-backup", set())
    local value = message(run).fields[3].value
    expect(utf8.len(value) <= 502).to_equal(true)
    expect(string.find(value, "…", 1, true) ~= nil).to_equal(true)
  end)

  it("loses nothing and says so, whichever step fails", function()
    night():each_failure("full-backup", set(), function(run)
      run:left_nothing_partial():kept(OLD, "/var/log/app/app.log", "/srv/app/docker-compose.yml")
      run:never_showed("hunter2"):never_showed("thornypalimpsest")
      if run.status ~= "success" then
        run:alerted()
      end
    end)
  end)
end)

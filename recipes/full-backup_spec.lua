--- What full-backup promises: no step stops another, and the exit code, the colour and the words say what happened.
local HOOK = "https://hooks.slack.com/services/T/B/thornypalimpsest"
local ALL = { "db-backup", "config-backup", "log-backup", "git-backup", "backup-monitor" }

--- The night in which it runs; each of these recipes ends so, the others well.
local function night(ends, changes)
  local world = {
    now = "2026-02-15T02:00:00+09:00",
    files = { ["/backups/database/db_backup_20260214_020000.sql.gz"] = { content = string.rep("x", 2000) } },
    recipes = {},
    http = { ["POST " .. HOOK] = "ok" },
  }
  for _i, name in ipairs(ALL) do
    world.recipes[name] = { takes = "1m" }
  end
  for name, how in pairs(ends or {}) do
    world.recipes[name] = how
  end
  for name, value in pairs(changes or {}) do
    world[name] = value
  end
  return world
end

local SLACK = { set = { slack = HOOK } }
local BROKEN = { status = "failure", error = "the disk is full" }

--- The recipes that were run, in their order.
local function ran(run)
  local names = {}
  for _i, effect in ipairs(run:journal()) do
    if effect.effect == "run_recipe" then
      names[#names + 1] = effect.object
    end
  end
  return names
end

--- The attachment of the one message.
local function message(run)
  return json.decode(run:requested("POST", HOOK):once().body)
end

describe("full-backup", function()
  it("runs every step in its order, and is green when all succeeded", function()
    local run = simulate(night()):run("full-backup", SLACK)
    run:ok():said("all 5 steps succeeded"):said("total size: 2.0 kB"):said("No copy to the cloud is configured")
    expect(ran(run)).to_equal(ALL)
    local sent = message(run)
    expect(sent.attachments[1].color).to_equal("good")
    expect(sent.text).to_match("is complete$")
    run:never_showed("thornypalimpsest")
  end)

  it("is done in part when a step failed that is not required, and the others run all the same", function()
    local run = simulate(night { ["config-backup"] = BROKEN, ["git-backup"] = { status = "partial" } }):run("full-backup", SLACK)
    run:partial():said("2 of 5 steps failed"):said("the disk is full")
    expect(ran(run)).to_equal(ALL)
    local sent = message(run)
    expect(sent.attachments[1].color).to_equal("warning")
    expect(sent.text).never_to_match("✅")
  end)

  it("has failed when a required step failed, and says so in red", function()
    local run = simulate(night { ["db-backup"] = BROKEN }):run("full-backup", SLACK)
    run:failed { message = "Database backup: the disk is full" }
    expect(ran(run)).to_equal(ALL)
    expect(message(run).attachments[1].color).to_equal("danger")
  end)

  it("has failed when nothing succeeded, whatever is required", function()
    local ends = {}
    for _i, name in ipairs(ALL) do
      ends[name] = BROKEN
    end
    simulate(night(ends)):run("full-backup", { set = { required = "s3-backup" } }):failed { message = "the disk is full" }
  end)

  it("does not wait for ever for a step that hangs", function()
    local run = simulate(night { ["git-backup"] = { hangs = true } }):run("full-backup", { set = { step_timeout = "2h" } })
    run:partial():said("took longer than 2h")
    expect(ran(run)).to_equal(ALL)
    expect(run.duration_secs < 3 * 3600).to_be_true()
  end)

  it("runs other steps, the cloud among them, below another root", function()
    local world = night({ ["s3-backup"] = {} }, { files = { ["/mnt/b/x"] = "1" } })
    local run = simulate(world):run("full-backup", { set = { steps = "db-backup,cloud,backup-monitor", cloud = "s3-backup", root = "/mnt/b" } })
    run:ok()
    expect(ran(run)).to_equal { "db-backup dir=/mnt/b/database", "s3-backup", "backup-monitor database_dir=/mnt/b/database dir=/mnt/b" }
  end)

  it("is what it is although Slack does not answer", function()
    local run = simulate(night(nil, { http = { ["POST " .. HOOK] = { status = 500 } } })):run("full-backup", SLACK)
    run:ok():said("Slack did not take the message")
  end)

  it("plans each step", function()
    local plan = simulate(night()):plan("full-backup")
    local planned = {}
    for _i, change in ipairs(plan.changes) do
      planned[#planned + 1] = change.effect == "run_recipe" and change.object or nil
    end
    expect(planned).to_equal(ALL)
  end)

  it("never says that all is well when a step failed, whichever does", function()
    simulate(night()):each_failure("full-backup", SLACK, function(run)
      run:kept("/backups/database/db_backup_20260214_020000.sql.gz")
      run:left_nothing_partial()
      run:never_showed("thornypalimpsest")
    end)
  end)
end)

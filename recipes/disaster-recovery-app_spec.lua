--- What disaster-recovery-app promises: nothing is changed unseen, nothing live is lost, and a step that fails ends it.
local DIR, LIVE = "/backups/config/", "/srv/cafe/config/"
local NEW, OLD = DIR .. "config_backup_20260214_020000.tar.gz", DIR .. "config_backup_20260213_020000.tar.gz"
local TOP = "config_backup_20260214_020000/"
local OLD_ENV = "NODE_ENV=development\nOLD_NAME=1\n"
local ENV = "NODE_ENV=production\nAPI_TOKEN=kept-very-quiet-blackbird\n"

--- The archive of last night.
local function archived(files, options)
  local packed = { files = {}, gzip = true, cut = options and options.cut }
  for name, content in pairs(files) do
    packed.files[TOP .. name] = content
  end
  return samples.tar(packed)
end

local GOOD = archived {
  [".env"] = ENV, ["nginx/site.conf"] = "listen 443;\nproxy_pass http://cafe:old-lighthouse-tune@127.0.0.1;\n", ["same.yml"] = "a: 1\n",
  ["app.sh"] = { content = "#!/bin/sh\n", mode = "0755" }, ["link"] = { link = "/etc/passwd" },
}

local SET = {
  app = "/srv/cafe/app", config_dir = "/srv/cafe/config", deploy = "vercel --prod", restart = "restart-it now",
  frontend_url = "https://cafe.example/", health_url = "https://api.cafe.example/health",
}

--- The night of the disaster, with these changes.
local function night(changes)
  local world = {
    now = "2026-02-15T03:00:00+09:00",
    files = {
      [NEW] = GOOD,
      [LIVE .. ".env"] = { content = OLD_ENV, mode = "0640" },
      [LIVE .. "nginx/site.conf"] = "listen 80;\n",
      [LIVE .. "nginx/own.conf"] = "own\n",
      [LIVE .. "same.yml"] = "a: 1\n",
      ["/srv/cafe/app"] = { dir = true },
    },
    programs = { git = "Already up to date.\n", vercel = "", ["restart-it"] = "" },
    http = { ["https://cafe.example/"] = { { status = 503 }, {} }, ["https://api.cafe.example/health"] = { { refused = true }, {} } },
  }
  for kind, more in pairs(changes or {}) do
    for name, value in pairs(more) do
      world[kind][name] = value
    end
  end
  return simulate(world)
end

local function with(set)
  local all = {}
  for name, value in pairs(SET) do
    all[name] = value
  end
  for name, value in pairs(set or {}) do
    all[name] = value
  end
  return { yes = true, set = all }
end

--- The old `.env` is live, or it is kept whole beside the one that is.
local function nothing_lost(run)
  local moved, back = false, false
  for _i, effect in ipairs(run:journal()) do
    if effect.effect == "rename" and effect.outcome == "done" then
      moved = moved or string.find(effect.object, LIVE .. ".env to ", 1, true) ~= nil
      back = back or string.find(effect.object, "to " .. LIVE .. ".env$") ~= nil and string.find(effect.object, "before") ~= nil
    end
  end
  if moved and not back then
    run:wrote(LIVE .. ".env.before_*"):equals(OLD_ENV)
  else
    run:kept(LIVE .. ".env")
  end
  run:kept(LIVE .. "nginx/own.conf", LIVE .. "same.yml", NEW)
end

local RECIPE = "disaster-recovery-app"
local KEPT = ".before_20260215_030000"

describe(RECIPE, function()
  it("brings code, deployment and configuration back, and waits until both ends answer", function()
    local run = night():run(RECIPE, with())
    run:ok():said("the front end does not answer"):said("the back end does not answer")
    run:ran("git"):with("pull", "--ff-only", "origin", "main"):once()
    run:ran("git"):with_env("GIT_TERMINAL_PROMPT"):with_env("GIT_CONFIG_GLOBAL")
    run:ran("vercel"):with("--prod"):once()
    run:ran("restart-it"):with("now"):once()
    run:wrote(LIVE .. ".env"):equals(ENV):has_mode("0640")
    run:wrote(LIVE .. ".env" .. KEPT):equals(OLD_ENV)
    run:wrote(LIVE .. "nginx/site.conf" .. KEPT):equals("listen 80;\n")
    run:wrote(LIVE .. "app.sh"):has_mode("0700")
    run:kept(LIVE .. "same.yml", LIVE .. "nginx/own.conf")
    run:said("A link in the archive is left out: " .. TOP .. "link")
    run:said("kept as NAME" .. KEPT):said("Recovery of the application is complete")
    nothing_lost(run)
  end)

  it("shows what is different, and no value of a secret", function()
    local run = night():run(RECIPE, with())
    run:said("changed: .env"):said("    ~ NODE_ENV"):said("    + API_TOKEN"):said("    - OLD_NAME")
    run:said("changed: nginx/site.conf"):said("    -1: listen 80;"):said("    +1: listen 443;"):said("http://****@127.0.0.1;")
    run:said("new: app.sh"):said("only live, stays: nginx/own.conf"):never_said("changed: same.yml"):never_said("stays: same.yml")
    run:never_said("blackbird"):never_said("lighthouse")
  end)

  it("changes nothing of the configuration without --yes, and says where it can be looked at", function()
    local options = with()
    options.yes = false
    local world = night()
    local run = world:run(RECIPE, options)
    run:ok():unchanged(LIVE):said("run this again with --yes"):never_ran("restart-it")
    run:wrote(DIR .. "config_restore_20260215_030000/" .. TOP .. ".env"):equals(ENV):has_mode("0600")
    world:run(RECIPE, with()):ok():wrote(LIVE .. ".env"):equals(ENV)
  end)

  it("takes the archive before, when the newest is cut off, and says so", function()
    local world = night { files = { [NEW] = archived({ [".env"] = "CUT=1\n" }, { cut = 100 }), [OLD] = samples.tar { files = { [".env"] = ENV }, gzip = true } } }
    local run = world:run(RECIPE, with { name = "config_backup_*" })
    run:ok():said(NEW .. " is no good, the backup before it is tried"):wrote(LIVE .. ".env"):equals(ENV)
  end)

  it("takes the archive before, when there is no file in the newest", function()
    local good = samples.tar { files = { [".env"] = ENV }, gzip = true }
    for _i, files in ipairs { {}, { ["config/"] = { dir = true } }, { link = { link = "/etc/passwd" } } } do
      local run = night { files = { [NEW] = samples.tar { files = files, gzip = true }, [OLD] = good } }:run(RECIPE, with())
      run:ok():said("there is no file in the archive"):said("the backup before it is tried"):wrote(LIVE .. ".env"):equals(ENV)
    end
    local run = night { files = { [NEW] = samples.tar { files = {}, gzip = true } } }:run(RECIPE, with())
    run:failed { kind = "integrity", message = "there is no file in the archive `" .. NEW, hint = "tar -tf" }
    run:unchanged(LIVE):unchanged(DIR):never_ran("restart-it")
  end)

  it("takes the archives of config-backup, which have full paths, and leaves files of other folders to people", function()
    local packed = samples.tar { files = { ["srv/cafe/config/.env"] = ENV, ["etc/nginx/cafe.conf"] = "listen 443;" }, gzip = true }
    local run = night { files = { [NEW] = packed } }:run(RECIPE, with())
    run:ok():wrote(LIVE .. ".env"):equals(ENV)
    run:said("to be put in place by hand"):wrote(DIR .. "config_restore_20260215_030000/etc/nginx/cafe.conf"):equals("listen 443;")
  end)

  it("does not pass over an archive for the names in it", function()
    -- The header's checksum stays right.
    local latin = string.gsub(samples.tar { files = { cafzz = "x" } }, "cafzz", "caf\xE9\x0B")
    local good = samples.tar { files = { [".env"] = ENV } }
    local run = night { files = { [DIR .. "config_backup_20260214_020000.tar"] = latin, [DIR .. "config_backup_20260213_020000.tar"] = good } }
      :run(RECIPE, with { name = "config_backup_*.tar" })
    run:failed { kind = "other", message = "is not UTF-8", hint = "rename the file" }
    run:unchanged(LIVE):unchanged(DIR)
  end)

  it("believes a manifest, and fails when no archive proves", function()
    local described = samples.manifest { name = "config_backup_20260214_020000.tar.gz", content = GOOD }
    night { files = { [NEW .. ".manifest.json"] = described } }:run(RECIPE, with()):ok()
    local other = samples.manifest { name = "config_backup_20260214_020000.tar.gz", content = "another" }
    local run = night { files = { [NEW .. ".manifest.json"] = other } }:run(RECIPE, with())
    run:failed { kind = "integrity", message = "is not what its manifest describes" }
    run:unchanged(LIVE):unchanged(DIR):never_ran("restart-it")
  end)

  it("takes the archive that is named, and fails when there is none", function()
    night { files = { ["/mnt/a.tar.gz"] = samples.tar { files = { [".env"] = ENV }, gzip = true } } }
      :run(RECIPE, with { file = "/mnt/a.tar.gz" }):ok():wrote(LIVE .. ".env"):equals(ENV)
    night():run(RECIPE, with { file = "/mnt/b.tar.gz" }):failed("not_found"):unchanged(LIVE)
    night():run(RECIPE, with { name = "cfg_*.tar.gz" }):failed("not_found"):unchanged(LIVE)
  end)

  it("leaves a configuration alone that is as it was backed up", function()
    local world = night()
    world:run(RECIPE, with()):ok()
    world:run(RECIPE, with()):ok():said("The configuration is as it was backed up"):unchanged(LIVE):never_ran("restart-it")
  end)

  it("skips what is not named, and says so", function()
    local run = night():run(RECIPE, { yes = true, set = { frontend_url = SET.frontend_url } })
    run:ok():said("No folder of the configuration is named"):said("no hook is named"):never_ran("git"):unchanged()
    run:never_said("nothing was asked whether it answers")
  end)

  it("refuses when nothing is named, and says when nothing was asked whether it answers", function()
    local run = night():run(RECIPE, { yes = true })
    run:failed { message = "nothing says what is to be recovered", hint = "config_dir" }
    run:unchanged()
    night():run(RECIPE, { yes = true, set = { deploy = SET.deploy } }):ok():said("nothing was asked whether it answers")
  end)

  it("stops where the code cannot be brought without a decision", function()
    local run = night { programs = { git = { stderr = "fatal: Not possible to fast-forward, aborting.\n", exit = 128 } } }:run(RECIPE, with())
    run:failed { kind = "command", message = "Not possible to fast-forward" }
    run:never_ran("vercel"):unchanged()
  end)

  it("lets git read its settings where they are declared", function()
    local seen
    local world = night { programs = { git = function(call) seen = call.env.GIT_CONFIG_GLOBAL return "" end } }
    world:run(RECIPE, with()):ok()
    expect(seen).to_be("/dev/null")
    world:run(RECIPE, with { git_files = "/home/cafe/.gitconfig" }):ok()
    expect(seen).to_be_nil()
  end)

  it("stops where the deployment fails", function()
    night { programs = { vercel = { exit = 1 } } }:run(RECIPE, with()):failed("command"):unchanged()
  end)

  it("refuses what does not belong to who runs it, and puts back what it had put in place", function()
    local run = night { files = { [LIVE .. "nginx/site.conf"] = { content = "listen 80;\n", owner = "4711", mode = "0644" } } }
      :run(RECIPE, with())
    run:failed { kind = "denied", message = "belongs to another user", hint = "by hand" }
    run:unchanged(LIVE)
  end)

  it("says what must be put back by hand, and puts the others back", function()
    local run = night { files = { [LIVE .. "app.sh.new_20260215_030000/x"] = "x" } }:run(RECIPE, with())
    run:failed("already_exists"):said("PUT IT BACK BY HAND: " .. LIVE .. "app.sh"):unchanged(LIVE)
  end)

  it("refuses a folder where a file belongs", function()
    local run = night { files = { [LIVE .. "app.sh/x"] = "x" } }:run(RECIPE, with())
    run:failed { kind = "already_exists", message = "app.sh` is not a file" }:unchanged(LIVE)
  end)

  it("fails when the application still does not answer in time, and says since when", function()
    local down = { ["https://api.cafe.example/health"] = { { status = 500 } } }
    local run = night { http = down }:run(RECIPE, with { health_wait = "20s", health_within = "2m" })
    run:failed("network"):said("does not work yet")
    expect(run.duration_secs < 150).to_be_true()
    nothing_lost(run)
  end)

  it("opens an encrypted archive with its key, and stops without it", function()
    local key = "AGE-SECRET-KEY-1N5W7FJ4S0TEAZG5A8UZ7HGT7EGHHLW2YS7SP65MQ0KGK3JPUUEHS5T3AER"
    local recipient = "age177ar7ec59df0k6f48k75nhfy2psj9092jhvwhc850vfaeh78j3gsue9s4w"
    local world = night { files = { ["/root/identity.txt"] = key .. "\n" } }
    world:run("config-backup", { set = { app_dir = SET.config_dir, required = ".env", optional = "none", encrypt_to = recipient } }):ok()
    world:run(RECIPE, with { frontend_url = "", health_url = "" }):failed("denied"):unchanged(LIVE)
    local run = world:run(RECIPE, with { identity = "/root/identity.txt", frontend_url = "", health_url = "" })
    run:ok():said("config_backup_20260215_030000.tar.gz.age")
  end)

  it("plans without touching anything", function()
    local plan = night():plan(RECIPE, with())
    expect(plan.ended).to_be("unknown")
  end)

  it("loses nothing and reports the failure, whichever step of the code and the deployment fails", function()
    local options = with { health_tries = 2, health_wait = "1s" }
    options.set.config_dir = nil
    local ways = night():each_failure(RECIPE, options, function(run)
      run:left_nothing_partial():unchanged(LIVE):unchanged(DIR)
    end)
    expect(ways > 30).to_be_true()
  end)

  it("loses nothing and reports the failure, whichever step of the configuration fails", function()
    local small = night { files = { [NEW] = archived { [".env"] = ENV, ["app.sh"] = "#!/bin/sh\n" } } }
    local ways = small:each_failure(RECIPE, { yes = true, set = { config_dir = SET.config_dir, restart = SET.restart } }, function(run)
      run:left_nothing_partial()
      nothing_lost(run)
    end)
    expect(ways > 100).to_be_true()
  end)
end)

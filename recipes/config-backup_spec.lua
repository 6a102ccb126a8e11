--- What config-backup promises: everything that is required is in it, and no secret is.
local DIR = "/backups/config/"
local OLD = DIR .. "config_backup_20251201_023000.tar.gz"
local NEW = DIR .. "config_backup_20260215_023000.tar.gz"
local ENV = table.concat({
  "# of the application", "NODE_ENV=production", "export FRONTEND_URL=https://cafe.example  # the site", "",
  "DATABASE_URL=postgres://cafe:p@ss/word@db.example:5432/cafe?sslmode=require&sslpassword=thorny1palimpsest",
  "NEXT_PUBLIC_API_KEY='pk_live_9thornypalimpsest'", 'NEXT_PUBLIC_NAME="Café \\"Ahoi\\""', "SESSION_SECRET=lamphreyvintage",
  "NODE_ENV=staging", 'NEXT_PUBLIC_CERT="-----BEGIN PRIVATE KEY-----', "MIIEvAIBADANBgkq", '-----END PRIVATE KEY-----"',
}, "\n") .. "\n"

--- The night in which it runs; `changes` take the place of parts of it, a false file is not there.
local function night(changes)
  local world = {
    now   = "2026-02-15T02:30:00+09:00",
    files = {
      [OLD] = { age = "76d" },
      ["/srv/app/docker-compose.yml"] = "services: {}\n", ["/srv/app/Dockerfile"] = "FROM node\n", ["/srv/app/Dockerfile.dev"] = "FROM node:dev\n",
      ["/srv/app/secret.txt"] = "not asked for", ["/etc/nginx/sites-available/english-cafe"] = "listen 443;\n",
      ["/etc/ssl/certs/english-cafe.pem"] = "-----BEGIN CERTIFICATE-----\n", ["/srv/app/.env"] = ENV,
    },
  }
  for file, content in pairs(changes or {}) do
    world.files[file] = content or nil
  end
  return world
end

local function set(changes)
  local all = { env_file = "/srv/app/.env" }
  for name, value in pairs(changes or {}) do
    all[name] = value
  end
  return { set = all }
end

local function described(run)
  return run:wrote(NEW .. ".manifest.json")
end

describe("config-backup", function()
  it("packs what is required and what is there, each under its path, and lets the old one go", function()
    local run = simulate(night()):run("config-backup", set())
    run:ok():said("Variables kept, without secrets: 6"):said("Configuration backup is complete"):never_said("not required")
    run:wrote(NEW):has_manifest()
    for _i, name in ipairs {
      "srv/app/docker-compose.yml", "srv/app/Dockerfile", "srv/app/Dockerfile.dev", "etc/nginx/sites-available/english-cafe",
      "etc/ssl/certs/english-cafe.pem", "backups/config/env_vars.txt",
    } do
      described(run):contains('"' .. name .. '"')
    end
    described(run):contains('"files": 6')
    run:removed(OLD)
  end)

  it("shows no secret of the env file, and leaves no copy of it", function()
    local world = simulate(night())
    local run = world:run("config-backup", set())
    run:ok()
    for _i, secret in ipairs { "p@ss", "thorny1palimpsest", "thornypalimpsest", "lamphreyvintage", "MIIEvAIBADANBgkq" } do
      run:never_showed(secret)
    end
    expect(world:run("config-backup", set { dir = "/backups/other" }):ok().status).to_equal("success")
    run:left_nothing_partial()
  end)

  it("fails when something required is missing, and names all of it", function()
    local world = night { ["/srv/app/docker-compose.yml"] = false }
    local run = simulate(world):run("config-backup", set { required = "docker-compose.yml,deploy.sh,Dockerfile*" })
    run:failed { kind = "not_found", message = "required files are missing in `/srv/app`: docker-compose.yml, deploy.sh", hint = "app_dir" }
    run:wrote_nothing()
    run:kept(OLD)
  end)

  it("takes lists from --set with commas, absolute names and patterns, and each file once", function()
    local run = simulate(night()):run("config-backup", set { required = "/srv/app/docker-compose.yml, Dockerfile", optional = "Dockerfile*,/etc/nginx/sites-available/*" })
    run:ok()
    described(run):contains('"files": 5')
  end)

  it("takes a folder and a file in it once", function()
    local run = simulate(night()):run("config-backup", set { optional = "/etc/nginx,/etc/nginx/sites-available/*" })
    run:ok()
  end)

  it("says once what is not there, and needs no env file", function()
    local world = night { ["/etc/nginx/sites-available/english-cafe"] = false, ["/etc/ssl/certs/english-cafe.pem"] = false }
    local run = simulate(world):run("config-backup")
    run:ok():said("Not there, and not required: /etc/nginx/sites-available/english-cafe, /etc/ssl/certs/english-cafe.*")
    run:never_said("Variables kept")
    described(run):contains('"/etc/ssl/certs/english-cafe.*"')
  end)

  it("does not pack a link, and says so", function()
    local world = night { ["/etc/ssl/certs/english-cafe.pem"] = { link = "/etc/letsencrypt/live/cafe/fullchain.pem" } }
    simulate(world):run("config-backup", set()):ok():said("A link is not packed"):wrote(NEW)
  end)

  local RECIPIENT = "age177ar7ec59df0k6f48k75nhfy2psj9092jhvwhc850vfaeh78j3gsue9s4w"

  it("packs the env file as it is where the archive is encrypted, and leaves no copy of it", function()
    local old = DIR .. "config_backup_20251201_023000.tar.gz.age"
    local run = simulate(night { [old] = { age = "76d" } }):run("config-backup", set { encrypt_to = RECIPIENT })
    run:ok():never_said("Variables kept"):removed(old):kept(OLD)
    run:wrote(NEW .. ".age"):contains("age-encryption.org/v1"):has_manifest()
    run:wrote(NEW .. ".age.manifest.json"):contains('"files": 6'):contains(RECIPIENT)
    run:never_showed("lamphreyvintage")
    simulate(night { ["/srv/app/.env"] = false }):run("config-backup", set { encrypt_to = RECIPIENT }):failed("not_found"):kept(OLD)
  end)

  it("packs the whole folder of the application, and never its own archives in it", function()
    local world = simulate(night())
    local options = set { required = ".", dir = "/srv/app/backups", encrypt_to = RECIPIENT }
    world:run("config-backup", options):ok():wrote("/srv/app/backups/config_backup_20260215_023000.tar.gz.age")
    local again = world:run("config-backup", options):ok()
    again:wrote("/srv/app/backups/config_backup_20260215_02300*.tar.gz.age.manifest.json"):contains('"files": 7')
    world = simulate(night())
    local plain = world:run("config-backup", set { required = ".", dir = "/srv/app/backups" })
    plain:ok():wrote("/srv/app/backups/config_backup_20260215_023000.tar.gz.manifest.json"):contains("srv/app/backups/env_vars.txt")
  end)

  it("packs the env file once where a folder with it is packed", function()
    local run = simulate(night()):run("config-backup", set { required = "/srv/app", encrypt_to = RECIPIENT })
    run:ok():wrote(NEW .. ".age"):has_manifest()
    simulate(night()):run("config-backup", set { required = "docker-compose.yml,.env", encrypt_to = RECIPIENT }):ok()
  end)

  it("fails when the env file does not parse, is not there, or a quote never ends", function()
    for text, why in pairs { ["NODE_ENV production\n"] = "line 1: it is no assignment", ["A=1\nB='x\n\n"] = "line 2: the quote is never closed" } do
      local run = simulate(night { ["/srv/app/.env"] = text }):run("config-backup", set())
      run:failed { kind = "integrity", message = why, hint = "NAME=value" }
      run:wrote_nothing()
      run:kept(OLD)
    end
    simulate(night { ["/srv/app/.env"] = false }):run("config-backup", set()):failed("not_found"):kept(OLD)
  end)

  it("loses nothing and leaves no copy of the variables, whichever step fails", function()
    simulate(night()):each_failure("config-backup", set(), function(run)
      run:left_nothing_partial()
      run:kept(OLD, "/srv/app/.env", "/srv/app/docker-compose.yml")
      run:never_showed("lamphreyvintage")
      if run.status ~= "success" then
        run:alerted()
      end
    end)
  end)
end)

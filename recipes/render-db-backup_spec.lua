--- What render-db-backup promises: today's export and no other, whole or not at all, and nothing that opens a door is shown.

local DIR = "/backups/database/"
local OLD = DIR .. "backup_20251201_020000.dir.tar.gz"
local NEW = DIR .. "backup_20260215_020000.dir.tar.gz"
local API = "https://api.render.com/v1/postgres/dpg-cafe-a/export"
local FILE = "https://files.render.com/exports/2026-02-15.dir.tar.gz"
local URL = FILE .. "?X-Amz-Signature=thornypalimpsest"
local DUMP = samples.pg_dump { contacts = 3 }

--- A dump as a folder in a tar file, as Render exports a database.
local function export(more)
  local options = {
    gzip = true,
    files = {
      ["2026-02-15T02:00Z/cafe/toc.dat"] = "PGDMP and so on",
      ["2026-02-15T02:00Z/cafe/3001.dat.gz"] = string.rep("rows", 5000),
    },
  }
  for name, value in pairs(more or {}) do
    options[name] = value
  end
  return samples.tar(options)
end

--- What Render lists when it has these exports; a `-` before one says that it is not finished.
local function list(...)
  local exports = {}
  for number, id in ipairs { ... } do
    local begun = string.match(id, "^%-(.+)$")
    exports[number] = { id = begun or id, createdAt = "2026-02-15T02:00:0" .. number .. "Z", url = not begun and URL or nil }
  end
  return { body = #exports > 0 and json.encode(exports) or "[]" }
end

--- One more finished export at each look, as for runs that come one after the other.
local function more_and_more()
  local answers, ids = {}, {}
  for number = 1, 9 do
    ids[number] = "exp-" .. number
    answers[number] = list(table.unpack(ids))
  end
  return answers
end

--- The night in which it runs, with some of it changed.
local function night(changes)
  local world = {
    now      = "2026-02-15T02:00:00+09:00",
    files    = { [OLD] = { age = "76d" } },
    programs = { pg_restore = { stdout = DUMP }, render = { missing = true } },
    env      = { RENDER_API_KEY = secret "rnd_lamphreyvintage", RENDER_DATABASE_ID = "dpg-cafe-a" },
    http     = { ["POST " .. API] = { status = 202 }, ["GET " .. API] = { list("exp-1"), list("exp-1", "exp-2") }, [FILE] = { body = export() } },
  }
  for name, value in pairs(changes or {}) do
    world[name] = value
  end
  return world
end

--- The same with other answers by Render.
local function answers(changed)
  local http = night().http
  for route, answer in pairs(changed) do
    http[route] = answer
  end
  return night { http = http }
end

--- The same with the program `render`, which has a new backup at each look, and downloads this.
local function with_program(content, says)
  local looks = 0
  local function render(call)
    if call.argv[3] == "list" then
      looks = looks + 1
      return json.encode { { id = "b" .. looks - 1, status = says }, { id = "b" .. looks, status = says } }
    end
    local output = string.match(call.argv[#call.argv], "^%-%-output=(.+)$")
    return { writes = output and { [output] = content } }
  end
  return night { programs = { pg_restore = { stdout = DUMP }, render = render } }
end

describe("render-db-backup", function()
  it("keeps today's export with what is in it, and lets the old one go", function()
    local run = simulate(night()):run("render-db-backup")
    run:ok():said("1 tables, 3 rows"):removed(OLD):left_nothing_partial()
    run:wrote(NEW):has_manifest():has_mode("0600")
    run:wrote(NEW .. ".manifest.json"):contains('"rows": 3'):contains("tar -xf -"):contains("2026-02-15T02:00Z/cafe")
    run:requested("POST", API):once()
    run:ran("pg_restore"):with("--format=directory", "--create", "--file=-"):once()
    run:never_showed("thornypalimpsest"):never_showed("rnd_lamphreyvintage")
  end)

  it("loses nothing and reports the failure, whichever step fails", function()
    simulate(answers { ["GET " .. API] = more_and_more() }):each_failure("render-db-backup", function(run)
      run:left_nothing_partial()
      run:kept(OLD)
      if run.status ~= "success" then
        run:alerted("backup_failure")
      end
    end)
  end)

  it("waits until Render has finished it", function()
    local looks = { list("exp-1"), list("exp-1"), list("exp-1", "-exp-2"), list("exp-1", "-exp-2"), list("exp-1", "exp-2") }
    local run = simulate(answers { ["GET " .. API] = looks }):run("render-db-backup")
    run:ok():said("Render has finished the backup: exp-2"):wrote(DIR .. "backup_20260215_0200*.dir.tar.gz"):has_manifest()
  end)

  it("takes the newest where there are several", function()
    local run = simulate(answers { ["GET " .. API] = { list(), list("exp-2", "exp-1") } }):run("render-db-backup")
    run:ok():said("Render has finished the backup: exp-1")
  end)

  it("gives no older one out for today's", function()
    local looks = { list("exp-1"), list("exp-1", "-exp-2") }
    local run = simulate(answers { ["GET " .. API] = looks }):run("render-db-backup")
    run:failed { kind = "timeout", message = "has not finished the backup within 7200 s", hint = "export_timeout" }
    run:unchanged()
    expect(run.duration_secs >= 7200).to_be_true()
  end)

  it("reports when Render could not make it", function()
    local failed = { body = '[{"id": "exp-2", "createdAt": "x", "status": "Failed"}]' }
    local run = simulate(answers { ["GET " .. API] = { list(), failed } }):run("render-db-backup")
    run:failed({ message = "could not make the backup exp-2: Failed" }):unchanged()
  end)

  it("is not kept from today's by an older one that failed or expired", function()
    for _i, status in ipairs { "expired", "Failed" } do
      local old = { id = "old", createdAt = "2026-02-01T02:00:00Z", status = status }
      local new = { id = "exp-2", createdAt = "2026-02-15T02:00:02Z", status = "available", url = URL }
      local looks = { { body = json.encode { old } }, { body = json.encode { old, new } } }
      local run = simulate(answers { ["GET " .. API] = looks }):run("render-db-backup")
      run:ok():said("Render has finished the backup: exp-2"):wrote(NEW)
    end
  end)

  it("refuses an answer that is no list of backups", function()
    for _i, body in ipairs { "null", "{}", '{"exports": []}', '"exp-1"', "[1]", '[{"name": "x"}]' } do
      local run = simulate(answers { ["GET " .. API] = { body = body } }):run("render-db-backup")
      run:failed { kind = "integrity", message = "no list of backups", hint = "may have changed" }
      run:unchanged()
      local program = night { programs = { pg_restore = { stdout = DUMP }, render = body } }
      simulate(program):run("render-db-backup"):failed { kind = "integrity", message = "no list of backups" }
    end
  end)

  it("reports a key that Render does not know, and of one that is not set", function()
    simulate(answers { ["GET " .. API] = { status = 401 } }):run("render-db-backup"):failed("denied"):unchanged()
    local run = simulate(night { env = { RENDER_DATABASE_ID = "dpg-cafe-a" } }):run("render-db-backup")
    run:failed({ kind = "denied", hint = "RENDER_API_KEY" }):never_requested()
  end)

  it("wants to know which database", function()
    for _i, id in ipairs { "", "../../owners", "your database" } do
      local run = simulate(night { env = { RENDER_DATABASE_ID = id } }):run("render-db-backup")
      run:failed({ message = "is not the id of a database", hint = "dpg-" }):never_requested()
    end
  end)

  it("downloads from declared hosts only", function()
    local run = simulate(night()):run("render-db-backup", { set = { download_hosts = "storage.example" } })
    run:failed { kind = "denied", message = "files.render.com" }
    run:complained("files.render.com"):wrote_nothing()
  end)

  describe("when the export is not whole", function()
    --- A run to which Render gives this.
    local function given(answer, pg_restore)
      local world = answers { [FILE] = answer }
      world.programs.pg_restore = pg_restore or world.programs.pg_restore
      return simulate(world):run("render-db-backup")
    end

    it("refuses it wherever it was cut off", function()
      local whole = export()
      for _i, bytes in ipairs { 0, 9, 100, #whole // 2, #whole - 1 } do
        given({ body = string.sub(whole, 1, bytes) }):failed("integrity"):wrote_nothing():kept(OLD):left_nothing_partial()
      end
      given({ body = whole, cut_after = #whole // 2 }):failed("network"):wrote_nothing():left_nothing_partial()
    end)

    it("refuses it when a byte was changed", function()
      local whole = export()
      local at = #whole // 2
      local flipped = string.sub(whole, 1, at - 1) .. string.char(string.byte(whole, at) ~ 16) .. string.sub(whole, at + 1)
      given({ body = flipped }):failed("integrity"):wrote_nothing():kept(OLD)
    end)

    it("refuses it when pg_restore cannot read all of it", function()
      given({ body = export() }, { stdout = samples.pg_dump { contacts = 3, cut = 0.5 } }):failed("integrity"):wrote_nothing()
      given({ body = export() }, { stdout = DUMP, stderr = "could not read", exit = 1 })
        :failed({ kind = "integrity", message = "cannot decode the folder of the dump" }):wrote_nothing():left_nothing_partial()
    end)

    it("refuses a tar file that is no dump, or more than one", function()
      given({ body = export { files = { ["notes.txt"] = "x" } } }):failed({ message = "holds no dump" }):wrote_nothing()
      given({ body = export { files = { ["a/toc.dat"] = "x", ["b/toc.dat"] = "x" } } })
        :failed({ message = "more than one dump" }):wrote_nothing()
    end)

    it("refuses one that would write elsewhere", function()
      given({ body = export { files = { ["../toc.dat"] = "x" } } }):failed("denied"):wrote_nothing()
      given({ body = export { files = { ["toc.dat"] = { link = "/etc/passwd" } } } }):failed("denied"):wrote_nothing()
    end)

    it("refuses the dump of another database", function()
      local run = simulate(night()):run("render-db-backup", { set = { database = "shop" } })
      run:failed({ kind = "integrity", message = "a dump of `english_cafe_db` as a dump of `shop`" }):wrote_nothing()
    end)
  end)

  describe("by the program `render`", function()
    it("downloads the newest backup, and names it by what it is", function()
      for ending, content in pairs { [".sql"] = DUMP, [".dir.tar.gz"] = export(), [".dump"] = "PGDMP and so on" } do
        local run = simulate(with_program(content)):run("render-db-backup")
        run:ok():never_requested():wrote(DIR .. "backup_20260215_020000" .. ending):contains(content):has_manifest()
        run:ran("render"):with("postgres", "backup", "create", "--database-id=dpg-cafe-a"):once()
        run:ran("render"):with("list", "--format=json")
        run:ran("render"):with("download", "--backup-id=b2"):with_env("RENDER_API_KEY"):once()
        run:left_nothing_partial():never_showed("rnd_lamphreyvintage")
      end
    end)

    it("looks at the states, where the program shows them", function()
      simulate(with_program(DUMP, "Available")):run("render-db-backup"):ok()
      simulate(with_program(DUMP, "running")):run("render-db-backup", { set = { export_timeout = "1m" } }):failed("timeout"):wrote_nothing()
    end)

    it("keeps nothing of a download that is not whole", function()
      local run = simulate(with_program(samples.pg_dump { contacts = 3, cut = 0.9 })):run("render-db-backup")
      run:failed("integrity"):wrote_nothing():kept(OLD)
    end)

    it("removes what an interrupted run has downloaded", function()
      local world = with_program(DUMP)
      world.files[DIR .. ".work/download_dpg-cafe-a"] = "half of it"
      simulate(world):run("render-db-backup"):ok():removed(DIR .. ".work/download_dpg-cafe-a")
    end)

    it("loses nothing, whichever step fails", function()
      simulate(with_program(export())):each_failure("render-db-backup", function(run)
        run:left_nothing_partial()
        run:kept(OLD)
      end)
    end)

    it("is passed over when the API is asked for", function()
      local world = with_program(DUMP)
      simulate(world):run("render-db-backup", { set = { via = "api" } }):ok():never_ran("render"):wrote(NEW)
      simulate(night()):run("render-db-backup", { set = { via = "cli" } }):failed("not_found"):never_requested()
    end)
  end)

  it("says in a plan what it asks of Render, and that only a run would know the rest", function()
    local plan = simulate(night()):plan("render-db-backup")
    expect(plan.ended).to_equal("unknown")
    expect(plan.changes[#plan.changes].object).to_equal("POST " .. API)
  end)
end)

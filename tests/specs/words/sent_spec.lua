--- What the words about requests and mails promise.
local HOOK = "https://hooks.example/T0/x?sig=1"

---@param set? table
local function run(set)
  local world = simulate { http = { ["POST " .. HOOK] = "ok" }, env = { HOOK = secret(HOOK) } }
  return world:run("tests/specs/words/notify.lua", { set = set })
end

describe("run:requested", function()
  it("finds a request by its exact address, secret or not, and looks into it", function()
    local asked = run():ok():requested("POST", HOOK):once()
    asked:with_header("X-Kind", "report"):with_json { rows = { 1, 2 } }:with_body('"text":"ran"')
    expect(asked.json).to_equal { text = "ran", rows = { 1, 2 } }
    expect(asked.headers["content-type"]).to_equal("application/json")
    expect(asked.body).to_contain("ran")
  end)

  it("has its opposite", function()
    run({ quiet = true }):ok():never_requested():never_mailed()
    run():never_requested("GET", HOOK):never_requested("POST", "https://hooks.example/T0/x?sig=2")
  end)

  it("asks for a method and a url", function()
    expect(function() run():requested(HOOK) end).to_raise { message = "`run:requested` takes a method and a url" }
    expect(function() run():requested("POST", HOOK):times(0) end).to_raise { message = "takes a whole number from 1" }
  end)
end)

describe("run:mailed", function()
  it("finds a mail by what it says and who got it", function()
    local mail = run():mailed { to = "boss@example.com", subject = "It ran", text = "always", html = "<b>" }:once()
    expect(mail.to).to_equal { "ops@example.com", "boss@example.com" }
    expect(mail.text).to_equal("as always")
    run():mailed():times(1)
    run():never_mailed { subject = "It failed" }
  end)

  it("knows no other keys", function()
    expect(function() run():mailed { titel = "x" } end).to_raise { hint = "valid names" }
  end)

  it("counts the mails of one run only", function()
    local world = simulate { http = { ["POST " .. HOOK] = "ok" }, env = { HOOK = secret(HOOK) } }
    world:run("tests/specs/words/notify.lua"):mailed():once()
    world:run("tests/specs/words/notify.lua"):mailed():once()
  end)
end)

describe("run:alerted", function()
  it("tells what is raised at the end of a run", function()
    run():never_alerted()
    local failed = simulate { programs = { pg_dump = { exit = 1, stderr = "no" } } }:run("db-backup")
    failed:alerted():alerted("backup_failure")
    simulate({ locked = { "db-backup" } }):run("db-backup"):locked():alerted("backup_failure")
  end)

  it("holds whichever step of a backup fails", function()
    local world = simulate { programs = { pg_dump = { stdout = samples.pg_dump { contacts = 3 } } } }
    world:each_failure("db-backup", function(each)
      if each.status ~= "success" then
        each:alerted()
      end
    end)
  end)
end)

--- What the channel `webhook` promises, over a server in memory.
local URL = "https://ops.example.com/backup?token=hidden"

describe("webhook", function()
  it("sends the event as JSON, lists as lists", function()
    local world = simulate { http = { ["POST " .. URL] = { status = 204 } }, now = "2026-02-15T12:00:15+09:00" }
    local sending = world:send("webhook", { error = "disk full", hint = "df -h", status = "partial" }, { target = secret(URL) })
    local sent = sending:ok():requested("POST", URL):once():with_header("content-type", "application/json")
    sent:with_json {
      id = "BKP-20260215-030000-daily", type = "daily", kind = "backup_failure", severity = "warning", tone = "warning",
      status = "partial", time = "2026-02-15T03:00:15.000Z", recipe = "db-backup",
      error = { message = "disk full", hint = "df -h" }, rehearsal = false,
    }
    expect(sent.body).to_contain('"backups":[]')
    expect(sent.body).never_to_contain('"html"')
    sending:never_showed("hidden")
  end)

  it("signs the body with its secret, and without one sends no signature", function()
    local world = simulate { http = { ["POST " .. URL] = { status = 204 } }, now = "2026-02-15T12:00:15+09:00" }
    local sent = world:send("webhook", {}, { target = secret(URL), secret = secret "oddlysigningword" })
    local request = sent:ok():never_showed("oddlysigningword"):requested("POST", URL):once()
    expect(request.headers["x-hikae-signature-256"]).to_match("^sha256=" .. ("%x"):rep(64) .. "$")
    local unsigned = world:send("webhook", {}, { target = secret(URL) }):requested("POST", URL)
    expect(unsigned.headers["x-hikae-signature-256"]).to_be(nil)
  end)

  it("fails for an answer that is not good", function()
    local world = simulate { http = { ["POST " .. URL] = { status = 500 } } }
    world:send("webhook", {}, { target = secret(URL) }):failed { kind = "network" }:requested("POST", URL):once()
  end)

  it("takes no redirect for an answer, for it would lose the event", function()
    local away = { status = 307, headers = { Location = "https://other.example/x" } }
    local world = simulate { http = { ["POST " .. URL] = away, ["POST https://other.example/x"] = "ok" } }
    world:send("webhook", {}, { target = secret(URL) })
      :failed({ kind = "network", message = "a redirect to" })
      :never_requested("POST", "https://other.example/x")
  end)
end)

--- What the channel `pagerduty` promises, over servers in memory.
local QUEUE = "https://events.pagerduty.com/v2/enqueue"
local KEY = "R0UTINGKEY0123456789"
local TAKEN = { status = 202, body = '{"status":"success","message":"Event processed","dedup_key":"db-backup@db1.example.co.jp"}' }

local function send(event, settings)
  local http = { ["POST " .. QUEUE] = TAKEN, ["POST https://events.eu.pagerduty.com/v2/enqueue"] = TAKEN }
  return simulate { http = http }:send("pagerduty", event, { target = secret(KEY), settings = settings })
end

describe("pagerduty", function()
  it("triggers an incident with the severity of the outcome, and shows the key to nobody", function()
    local sending = send { error = "disk full" }
    local sent = sending:ok():requested("POST", QUEUE):once()
    sent:with_json {
      event_action = "trigger", dedup_key = "db-backup@db1.example.co.jp", routing_key = "********",
      payload = { severity = "error", source = "db1.example.co.jp", component = "db-backup", class = "backup_failure",
                  summary = "[URGENT] Backup failed: BKP-20260215-030000-daily (db-backup, db1.example.co.jp, 1970-01-01 12:00 +00:00): disk full" },
    }
    sending:never_showed(KEY)
    send { status = "partial" }:requested("POST", QUEUE):with_json { payload = { severity = "warning" } }
    send { kind = "escalation" }:requested("POST", QUEUE):with_json { payload = { severity = "critical" } }
  end)

  it("resolves an incident only where a run has succeeded", function()
    send { kind = "recovered" }:requested("POST", QUEUE)
      :with_json { event_action = "resolve", dedup_key = "db-backup@db1.example.co.jp" }
    send { kind = "recovered", status = "partial" }:requested("POST", QUEUE):with_json { event_action = "trigger" }
    send { kind = "backup_failure", status = "success" }:requested("POST", QUEUE):with_json { event_action = "trigger" }
  end)

  it("keeps a rehearsal apart from the real incident", function()
    send { rehearsal = true }:requested("POST", QUEUE):with_json { dedup_key = "rehearsal/db-backup@db1.example.co.jp" }
  end)

  it("speaks to Europe where the account is there", function()
    send({}, { region = "eu" }):ok():never_requested("POST", QUEUE):requested("POST", "https://events.eu.pagerduty.com/v2/enqueue")
  end)

  it("wakes nobody for a report", function()
    send { kind = "report" }:sent_nothing("a report wakes nobody"):never_requested()
  end)
end)

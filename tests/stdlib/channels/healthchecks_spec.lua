--- What the channel `healthchecks` promises, over a server in memory.
local CHECK = "https://hc-ping.com/eb095278-f28d-448d-87fb-7b75c171a6aa"

local function send(event)
  local http = {}
  for _i, below in ipairs { "", "/start", "/fail", "/log" } do
    http["POST " .. CHECK .. below] = "OK"
  end
  return simulate { http = http }:send("healthchecks", event, { target = secret(CHECK) })
end

describe("healthchecks", function()
  it("pings the start, the success and the failure of a run, each at its own address", function()
    local places = { running = "/start", success = "", failure = "/fail", partial = "/fail", locked = "/fail", interrupted = "/fail" }
    for status, below in pairs(places) do
      local sending = send { kind = "recovered", status = status }
      sending:ok():requested("POST", CHECK .. below):once()
      if status ~= "success" then
        sending:never_requested("POST", CHECK)
      end
    end
    send { error = "disk full" }:requested("POST", CHECK .. "/fail"):with_body("Error: disk full")
  end)

  it("pings how a run stands, with its backups or its error, and a UUID of its own", function()
    local function ping(run)
      local http = {}
      local rid = "?rid=70520e71-8904-8680-8d10-9f985087efdd"
      for _i, below in ipairs { "/start" .. rid, rid, "/fail" .. rid } do
        http["POST " .. CHECK .. below] = "OK"
      end
      run.host, run.id = "db1", "BKP-20260215-030000-daily"
      return simulate { http = http }:ping("healthchecks", run, { target = secret(CHECK) }), rid
    end
    local pinging, rid = ping { status = "running" }
    pinging:ok():requested("POST", CHECK .. "/start" .. rid):once():with_body("BKP-20260215-030000-daily running (db-backup@db1)")
    ping({ status = "success", backups = { { path = "/backups/a.gz", size_bytes = 3, sha256 = "abc" } } })
      :ok():requested("POST", CHECK .. rid):once():with_body("/backups/a.gz 3 abc")
    pinging = ping { status = "locked", error = "another run is under way", hint = "wait for it" }
    pinging:ok():requested("POST", CHECK .. "/fail" .. rid):once():with_body("another run is under way\nwait for it")
  end)

  it("never lets a rehearsal or a test count as a run", function()
    for _i, event in ipairs { { rehearsal = true }, { rehearsal = true, kind = "recovered" }, { kind = "test" } } do
      send(event):ok():requested("POST", CHECK .. "/log"):once()
    end
  end)

  it("has nothing to say of reports and of what a monitor has found", function()
    send { kind = "report" }:sent_nothing("about runs"):never_requested()
    send { kind = "monitor" }:sent_nothing():never_requested()
  end)

  it("tries again, for a ping that is lost is an alarm", function()
    local world = simulate { http = { ["POST " .. CHECK .. "/fail"] = { { status = 503 }, "OK" } } }
    local sending = world:send("healthchecks", {}, { target = secret(CHECK) })
    sending:ok():never_showed("eb095278"):requested("POST", CHECK .. "/fail"):times(2)
  end)
end)

--- What the channel `ntfy` promises, over a server in memory.
local TOPIC = "https://ntfy.sh/backup-alerts-x7"
local PUBLISHED = '{"id":"sPs71M8A2T","time":1771092015,"event":"message","topic":"backup-alerts-x7"}'

local function send(event, env)
  local world = simulate { http = { ["POST " .. TOPIC] = PUBLISHED }, env = env }
  return world:send("ntfy", event, { target = secret(TOPIC) }):ok():requested("POST", TOPIC):once()
end

describe("ntfy", function()
  it("sends title, priority and tags by the outcome", function()
    local sent = send { error = "disk full", system_url = "https://192.168.0.187:5050" }
    sent:with_header("title", "[URGENT] Backup failed: BKP-20260215-030000-daily (db-backup, db1.example.co.jp, 1970-01-01 12:00 +00:00)"):with_header("priority", "5")
      :with_header("tags", "rotating_light"):with_header("click", "https://192.168.0.187:5050")
    sent:with_body("Outcome: failure"):with_body("Error: disk full")
    send { kind = "recovered" }:with_header("tags", "white_check_mark"):with_header("priority", "3")
    send { kind = "recovered", status = "partial" }:with_header("tags", "warning"):with_header("priority", "4")
  end)

  it("sends a Japanese title in encoded words", function()
    local sent = send({}, { HIKAE_LANG = "ja" })
    sent:with_header("title", "=?UTF-8?B?44CQ57eK5oCl44CR44OQ44OD44Kv44Ki44OD44OX5aSx5pWXOiBCS1AtMjAy?= =?UTF-8?B?NjAyMTUtMDMwMDAwLWRhaWx5IChkYi1iYWNrdXAsIGRiMS5leGFtcGxlLmNv?= =?UTF-8?B?LmpwLCAxOTcwLTAxLTAxIDEyOjAwICswMDowMCk=?=")
    sent:with_body("結果: 失敗")
  end)

  it("cuts what ntfy would make a file of, between two characters", function()
    local sent = send({ error = ("長い"):rep(3000) }, { HIKAE_LANG = "ja" })
    expect(#sent.body <= 4000).to_be_true()
    expect(utf8.len(sent.body) ~= nil).to_be_true()
    expect(sent.body).to_contain("長い…")
    expect(sent.body).to_match("バックアップの実行を検討してください。$")
  end)
end)

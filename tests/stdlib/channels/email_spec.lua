--- What the channel `email` promises, over a mail box in memory.
local ENV = { SMTP_HOST = "mail.example.com", SMTP_PORT = "25", HIKAE_LANG = "ja" }

describe("email", function()
  it("sends what the runbook shows, to all recipients at once", function()
    local world = simulate { env = ENV, now = "2026-02-15T12:00:15+09:00" }
    local sending = world:send("email", {
      error = "Backup script failed with exit code 1: disk full",
      system_url = "https://192.168.0.187:5050",
    }, { recipients = { "admin@example.com", "ops-team@example.com" } })
    local mail = sending:ok():mailed { to = "ops-team@example.com", subject = "【緊急】バックアップ失敗: BKP-20260215-030000-daily" }
    mail:once()
    expect(mail.to).to_equal { "admin@example.com", "ops-team@example.com" }
    expect(mail.text).to_contain([[
バックアップID: BKP-20260215-030000-daily
種別: daily
発生時刻: 2026-02-15T03:00:15.000Z
エラー内容: Backup script failed with exit code 1: disk full

レシピ: db-backup
ホスト: db1.example.co.jp
現地時刻: 2026-02-15 12:00:15 +09:00

速やかに原因を確認し、手動バックアップの実行を検討してください。

システムURL: https://192.168.0.187:5050
]])
    expect(mail.html).to_contain("<html")
    sending:never_requested()
    -- From the same event at each attempt, so that a receiver knows a second copy.
    local again = world:send("email", { system_url = "x" }, { recipients = { "admin@example.com" } })
    expect(again:ok():mailed():once().message_id).to_equal(mail.message_id)
    expect(mail.message_id).to_contain("BKP-20260215-030000-daily.backup_failure")
  end)

  it("tells who did not get it, and keeps it from nobody else", function()
    local world = simulate { env = ENV, smtp = { refuse = { "gone@example.com" } } }
    local sending = world:send("email", {}, { recipients = { "gone@example.com", "admin@example.com" } })
    sending:refused("gone@example.com"):mailed { to = "admin@example.com" }:once()
  end)

  it("fails with the runbook's error when the server is away", function()
    local world = simulate { env = ENV, smtp = { down = true } }
    world:send("email", {}, { recipients = { "admin@example.com" } })
      :failed({ kind = "network", message = "ECONNREFUSED" }):never_mailed()
  end)

  it("fails when nobody is to get it", function()
    simulate { env = ENV }:send("email", {}):failed():never_mailed()
  end)
end)

--- What the channel `slack` promises, over a server in memory.
local HOOK = "https://hooks.slack.com/services/T00000000/B00000000/XXXX"

--- Sends an event as Slack would get it; gives the sending and the message.
---@param event World.EventOptions
---@param env? table<string, string>
local function sent(event, env)
  local world = simulate { http = { ["POST " .. HOOK] = "ok" }, env = env, now = "2026-02-15T12:00:15+09:00" }
  local sending = world:send("slack", event, { target = secret(HOOK) })
  return sending, sending:requested("POST", HOOK):once().json
end

--- Every text of a message, with what it is.
local function texts(message)
  local found = {}
  for _i, block in ipairs(message.attachments[1].blocks) do
    for _j, one in ipairs(block.fields or block.elements or { block.text }) do
      found[#found + 1] = one.text
    end
  end
  return found
end

describe("slack", function()
  it("tells a failure in the words of the runbook, with a red bar", function()
    local sending, message = sent(
      { error = "Backup script failed with exit code 1: disk full", system_url = "https://192.168.0.187:5050" },
      { HIKAE_LANG = "ja" }
    )
    sending:ok():never_showed(HOOK)
    expect(message.text).to_equal("【緊急】バックアップ失敗: BKP-20260215-030000-daily (db-backup, db1.example.co.jp, 2026-02-15 12:00 +09:00)")
    expect(message.attachments[1].color).to_equal("#C62828")
    local all = table.concat(texts(message), "\n")
    expect(all).to_contain("【緊急】バックアップ処理が失敗しました")
    expect(all).to_contain("*結果*\n失敗\n*バックアップID*\nBKP-20260215-030000-daily\n*種別*\ndaily")
    expect(all).to_contain("*エラー内容*\nBackup script failed with exit code 1: disk full")
    expect(all).to_contain("速やかに原因を確認し、手動バックアップの実行を検討してください。")
    expect(all).to_contain("<https://192.168.0.187:5050|システムURL>")
  end)

  it("is never green unless a run has succeeded, and says how it ended in words", function()
    local words = { success = "success", partial = "done in part", failure = "failure", interrupted = "interrupted", locked = "kept out" }
    local kinds = { "backup_failure", "recovered", "digest", "escalation", "restore_failure", "drill_failure", "monitor", "report" }
    local greens = {}
    for _i, kind in ipairs(kinds) do
      for status, said in pairs(words) do
        local _sending, message = sent { kind = kind, status = status }
        expect(table.concat(texts(message), "\n")).to_contain("*Outcome*\n" .. said)
        if message.attachments[1].color == "#2E7D32" then
          greens[#greens + 1] = kind .. " " .. status
        end
      end
    end
    expect(greens).to_equal { "recovered success", "report success" }
  end)

  it("does not call everybody because an error says so", function()
    local _sending, message = sent { error = "<!channel> *bold* & <https://evil.example|click>", recipe = "<@U1>", kind = "digest" }
    local all = table.concat(texts(message), "\n") .. message.text
    expect(all).to_contain("&lt;!channel&gt; *bold* &amp; &lt;https://evil.example|click&gt;")
    expect(all).never_to_contain("<!")
    expect(all).never_to_contain("<@")
  end)

  it("keeps to the limits of Block Kit, however much there is to tell", function()
    local findings = {}
    for number = 1, 400 do
      findings[number] = { subject = "recipe " .. number, message = ("<&>長い"):rep(1000) }
    end
    local sending, message = sent { kind = "monitor", findings = findings, system_url = "https://x.example/" .. ("a"):rep(990) }
    sending:ok()
    local blocks = message.attachments[1].blocks
    expect(#blocks <= 50).to_be_true()
    for _i, block in ipairs(blocks) do
      expect(#(block.fields or {}) <= 10).to_be_true()
      local limit = block.type == "header" and 150 or block.fields and 2000 or 3000
      for _j, one in ipairs(block.fields or block.elements or { block.text }) do
        expect(utf8.len(one.text) <= limit).to_be_true()
        expect(one.text == "").to_be_false()
      end
    end
  end)

  it("says that a rehearsal is one", function()
    local _sending, message = sent { rehearsal = true }
    expect(message.text).to_match("^%[REHEARSAL%] ")
    expect(table.concat(texts(message), "\n")).to_contain("This is a rehearsal")
  end)

  it("fails when Slack does, without showing the address", function()
    local world = simulate { http = { ["POST " .. HOOK] = { status = 403, body = "invalid_token" } } }
    local sending = world:send("slack", {}, { target = secret(HOOK), name = "ops" })
    sending:failed { kind = "denied", message = "cannot send by the channel `ops`" }
    sending:failed("invalid_token"):never_showed(HOOK):never_showed("B00000000")
    sending:requested("POST", HOOK):once()
  end)
end)

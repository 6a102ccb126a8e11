--- What the channel `teams` promises, over servers in memory.
local WORKFLOW = "https://prod-1.japaneast.logic.azure.com/workflows/abc/triggers/manual/paths/invoke?api-version=2016-06-01&sig=s3cret"
local CLASSIC = "https://company.webhook.office.com/webhookb2/XXXX/IncomingWebhook/XXXX"

---@param url string
---@param event World.EventOptions
---@param answer? string|simulate.Answer
local function send(url, event, answer)
  local world = simulate { http = { ["POST " .. url] = answer or { status = 202 } }, env = { HIKAE_LANG = "ja" } }
  return world:send("teams", event, { target = secret(url) })
end

describe("teams", function()
  it("sends Workflows an Adaptive Card in the colour of the outcome", function()
    local sending = send(WORKFLOW, { error = "[click](https://evil.example) **x**", system_url = "https://192.168.0.187:5050" })
    local message = sending:ok():requested("POST", WORKFLOW):once().json
    expect(message.type).to_equal("message")
    expect(message.attachments[1].contentType).to_equal("application/vnd.microsoft.card.adaptive")
    local card = message.attachments[1].content
    expect(card.type).to_equal("AdaptiveCard")
    expect(card.body[1].style).to_equal("attention")
    expect(card.body[1].items[1].text).to_equal("【緊急】バックアップ処理が失敗しました")
    expect(card.body[2].inlines[1].text).to_equal("結果: ")
    expect(card.body[2].inlines[2].text).to_equal("失敗")
    expect(card.actions).to_equal { { type = "Action.OpenUrl", title = "システムURL", url = "https://192.168.0.187:5050" } }
    for _i, block in ipairs(card.body) do
      -- Markdown is read in text blocks alone.
      expect(block.text or "").never_to_contain("[click]")
    end
    sending:never_showed("s3cret")
  end)

  it("is never green unless a run has succeeded", function()
    local styles = { success = "good", partial = "warning", failure = "attention", interrupted = "attention", locked = "warning" }
    for status, style in pairs(styles) do
      local card = send(WORKFLOW, { kind = "recovered", status = status }):requested("POST", WORKFLOW).json.attachments[1].content
      expect(card.body[1].style).to_equal(style)
    end
  end)

  it("sends a MessageCard to a classic connector", function()
    local card = send(CLASSIC, { error = "disk full" }, "1"):ok():requested("POST", CLASSIC):once().json
    expect(card["@type"]).to_equal("MessageCard")
    expect(card.themeColor).to_equal("C62828")
    expect(card.summary).to_contain("【緊急】バックアップ失敗: BKP-20260215-030000-daily (db-backup, db1.example.co.jp, ")
    expect(card.sections[1].facts[1]).to_equal { name = "結果", value = "失敗" }
    expect(card.sections[1].markdown).to_be_false()
  end)

  it("does not believe a connector that says 200 to what it throws away", function()
    local refused = "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429"
    send(CLASSIC, {}, refused):failed { kind = "network", message = refused, hint = "ワークフロー" }
  end)

  it("takes no page for people, and no other 200, for an answer of Workflows", function()
    for _i, body in ipairs { "<html>log in</html>", '{"ok":false}', "OK (not found)" } do
      send(WORKFLOW, {}, body):failed { kind = "network", message = "does not say that the message was taken" }
    end
  end)

  it("keeps the beginning and the end of a long error", function()
    local long = 'pg_dump said "' .. ("\\"):rep(9000) .. '" and then: No space left on device'
    for _i, url in ipairs { WORKFLOW, CLASSIC } do
      local sent = send(url, { error = long }, url == CLASSIC and "1" or nil):ok():requested("POST", url)
      expect(#sent.body < 28 * 1024).to_be_true()
      expect(sent.body).to_contain("pg_dump said")
      expect(sent.body).to_contain("No space left on device")
    end
  end)

  it("stays below 28 KB, however much there is to tell", function()
    local findings = {}
    for number = 1, 300 do
      findings[number] = { subject = "レシピ " .. number, message = ("長い"):rep(2000) }
    end
    for _i, url in ipairs { WORKFLOW, CLASSIC } do
      local sent = send(url, { kind = "monitor", findings = findings }, url == CLASSIC and "1" or nil):ok():requested("POST", url)
      expect(#sent.body < 28 * 1024).to_be_true()
      expect(sent.body).to_contain("…")
    end
  end)

  it("is not sure of a classic connector whose answer breaks off", function()
    local sending = send(CLASSIC, {}, { body = "12345", cut_after = 1 })
    sending:failed { kind = "network", message = "broke off" }
  end)

  it("takes no other host for a classic one", function()
    local other = "https://webhook.office.com.example/x"
    expect(send(other, {}):ok():requested("POST", other).json.type).to_equal("message")
  end)
end)

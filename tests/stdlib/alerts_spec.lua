--- What fits the words of an alert into what a messenger takes.
local alerts = require "hikae.alerts"

describe("alerts.fit", function()
  it("counts characters as messengers do, and keeps the beginning and the end", function()
    expect(alerts.fit("バックアップ", 6)).to_equal("バックアップ")
    expect(alerts.fit("バックアップ", 5)).to_equal("バック…プ")
    expect(alerts.fit(("😀"):rep(3), 6)).to_equal(("😀"):rep(3))
    expect(alerts.utf16_units(alerts.fit(("😀"):rep(9), 9)) <= 9).to_be_true()
    expect(alerts.fit("", 3)).to_equal("")
    local long = "pg_dump failed: " .. ("x"):rep(5000) .. ": No space left on device"
    expect(alerts.fit(long, 200)).to_contain("pg_dump failed: x")
    expect(alerts.fit(long, 200)).to_contain("…")
    expect(alerts.fit(long, 200)).to_contain("No space left on device")
  end)
end)

describe("alerts.fit_bytes", function()
  it("counts bytes, and never cuts a character", function()
    expect(alerts.fit_bytes("abc", 3)).to_equal("abc")
    for max = 3, 20 do
      local cut = alerts.fit_bytes(("あ"):rep(9), max)
      expect(#cut <= max).to_be_true()
      expect(utf8.len(cut) ~= nil).to_be_true()
    end
    expect(alerts.fit_bytes(("あ"):rep(9), 9)).to_equal("ああ…")
    local both = alerts.fit_bytes("the beginning, and the end", 20)
    expect(both:match("^the begin")).to_equal("the begin")
    expect(both:match("e end$")).to_equal("e end")
  end)
end)

describe("alerts.fit_as", function()
  it("counts what is sent, and never gives up a text that becomes longer on the way", function()
    local function doubled(text)
      return (text:gsub(".", "%0%0"))
    end
    local cut = alerts.fit_as(("<"):rep(100), 20, doubled, string.len)
    expect(#cut <= 20).to_be_true()
    expect(cut).to_contain("<<")
  end)
end)

describe("alerts.header", function()
  it("leaves ASCII as it is, on one line", function()
    expect(alerts.header("Backup failed: x")).to_equal("Backup failed: x")
    expect(alerts.header("a\r\nX: b")).to_equal("a  X: b")
  end)

  it("encodes other text in words of at most 75 characters", function()
    expect(alerts.header("é")).to_equal("=?UTF-8?B?w6k=?=")
    expect(alerts.header("日本")).to_equal("=?UTF-8?B?5pel5pys?=")
    for word in alerts.header(("漢"):rep(100)):gmatch("%S+") do
      expect(#word <= 75).to_be_true()
    end
  end)
end)

describe("alerts.colour", function()
  it("is green for what is good alone, and red for what it does not know", function()
    expect(alerts.colour { tone = "good" }).to_equal("#2E7D32")
    expect(alerts.colour { tone = "warning" }).to_equal("#F9A825")
    expect(alerts.colour { tone = "whatever" }).to_equal("#C62828")
  end)
end)

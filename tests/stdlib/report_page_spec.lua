--- What hikae.report_page promises.
local page = require "hikae.report_page"

local REPORT = {
  month = { name = "2026-01", days = 31 }, drills = {},
  recipes = { { recipe = "db-<backup>", runs = 2, good = 1, failures = { space = 1 }, sizes = { { day = 1, size_bytes = 10 }, { day = 31, size_bytes = 20 } }, newest = 20, growth = 10, covered = 0.99999, longest = 7200 } },
}
local FACTS = { { label = "Free space", value = "1 & 2" } }

it("shows sizes and shares, never rounded up to all", function()
  expect(page.size(999)).to_be("999 B")
  expect(page.size(1500000)).to_be("1.5 MB")
  expect(page.percent(1)).to_be("100.00 %")
  expect(page.percent(0.99999)).to_be("99.99 %")
end)

it("shows lengths of time in their largest units", function()
  for seconds, shown in pairs { [0] = "0 s", [59.2] = "1 min", [61] = "1 min 1 s", [3600] = "1 h", [14400] = "4 h", [7500] = "2 h 5 min" } do
    expect(page.length(seconds)).to_be(shown)
  end
end)

it("colours a verdict, and nothing else", function()
  local facts = { { label = "A", value = "✗ 93 % <1" }, { label = "B", value = "✓ 1 h" }, { label = "C", value = "plain" } }
  local html, mail = page.html("Report", facts, REPORT, {}, false), page.html("Report", facts, REPORT, {}, true)
  expect(html).to_contain('<span class="bad">✗ 93 % &lt;1</span>')
  expect(html).to_contain('<span class="good">✓ 1 h</span>')
  expect(html).to_contain("<dd>plain</dd>")
  expect(mail).to_contain('<span style="color:#b3261e">✗')
end)

it("writes text with every figure", function()
  local text = page.text("Report", FACTS, REPORT, { "Look at it" })
  for _i, part in ipairs { "Free space: 1 & 2", "db-<backup>", "space 1", "99.99 %", "2 h", "Look at it" } do
    expect(text).to_contain(part)
  end
end)

it("writes a page with charts, and a mail without SVG; both escape what they show", function()
  local html, mail = page.html("Report", FACTS, REPORT, {}, false), page.html("Report", FACTS, REPORT, {}, true)
  expect(html).to_contain("<svg")
  expect(mail).never_to_contain("<svg")
  expect(mail).to_contain("bgcolor=")
  for _i, text in ipairs { html, mail } do
    expect(text).to_contain("db-&lt;backup&gt;")
    expect(text).never_to_contain("db-<backup>")
    expect(text).to_contain("1 &amp; 2")
  end
end)

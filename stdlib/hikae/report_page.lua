--- Writes the report of a month: as plain text, as an HTML page with charts, and as HTML for mails, where bars are cells of tables.
local page = {}

local UNITS = { "B", "kB", "MB", "GB", "TB" }

--- A size as people read it.
---@param bytes integer
---@return string
function page.size(bytes)
  local value, unit = bytes, 1
  while value >= 1000 and unit < #UNITS do
    value, unit = value / 1000, unit + 1
  end
  return unit == 1 and string.format("%d B", bytes) or string.format("%.1f %s", value, UNITS[unit])
end

--- A share as people read it, never rounded up to all.
---@param share number
---@return string
function page.percent(share)
  return string.format("%.2f %%", math.floor(share * 10000) / 100)
end

---@param text any
---@return string
local function escaped(text)
  return (string.gsub(tostring(text), "[&<>\"]", { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;" }))
end

--- The failures of a recipe: `network 2, space 1`.
---@param failures table<string, integer>
---@return string
local function failures_of(failures)
  local kinds = {}
  for kind, count in pairs(failures) do
    kinds[#kinds + 1] = kind .. " " .. count
  end
  table.sort(kinds)
  return #kinds > 0 and table.concat(kinds, ", ") or "-"
end

--- The heads of the table of recipes, and its rows.
---@param report hikae.figures.Report
---@return string[] heads
---@return string[][] rows
function page.table(report)
  local heads = { _("Recipe"), _("Runs"), _("Successes"), _("Failures"), _("Newest backup"), _("Growth"), _("Young backup (RPO)"), _("Longest gap") }
  local rows = {}
  for index, of in ipairs(report.recipes) do
    rows[index] = {
      of.recipe, tostring(of.runs), tostring(of.good), failures_of(of.failures), of.newest and page.size(of.newest) or "-",
      of.growth and (of.growth < 0 and "-" or "+") .. page.size(math.abs(of.growth)) or "-",
      of.covered and page.percent(of.covered) or "-", of.longest and _("%d h", of.longest // 3600) or "-",
    }
  end
  return heads, rows
end

--- The report as plain text.
---@param title string
---@param facts { label: string, value: string }[]
---@param report hikae.figures.Report
---@param more string[] Lines at its end.
---@return string
function page.text(title, facts, report, more)
  local lines = { title, string.rep("=", utf8.len(title)), "" }
  for _i, fact in ipairs(facts) do
    lines[#lines + 1] = fact.label .. ": " .. fact.value
  end
  local heads, rows = page.table(report)
  for _i, row in ipairs(rows) do
    lines[#lines + 1] = ""
    lines[#lines + 1] = row[1]
    for index = 2, #heads do
      if row[index] ~= "-" then
        lines[#lines + 1] = "  " .. heads[index] .. ": " .. row[index]
      end
    end
  end
  lines[#lines + 1] = ""
  table.move(more, 1, #more, #lines + 1, lines)
  return table.concat(lines, "\n") .. "\n"
end

--- The sizes of a recipe as an SVG chart, a bar for each day of the month.
---@param of hikae.figures.Recipe
---@param days integer
---@return string
local function chart(of, days)
  local largest, by_day = 1, {}
  for _i, size in ipairs(of.sizes) do
    by_day[size.day] = math.max(by_day[size.day] or 0, size.size_bytes)
    largest = math.max(largest, size.size_bytes)
  end
  local bars = {}
  for day = 1, days do
    local height = math.floor((by_day[day] or 0) * 60 / largest + 0.5)
    local what = string.format("%d: %s", day, page.size(by_day[day] or 0))
    bars[#bars + 1] = string.format('<rect x="%d" y="%d" width="8" height="%d"><title>%s</title></rect>', (day - 1) * 10 + 1, 62 - height, height, what)
  end
  return string.format(
    '<figure><figcaption>%s (%s)</figcaption><svg viewBox="0 0 %d 64" role="img" aria-label="%s">%s<path d="M0 63h%d"/></svg></figure>',
    escaped(of.recipe), escaped(_("largest: %s", page.size(largest))), days * 10, escaped(_("Sizes of %s by day", of.recipe)), table.concat(bars), days * 10)
end

--- The sizes of a recipe as bars of table cells, which every mail program shows: the last ten backups.
---@param of hikae.figures.Recipe
---@return string
local function cells(of)
  local largest, rows = 1, {}
  for _i, size in ipairs(of.sizes) do
    largest = math.max(largest, size.size_bytes)
  end
  for index = math.max(1, #of.sizes - 9), #of.sizes do
    local size = of.sizes[index]
    local width = math.max(1, size.size_bytes * 200 // largest)
    rows[#rows + 1] = string.format(
      '<tr><td style="padding:0 8px 0 0">%d</td><td><table cellpadding="0" cellspacing="0"><tr><td bgcolor="#2f6f9f" width="%d" height="10"></td></tr></table></td><td style="padding:0 0 0 8px">%s</td></tr>',
      size.day, width, page.size(size.size_bytes))
  end
  return "<h3>" .. escaped(of.recipe) .. '</h3><table cellpadding="2" cellspacing="0">' .. table.concat(rows) .. "</table>"
end

local STYLE = [[
body{font:16px/1.5 system-ui,sans-serif;color:#1b1b1b;background:#fff;margin:0 auto;padding:1rem;max-width:60rem}
h1{font-size:1.4rem;overflow-wrap:anywhere}dl{display:grid;grid-template-columns:minmax(8rem,auto) 1fr;gap:.2rem 1rem}dt{color:#555}dd{margin:0;overflow-wrap:anywhere}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #ddd;white-space:nowrap}
figure{margin:1rem 0}svg{width:100%;max-height:8rem;fill:#2f6f9f;stroke:none}path{stroke:#999}ul{padding-left:1.2rem}
@media print{body{max-width:none;font-size:11px}.wide{overflow:visible}figure,tr{break-inside:avoid}svg{max-height:4rem;print-color-adjust:exact;-webkit-print-color-adjust:exact}}
]]

--- The report as a page of its own, or for a mail.
---@param title string
---@param facts { label: string, value: string }[]
---@param report hikae.figures.Report
---@param more string[]
---@param for_mail boolean
---@return string
function page.html(title, facts, report, more, for_mail)
  local parts = { "<h1>" .. escaped(title) .. "</h1><dl>" }
  local fact = for_mail and "<p><b>%s</b>: %s</p>" or "<dt>%s</dt><dd>%s</dd>"
  parts[1] = for_mail and "<h1>" .. escaped(title) .. "</h1>" or parts[1]
  for _i, one in ipairs(facts) do
    parts[#parts + 1] = string.format(fact, escaped(one.label), escaped(one.value))
  end
  parts[#parts + 1] = for_mail and "" or "</dl>"
  local heads, rows = page.table(report)
  parts[#parts + 1] = '<div class="wide"><table cellpadding="4" cellspacing="0"><tr>'
  for _i, head in ipairs(heads) do
    parts[#parts + 1] = "<th align=\"left\">" .. escaped(head) .. "</th>"
  end
  for _i, row in ipairs(rows) do
    parts[#parts + 1] = "</tr><tr>"
    for _j, value in ipairs(row) do
      parts[#parts + 1] = "<td>" .. escaped(value) .. "</td>"
    end
  end
  parts[#parts + 1] = "</tr></table></div>"
  for _i, of in ipairs(report.recipes) do
    if #of.sizes > 0 then
      parts[#parts + 1] = for_mail and cells(of) or chart(of, report.month.days)
    end
  end
  parts[#parts + 1] = "<ul>"
  for _i, line in ipairs(more) do
    parts[#parts + 1] = line ~= "" and "<li>" .. escaped(line) .. "</li>" or ""
  end
  parts[#parts + 1] = "</ul>"
  local head = '<!DOCTYPE html><html><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>'
  return head .. escaped(title) .. "</title><style>" .. (for_mail and "" or STYLE) .. "</style></head><body>" .. table.concat(parts) .. "</body></html>\n"
end

return page

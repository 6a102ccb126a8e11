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

--- A length of time in its largest whole units: `2 h 5 min`.
---@param seconds number
---@return string
function page.length(seconds)
  local whole = math.ceil(seconds)
  local hours, minutes, rest = whole // 3600, whole % 3600 // 60, whole % 60
  if hours > 0 then
    return minutes > 0 and _("%d h %d min", hours, minutes) or _("%d h", hours)
  end
  return minutes > 0 and (rest > 0 and _("%d min %d s", minutes, rest) or _("%d min", minutes)) or _("%d s", rest)
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
    '<figure><figcaption>%s <small>%s</small></figcaption><svg viewBox="0 0 %d 64" preserveAspectRatio="none" role="img" aria-label="%s">%s<path d="M0 63h%d"/></svg><p class="days"><span>1</span><span>%d</span><span>%d</span></p></figure>',
    escaped(of.recipe), escaped(_("largest: %s", page.size(largest))), days * 10, escaped(_("Sizes of %s by day", of.recipe)), table.concat(bars), days * 10, (days + 1) // 2, days)
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
    local width = math.max(1, size.size_bytes * 160 // largest)
    rows[#rows + 1] = string.format(
      '<tr><td align="right" style="padding:0 8px 0 0;color:#555">%d</td><td><table cellpadding="0" cellspacing="0"><tr><td bgcolor="#2f6f9f" width="%d" height="10" style="font-size:1px;line-height:1px">&nbsp;</td></tr></table></td><td style="padding:0 0 0 8px;white-space:nowrap">%s</td></tr>',
      size.day, width, page.size(size.size_bytes))
  end
  return '<table cellpadding="1" cellspacing="0">' .. table.concat(rows) .. "</table>"
end

local STYLE = [[
body{font:16px/1.5 system-ui,sans-serif;color:#1b1b1b;background:#fff;margin:0 auto;padding:1rem;max-width:60rem}
h1{font-size:1.4rem;overflow-wrap:anywhere}dl{display:grid;grid-template-columns:minmax(8rem,auto) 1fr;gap:.2rem 1rem}dt{color:#555}dd{margin:0;overflow-wrap:anywhere}
.bad{color:#b3261e;font-weight:600}.good{color:#1d6b35}
table{border-collapse:collapse;width:100%}th,td{text-align:right;padding:.3rem .6rem;border-bottom:1px solid #ddd;white-space:nowrap}
th{white-space:normal;vertical-align:bottom}th:first-child,td:first-child{text-align:left}
figure{margin:1.2rem 0;break-inside:avoid}figcaption{font-weight:600}small{font-weight:400;color:#555}
svg{display:block;width:100%;height:7rem;fill:#2f6f9f;stroke:none}path{stroke:#999;vector-effect:non-scaling-stroke}
.days{display:flex;justify-content:space-between;margin:0;color:#555;font-size:.8rem}ul{padding-left:1.2rem}
@media screen and (max-width:40rem){
dl{display:block}dt{margin-top:.6rem;font-size:.9rem}
tr:first-child{display:none}tr,td{display:block}tr{padding:.6rem 0;border-bottom:1px solid #ddd}
td{display:flex;justify-content:space-between;gap:1rem;border:0;padding:.1rem 0;white-space:normal}td:first-child{font-weight:600}
td::before{content:attr(data-label);color:#555}td:first-child::before{content:none}td.none{display:none}}
@page{margin:14mm}
@media print{body{max-width:none;padding:0;font-size:11px}tr,dt,dd,li{break-inside:avoid}svg{height:2.6rem;print-color-adjust:exact;-webkit-print-color-adjust:exact}}
]]

--- A value with its verdict in colour, where it has one.
---@param value string
---@param is_mail boolean
---@return string
local function coloured(value, is_mail)
  local colours = { ["✗"] = { "bad", "#b3261e" }, ["✓"] = { "good", "#1d6b35" } }
  local colour = colours[string.match(value, "^[^ ]+")]
  if not colour then
    return escaped(value)
  end
  local how = is_mail and 'style="color:' .. colour[2] .. '"' or 'class="' .. colour[1] .. '"'
  return "<span " .. how .. ">" .. escaped(value) .. "</span>"
end

--- The recipes as a table, whose rows are blocks of their own on a narrow screen.
---@param report hikae.figures.Report
---@return string
local function table_of(report)
  local heads, rows = page.table(report)
  local parts = { "<table><tr>" }
  for _i, head in ipairs(heads) do
    parts[#parts + 1] = "<th>" .. escaped(head) .. "</th>"
  end
  for _i, row in ipairs(rows) do
    parts[#parts + 1] = "</tr><tr>"
    for index, value in ipairs(row) do
      local none = value == "-" and ' class="none"' or ""
      parts[#parts + 1] = string.format('<td%s data-label="%s">%s</td>', none, escaped(heads[index]), escaped(value))
    end
  end
  parts[#parts + 1] = "</tr></table>"
  for _i, of in ipairs(report.recipes) do
    parts[#parts + 1] = #of.sizes > 0 and chart(of, report.month.days) or ""
  end
  return table.concat(parts)
end

--- The recipes one below the other, as mail programs show them at any width.
---@param report hikae.figures.Report
---@return string
local function blocks_of(report)
  local heads, rows = page.table(report)
  local parts = {}
  for index, of in ipairs(report.recipes) do
    local row, said = rows[index], {}
    for column = 2, #heads do
      if row[column] ~= "-" then
        said[#said + 1] = escaped(heads[column]) .. ": " .. escaped(row[column])
      end
    end
    parts[#parts + 1] = '<h3 style="margin:20px 0 4px;font-size:16px">' .. escaped(of.recipe) .. '</h3><p style="margin:0 0 6px">'
      .. table.concat(said, " &middot; ") .. "</p>" .. (#of.sizes > 0 and cells(of) or "")
  end
  return table.concat(parts)
end

--- The facts, each with its label.
---@param facts { label: string, value: string }[]
---@param for_mail boolean
---@return string
local function facts_of(facts, for_mail)
  local row = for_mail and '<tr><td valign="top" style="color:#555;padding:2px 12px 2px 0">%s</td><td valign="top" style="padding:2px 0;word-break:break-word">%s</td></tr>'
    or "<dt>%s</dt><dd>%s</dd>"
  local parts = {}
  for index, one in ipairs(facts) do
    parts[index] = string.format(row, escaped(one.label), coloured(one.value, for_mail))
  end
  local all = table.concat(parts)
  return for_mail and '<table cellpadding="0" cellspacing="0">' .. all .. "</table>" or "<dl>" .. all .. "</dl>"
end

--- The report as a page of its own, or for a mail.
---@param title string
---@param facts { label: string, value: string }[]
---@param report hikae.figures.Report
---@param more string[]
---@param for_mail boolean
---@return string
function page.html(title, facts, report, more, for_mail)
  local lines = {}
  for index, line in ipairs(more) do
    lines[index] = line ~= "" and "<li>" .. escaped(line) .. "</li>" or ""
  end
  local style = for_mail and "" or "<style>" .. STYLE .. "</style>"
  local body = for_mail and '<body style="font:15px/1.5 sans-serif;color:#1b1b1b;background:#fff">' or "<body>"
  local heading = for_mail and '<h1 style="font-size:20px">' or "<h1>"
  local recipes = for_mail and blocks_of(report) or table_of(report)
  return '<!DOCTYPE html><html><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>'
    .. escaped(title) .. "</title>" .. style .. "</head>" .. body .. heading .. escaped(title) .. "</h1>" .. facts_of(facts, for_mail) .. recipes
    .. "<ul>" .. table.concat(lines) .. "</ul></body></html>\n"
end

return page

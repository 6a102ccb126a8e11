--- Reports a month: sizes, growth, failures, how young backups were and how fast restores, and when the disk is full.
local figures = require "hikae.figures"
local months = require "hikae.months"
local page = require "hikae.report_page"

--- The month that is reported: the one that is named, else the last whole one.
---@param p table
---@return hikae.months.Month
local function month_of(p)
  local month = months.read(p.month or months.before(clock.stamp()))
  if month.begins > clock.now() then
    error { message = _("%s has not begun", month.name), hint = _("write year and month: --set month=2026-02") }
  end
  return month
end

--- A share in percent.
---@param text string
---@return number
local function share_of(text)
  local share = tonumber(text)
  if not share or share <= 0 or share > 100 then
    error { message = _("the availability `%s` is no share in percent", text), hint = _("write a number up to 100: --set availability=99.9") }
  end
  return share
end

--- The figures that belong to no recipe alone, each with its objective.
---@param p table
---@param report hikae.figures.Report
---@return { label: string, value: string }[]
local function facts_of(p, report)
  local facts = {}
  local function add(label, value)
    facts[#facts + 1] = { label = label, value = value }
  end
  local worst
  for _i, of in ipairs(report.recipes) do
    worst = of.covered and math.min(worst or 1, of.covered) or worst
  end
  add(_("Runs"), _("%d, of them %d successes", report.runs, report.good))
  add(_("Backups of the month"), page.size(report.bytes))
  local availability = share_of(p.availability) / 100
  if worst then
    local verdict = worst >= availability and "✓" or "✗"
    add(_("Availability of a young backup"), _("%s %s (objective: %s)", verdict, page.percent(worst), page.percent(availability)))
  else
    add(_("Availability of a young backup"), "– " .. _("no backup was made"))
  end
  if report.rto then
    local verdict = report.rto <= p.objective_rto and "✓" or "✗"
    add(_("Restore time (RTO)"), _("%s %s (objective: %s)", verdict, page.length(report.rto), page.length(p.objective_rto)))
  else
    add(_("Restore time (RTO)"), "– " .. _("no restore test was a success"))
  end
  add(_("Restore tests"), tostring(#report.drills))
  local space = fs.disk_free(p.dir)
  local days, growth = figures.days_left(space.free_bytes, catalog.backups { within = "28d", limit = 10000 })
  add(_("Free space"), _("%s of %s", page.size(space.free_bytes), page.size(space.total_bytes)))
  add(_("The disk is full in"), days and _("%d days, at %s a day", days, page.size(growth)) or "– " .. _("it does not grow"))
  return facts
end

--- Who to call (guide App. A), as lines of facts.
---@return { label: string, value: string }[]
local function contacts()
  local lines = {}
  for index, group in ipairs(run.contacts()) do
    local label = group.level == "support" and _("Support of the vendors") or _("Contacts (level %s)", group.level)
    lines[index] = { label = label, value = table.concat(group.names, "; ") }
  end
  return lines
end

--- The points of the monthly list (guide §8.1), which people have to look at.
---@return string[]
local function points()
  return {
    _("Review of the disaster recovery: was each procedure tried, and does it still fit?"),
    _("Review of the strategy: do the objectives above hold?"),
    _("Review of the capacity: will the disk last?"),
  }
end

return recipe {
  kind = "report",
  type = "monthly",
  schedule = "0 3 1 * *",
  params = {
    month = { optional = true, says = "Month to report, such as `2026-02`; else the last one" },
    out = { type = "path", optional = true, says = "File of the report, which ends in `.html`; else `backup_report_MONTH.html` in `reports` below `dir`" },
    to = { type = "list", optional = true, says = "Addresses that the report is mailed to" },
    dir = { default = "/backups", type = "path", says = "Folder of the backups, whose disk is looked at" },
    objective_rpo = { type = "duration", default = "25h", says = "Age that the newest backup may have" },
    objective_rto = { type = "duration", default = "4h", says = "Time in which a restore must be done" },
    availability = { default = "99.9", says = "Share of the time in which there must be a young backup, in percent" },
    drills = { type = "list", default = { "backup-test", "git-backup-test" }, says = "Recipes that test restores" },
    smtp_host = { env = "SMTP_HOST", optional = true, says = "Mail server" },
    smtp_port = { env = "SMTP_PORT", default = 587, min = 1, max = 65535, says = "Port of the mail server" },
  },
  needs = { read = { "{dir}" }, write = { "{dir}", "{out}/.." }, connect = { "{smtp_host}:{smtp_port}" } },

  run = function(p)
    if p.out and not string.find(p.out, "%.html?$") then
      error { message = _("the report `%s` would be a page, and its name does not end so", p.out), hint = _("name it `.html`; the text lies beside it as `.txt`") }
    end
    local month = month_of(p)
    local report = figures.of(month, figures.runs(month), p)
    local title = _("Backup report %s", month.name)
    local facts, more, people = facts_of(p, report), points(), contacts()
    table.move(people, 1, #people, #facts + 1, facts)
    local text = page.text(title, facts, report, more)
    local out = p.out or path.join(p.dir, "reports", "backup_report_" .. month.name .. ".html")
    fs.mkdir(path.dir(out))
    fs.write(out, page.html(title, facts, report, more, false), { replace = true })
    fs.write(string.gsub(out, "%.html?$", "") .. ".txt", text, { replace = true })
    for line in string.gmatch(text, "[^\n]+") do
      log.info(line)
    end
    if p.to and #p.to > 0 then
      mail.send { to = p.to, subject = title, text = text, html = page.html(title, facts, report, more, true) }
      log.info(_("Report mailed to %s", table.concat(p.to, ", ")))
    end
    log.info(_("Report written: %s", out))
  end,
}

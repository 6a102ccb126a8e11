--- What hikae.figures promises of counting; what the record gives it is held to by recipes/backup-report_spec.lua.
local figures = require "hikae.figures"
local months = require "hikae.months"

local MONTH = months.read("2026-01")
local OPTIONS = { objective_rpo = 25 * 3600, drills = { "backup-test" } }

--- A run that began on a day of the month at 02:00 UTC and took a minute.
local function made(day, more)
  local at = string.format("2026-01-%02dT02:00:00Z", day)
  local found = { recipe = "db-backup", status = "success", started_at = at, ended_at = at, duration_secs = 60, backups = {} }
  for name, value in pairs(more or {}) do
    found[name] = value
  end
  return found
end

local function backup(bytes) return { { path = "/b/x", size_bytes = bytes, sha256 = "" } } end

it("counts runs, failures by kind, sizes and growth of each recipe", function()
  local report = figures.of(MONTH, {
    made(1, { backups = backup(100) }), made(2, { status = "failure", error = { kind = "space", message = "full" } }),
    made(3, { status = "interrupted" }), made(4, { backups = backup(160) }), made(5, { recipe = "backup-test", duration_secs = 900 }),
  }, OPTIONS)
  local db = report.recipes[2]
  expect({ db.recipe, db.runs, db.good, db.newest, db.growth }).to_equal { "db-backup", 4, 2, 160, 60 }
  expect(db.failures).to_equal { space = 1, interrupted = 1 }
  expect({ report.runs, report.good, report.bytes, #report.drills, report.rto }).to_equal { 5, 3, 260, 1, 900 }
end)

it("says how much of the time there was a young backup, and the longest gap", function()
  local runs = {}
  for day = 1, 31 do
    runs[#runs + 1] = (day < 11 or day > 12) and made(day, { backups = backup(1) }) or nil
  end
  local db = figures.of(MONTH, runs, OPTIONS).recipes[1]
  expect(db.longest).to_be(3 * 86400)
  -- Two days without a backup, less the hour that the objective leaves.
  expect(db.covered > 0.93 and db.covered < 0.94).to_be_true()
end)

it("refuses a month without a run", function()
  expect(function() figures.of(MONTH, {}, OPTIONS) end).to_raise { kind = "not_found", message = "no run in 2026-01" }
end)

it("says when the disk is full by what two weeks added to the two before", function()
  local function ago(days, bytes)
    return { created_at = "1970-01-01T00:00:00Z", size_bytes = bytes, days = days }
  end
  expect(figures.days_left(1000, { ago(1, 50) })).to_be_nil()
  expect(figures.days_left(1000, {})).to_be_nil()
end)

---@meta catalog

--- What the record of all runs says: what is silent, for a recipe that watches over the others; what was run and made, for reports.
catalog = {}

---@class catalog.Overdue
---@field recipe string
---@field target string The recipe, with the database and folder where these are not the recipe's defaults: `db-backup (database=shop)`.
---@field shown string What to show people: the recipe where it has one target only, else the target.
---@field verdict "late"|"stale"|"never_ran"|"stuck"|"broken"
---@field due? string When it should have run, `2026-02-15 02:00:00`, local time.
---@field since? string When it ran last; for `stuck`, since when it runs.
---@field age_secs? integer For `stale`: how old its last good backup is; nil where there is none.
---@field objective_secs? integer For `stale`: how old that may be; for `stuck`: how long it may run.
---@field why? string For `broken`: why it cannot be loaded.

--- What is wrong with recipes and is reported by no run, as `hikae status` shows it: one that has a schedule and did not run,
--- whose last good backup is older than its objective, that never ran, that runs for longer than its timeout, or that cannot be
--- loaded. Runs that failed are not among it: they tell themselves.
---@return catalog.Overdue[]
function catalog.overdue() end

---@class (exact) catalog.RunsOptions
---@field recipe? string
---@field status? "running"|"success"|"failure"|"partial"|"locked"|"interrupted"
---@field type? "daily"|"weekly"|"monthly"|"manual"
---@field within? integer|string Only runs that started at most so long ago: seconds, or text such as `"30d"`.
---@field limit? integer How many runs are looked at. Default 100, at most 10 000.

---@class catalog.Run
---@field id string
---@field recipe string
---@field type string
---@field status string
---@field started_at string RFC 3339.
---@field ended_at? string
---@field duration_secs? number
---@field error? { kind: string, message: string, hint: string? }
---@field backups { path: string, size_bytes: integer, sha256: string }[]

---@class catalog.Backup
---@field path string
---@field size_bytes integer
---@field sha256 string
---@field created_at string RFC 3339.
---@field run_id string
---@field recipe string

--- The runs that fit, the newest first; the present run is among them.
---@param options? catalog.RunsOptions
---@return catalog.Run[]
function catalog.runs(options) end

--- The backups that these runs have made. Whether a file is still there only the disk says.
---@param options? catalog.RunsOptions
---@return catalog.Backup[]
function catalog.backups(options) end

---@meta catalog

--- What the record of all runs tells: here of what is silent, for a recipe that watches over the others.
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

--- What is wrong with recipes and tells nobody by itself, as `hikae status` shows it: one that has a schedule and did not run,
--- whose last good backup is older than its objective, that never ran, that runs for longer than its timeout, or that cannot be
--- loaded. Runs that failed are not among it: they tell themselves.
---@return catalog.Overdue[]
function catalog.overdue() end

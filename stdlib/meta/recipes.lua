---@meta recipes

--- Other recipes, each run as a run of its own: with its own id, lock, record, needs and walls, in a process of its own.
recipes = {}

---@class (exact) recipes.RunOptions
---@field set? table<string, string|number|boolean|Secret> Params that are set for that run, as by `--set`.
---@field may_fail? boolean Whether a run that is no success is given as its outcome instead of raised. Default false. A run that could not begin, or that `timeout` has ended, has no outcome: it is raised anyway.
---@field timeout? integer|string The longest that it may take (seconds, or text such as `"3h"`); then it is ended, and an error of kind `timeout` raised. Default: that of `[limits]`.

--- How a run ended: what the last line of `hikae run --json` says.
---@class (exact) recipes.Outcome
---@field id string
---@field recipe string
---@field type string
---@field status "success"|"failure"|"partial"|"locked"|"interrupted"
---@field target string
---@field parent string The run that has started it: this one.
---@field started_at string
---@field ended_at string
---@field duration_secs number
---@field error? { kind: string, message: string, hint?: string }
---@field backups { path: string, size_bytes: integer, sha256: string }[]
---@field steps table[]

--- Runs a recipe that `needs.recipes` declares, and waits for its end. Cancelling this run cancels that one. Where both fail, one
--- alert speaks for both: that of this run.
---@param recipe string
---@param options? recipes.RunOptions
---@return recipes.Outcome
function recipes.run(recipe, options) end

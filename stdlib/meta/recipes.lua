---@meta recipes

--- Runs other recipes, which are declared in `needs.recipes`. Each is a run of its own: with its own id, lock, record, needs and wall, in a process of its own.
recipes = {}

---@class (exact) recipes.RunOptions
---@field set? table<string, string|integer|boolean|string[]> Its params, as `--set` gives them. Other values come from where they always come from.
---@field type? "daily"|"weekly"|"monthly"|"manual" The type of the run, in its id. Default: the recipe's.
---@field timeout? integer|string Longest time: seconds, or text such as `"2h"`. Then it is cancelled. Default: that of the run.

--- How a run ended, as the last line of `hikae run --json` has it.
---@class recipes.Outcome
---@field id string
---@field recipe string
---@field status "success"|"failure"|"partial"|"locked"|"interrupted"
---@field error? { kind: string, message: string, hint: string? }
---@field backups { path: string, size_bytes: integer, sha256: string }[]
---@field duration_secs number

--- Runs a recipe to its end, and gives its outcome, whatever that is; one that could not begin is an error. One runs at a time. When this run is cancelled, it is cancelled too.
---@param name string
---@param options? recipes.RunOptions
---@return recipes.Outcome
function recipes.run(name, options) end

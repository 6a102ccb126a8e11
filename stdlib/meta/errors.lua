---@meta errors

--- Catching a failure, and answering for it. A failure that is caught and neither accepted nor raised again makes the run partial.
errors = {}

---@alias errors.Kind "not_found"|"already_exists"|"denied"|"command"|"network"|"timeout"|"space"|"integrity"|"recipe"|"cancelled"|"locked"|"other"

---@class errors.Failure A failure that was caught.
---@field kind errors.Kind
---@field message string What failed, with its causes, on one line.
---@field hint? string What to try.
---@field site? string Where in the recipe: `recipes/db-backup.lua:12`.
---@field checks? pg.Check[] What was compared, when the failure is that of `pg.verify`.

---@class (exact) errors.Raised
---@field message string The act and its object, without a period.
---@field kind? errors.Kind Default `recipe`.
---@field hint? string What to try.

--- Calls a function. Gives true and what it returned, or false and the failure. `pcall` is the same.
---@param fn function
---@param ... any
---@return boolean ok
---@return any value_or_failure
function errors.try(fn, ...) end

--- Accepts a caught failure in words, which are kept with the run.
---@param failure errors.Failure
---@param why string Why this is fine.
function errors.accept(failure, why) end

--- Raises an error: a text, a table, or a failure that was caught. `error` is the same.
---@param what string|errors.Raised|errors.Failure
function errors.raise(what) end

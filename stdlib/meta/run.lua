---@meta run

--- The run that is under way.
run = {}

--- Its id: `BKP-20260215-020000-daily`.
---@return string
function run.id() end

--- The name of its recipe.
---@return string
function run.recipe() end

--- The kind of its recipe.
---@return "backup"|"restore"|"drill"|"monitor"|"report"|"check"|"maintenance"
function run.kind() end

--- Whether it was started with `--yes`: whoever started it agreed to everything that it does, before any of it was seen.
---@return boolean
function run.confirmed() end

---@class (exact) run.NoteOptions
---@field took? number How many seconds it took. Default 0.
---@field measure? "rto" What `took` is a measure of: `"rto"` is how long a restore took, which `hikae status` shows.
---@field failed? string What is wrong with it: the step is then one that failed. The outcome stays as it is.

--- Writes a step of the recipe's own into the record of the run: `runs show` and the last line of `--json` have it.
---@param name string What it is, such as `"RTO reached"`.
---@param options? run.NoteOptions
function run.note(name, options) end

--- The paths of the backups that it has proved so far.
---@return string[]
function run.backups() end

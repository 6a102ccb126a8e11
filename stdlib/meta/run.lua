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
---@return "backup"|"restore"|"check"|"maintenance"
function run.kind() end

--- The paths of the backups that it has proved so far.
---@return string[]
function run.backups() end

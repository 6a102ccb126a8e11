---@meta log

--- Lines for the person who reads the run. `--quiet` shows warnings and errors only.
log = {}

--- A line that only `--verbose` shows.
---@param message string
function log.debug(message) end

--- A line about what was done.
---@param message string
function log.info(message) end

--- A line about what a person should look at, though the run goes on.
---@param message string
function log.warn(message) end

--- A line at the level of an error. It does not fail the run: `error(message)` does.
---@param message string
function log.error(message) end

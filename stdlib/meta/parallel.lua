---@meta parallel

--- Runs branches at once and gives what each returned, by name. The first failure ends the others.
---@param branches table<string, function>
---@return table<string, any>
function parallel(branches) end

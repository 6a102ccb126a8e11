---@meta done

--- What specs say of the files that a run wrote and of the programs that it ran.

--- A file that a run wrote.
---@class Written
---@field path string
---@field size_bytes integer
local Written = {}

--- Expects gzip data that unpacks to exactly this text.
---@param text string
---@return Written
function Written:gunzips_to(text) end

--- Expects zstd data that unpacks to exactly this text.
---@param text string
---@return Written
function Written:unzstds_to(text) end

--- Expects exactly this text.
---@param text string
---@return Written
function Written:equals(text) end

--- Expects a text with this text in it.
---@param text string
---@return Written
function Written:contains(text) end

--- Expects permission bits, as `chmod` takes them.
---@param mode string Such as `"0600"`.
---@return Written
function Written:has_mode(mode) end

--- Expects a manifest beside the file that describes it: name, size, sha256.
---@return Written
function Written:has_manifest() end

--- The calls of a program that everything so far holds for.
---@class Ran
local Ran = {}

--- Expects a call with all of these arguments.
---@param ... string
---@return Ran
function Ran:with(...) end

--- Expects no call with any of these arguments.
---@param ... string
---@return Ran
function Ran:without(...) end

--- Expects a call for which the recipe set this variable.
---@param name string
---@return Ran
function Ran:with_env(name) end

--- Expects one call.
---@return Ran
function Ran:once() end

--- Expects this many calls.
---@param times integer
---@return Ran
function Ran:times(times) end

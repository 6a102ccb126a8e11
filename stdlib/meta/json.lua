---@meta json

--- JSON (RFC 8259) as tables and back.
json = {}

--- A text of at most 8 MiB as a value; `null` is nil, so a member that is null is absent.
---@param text string
---@return any
function json.decode(text) end

--- A value as JSON on one line. Functions and secrets are refused.
---@param value any
---@return string
function json.encode(value) end

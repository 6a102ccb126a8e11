--- Reads the variables of an application from its env file, and shows them without what is secret in them.
local diffs = require "hikae.diffs"

local environment = {}

---@class (exact) hikae.environment.Variable
---@field name string
---@field value string

local MASK = "****"

--- An error that names the line of the file.
---@param file string
---@param line integer
---@param why string
local function refuse(file, line, why)
  error {
    kind = "integrity",
    message = _("the env file `%s` cannot be read: line %d: %s", file, line, why),
    hint = _("each line is NAME=value, a comment, or empty; a value with blanks is in quotes"),
  }
end

--- Whether the character at `at` is escaped: by a backslash that is not escaped itself.
---@param text string
---@param at integer
---@return boolean
local function is_escaped(text, at)
  local backslashes = string.match(string.sub(text, 1, at - 1), "\\*$")
  return #backslashes % 2 == 1
end

--- The text after an opening quote, up to the closing one, on as many lines as it takes.
---@param lines string[]
---@param at integer The line that it begins on.
---@param rest string What follows the opening quote.
---@param quote string
---@return string? value nil where the quote is never closed.
---@return integer at The line that it ends on.
local function quoted(lines, at, rest, quote)
  local value = {}
  local from = 1
  while true do
    local close = string.find(rest, quote, from, true)
    while close and quote == '"' and is_escaped(rest, close) do
      close = string.find(rest, quote, close + 1, true)
    end
    if close then
      value[#value + 1] = string.sub(rest, 1, close - 1)
      return table.concat(value, "\n"), at
    elseif at == #lines then
      return nil, at
    end
    value[#value + 1] = rest
    at, from = at + 1, 1
    rest = lines[at]
  end
end

--- The lines of a text, without their ends.
---@param text string
---@return string[]
local function lines_of(text)
  local lines = {}
  for line in string.gmatch(text, "([^\n]*)\n?") do
    lines[#lines + 1] = (string.gsub(line, "\r$", ""))
  end
  return lines
end

--- All variables of an env file, in their order; of two of the same name the later one counts.
---@param file string
---@return hikae.environment.Variable[]
function environment.read(file)
  local lines = lines_of(fs.read(file))
  local found, at = {}, 1
  while at <= #lines do
    local line = string.match(lines[at], "^%s*(.-)%s*$")
    if line ~= "" and string.sub(line, 1, 1) ~= "#" then
      local began = at
      local name, rest = string.match((string.gsub(line, "^export%s+", "")), "^([%a_][%w_%.%-]*)%s*=%s*(.*)$")
      if not name then
        refuse(file, at, _("it is no assignment"))
      end
      local quote, value = string.match(rest, "^([\"'`])"), nil
      if quote then
        value, at = quoted(lines, at, string.sub(rest, 2), quote)
        if not value then
          refuse(file, began, _("the quote is never closed"))
        end
      else
        value = string.gsub(rest, "%s+#.*$", "")
      end
      found[#found + 1] = { name = name, value = value }
    end
    at = at + 1
  end
  return found
end

--- Whether a name is one of these, each a name or a beginning with `*` behind it.
---@param name string
---@param names string[]
---@return boolean
local function is_allowed(name, names)
  for _i, allowed in ipairs(names) do
    local start = string.match(allowed, "^(.-)%*$")
    if name == allowed or start and string.sub(name, 1, #start) == start then
      return true
    end
  end
  return false
end

--- A value as it may be shown under this name. The name is set apart, or both together would look like one long key.
---@param name string
---@param value string
---@return string
local function shown(name, value)
  local line = diffs.masked(string.gsub(name, "[=:]", "_") .. ": " .. value)
  return (string.match(line, "^[^:]*: (.*)$"))
end

--- A value without what is secret in it: the user and the password in an address, passwords among its parameters, and all of it
--- under a name that says so, or where it looks like a key. On one line.
---@param variable hikae.environment.Variable
---@return string
function environment.masked(variable)
  if string.find(variable.value, "-----BEGIN", 1, true) then
    return MASK
  end
  local value = string.gsub(variable.value, "\n", "\\n")
  value = string.gsub(value, "(%a[%w+.%-]*://).*@", "%1" .. MASK .. "@")
  if not string.find(value, "^%a[%w+.%-]*://") then
    value = string.gsub(value, "^[^%s/:@]+:[^%s]*@", MASK .. "@")
  end
  value = string.gsub(value, "([?&;][^=&;]*)=([^&;]*)", function(name, of)
    return name .. "=" .. shown(name, of)
  end)
  return shown(variable.name, value)
end

--- The variables of an env file whose names are allowed, as lines for a file, each masked.
---@param file string
---@param names string[]
---@return string text
---@return integer count
function environment.text(file, names)
  local lines, last = {}, {}
  for _i, variable in ipairs(environment.read(file)) do
    if is_allowed(variable.name, names) then
      local at = last[variable.name] or #lines + 1
      lines[at], last[variable.name] = variable.name .. "=" .. environment.masked(variable), at
    end
  end
  return table.concat(lines, "\n") .. (#lines > 0 and "\n" or ""), #lines
end

return environment

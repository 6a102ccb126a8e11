--- Compares a folder with one that is live, and shows in lines what is different, without any value that could be a secret.
local diffs = {}

---@class (exact) hikae.diffs.Difference
---@field name string Below the folders.
---@field kind "new"|"changed"|"gone" `gone`: only the live folder has it.

--- What is larger is only said to be another.
local LARGEST = 256 << 10
--- More lines than this, on one of the two sides, are shown as taken out and put in.
local MOST_LINES = 400
--- Names of what nobody should read in a log.
local SECRET = { "secret", "passw", "pwd", "token", "key", "credential", "auth", "dsn", "cookie", "private", "salt" }
local MASK = "****"

--- Whether a file and the one at another path hold the same.
---@param one fs.Entry
---@param other fs.Stat
---@param at string
---@return boolean
local function same(one, other, at)
  if one.size_bytes ~= other.size_bytes then
    return false
  elseif one.size_bytes <= LARGEST then
    return fs.read(one.path) == fs.read(at)
  end
  return fs.open(one.path):discard().sha256 == fs.open(at):discard().sha256
end

--- What is only live, in a folder that both have.
---@param folder string
---@param live string
---@param known table<string, boolean>
---@param passed_over fun(name: string): boolean
---@return hikae.diffs.Difference[]
local function gone(folder, live, known, passed_over)
  local found = {}
  for _i, entry in ipairs(fs.stat(folder) and fs.list { dir = folder, kind = "file" } or {}) do
    local name = string.sub(entry.path, #live + 2)
    if not known[name] and not passed_over(name) then
      found[#found + 1] = { name = name, kind = "gone" }
    end
  end
  return found
end

--- What is different, in the order of the names. Of the live folder only those folders are looked into that the other one has too;
--- what `passed_over` takes for none of its files is not listed as gone.
---@param dir string
---@param live string
---@param passed_over fun(name: string): boolean
---@return hikae.diffs.Difference[]
function diffs.between(dir, live, passed_over)
  local found, known, folders = {}, {}, {}
  for _i, entry in ipairs(fs.list { dir = dir, recursive = true, kind = "file" }) do
    local name = string.sub(entry.path, #dir + 2)
    local target = path.join(live, name)
    local stat, folder = fs.stat(target), path.dir(target)
    known[name] = true
    if not folders[folder] then
      folders[folder], folders[#folders + 1] = true, folder
    end
    if not stat then
      found[#found + 1] = { name = name, kind = "new" }
    elseif stat.kind ~= "file" then
      error { kind = "already_exists", message = _("`%s` is not a file", target), hint = _("move it away, and run this again") }
    elseif not same(entry, stat, target) then
      found[#found + 1] = { name = name, kind = "changed" }
    end
  end
  for _i, folder in ipairs(folders) do
    local more = gone(folder, live, known, passed_over)
    table.move(more, 1, #more, #found + 1, found)
  end
  table.sort(found, function(a, b) return a.name < b.name end)
  return found
end

--- Whether the value of a name is secret.
---@param name string
---@return boolean
local function is_secret(name)
  for _i, word in ipairs(SECRET) do
    if string.find(string.lower(name), word, 1, true) then
      return true
    end
  end
  return string.find(string.lower(name), "pass[%s'\"]*[=:]?%s*$") ~= nil
end

--- Where a value ends: at its closing quote, else at the next blank, or at what parts the pairs of an address or of `a=b;c=d`.
---@param text string
---@param from integer Where it begins.
---@param ends string Pattern of what ends a value without quotes.
---@return integer past
local function end_of(text, from, ends)
  local quote = string.match(text, "^['\"]", from)
  if not quote then
    return string.find(text, ends, from) or #text + 1
  end
  local at = from + 1
  while at <= #text do
    local letter = string.sub(text, at, at)
    if letter == "\\" or letter == quote and string.sub(text, at + 1, at + 1) == quote then
      at = at + 1
    elseif letter == quote then
      return at + 1
    end
    at = at + 1
  end
  return at
end

--- A text whose pairs `name=value` have no value under a secret name, as in the connection strings of libpq (`host=db password='a b'`),
--- of ODBC (`Server=db;Pwd=x`) and in addresses (`?password=x&y=z`).
---@param text string
---@return string
function diffs.pairs_masked(text)
  local parts, at = {}, 1
  local listed = string.find(text, ";", 1, true) and not string.find(text, "[%w_]%s*=%s*[^;%s]*%s+[%w_]+%s*=")
  while true do
    local first, last, name = string.find(text, "([%a_][%w_%-%.]*)%s*=%s*", at)
    if not first then
      parts[#parts + 1] = string.sub(text, at)
      return table.concat(parts)
    end
    parts[#parts + 1] = string.sub(text, at, last)
    at = last + 1
    if is_secret(name) and at <= #text then
      local in_address = string.find(string.sub(text, 1, first - 1), "[?&]$")
      at = end_of(text, at, in_address and "[&%s#]" or listed and ";" or "%s")
      parts[#parts + 1] = MASK
    end
  end
end

--- A line without what could be a secret: values under such names, passwords in addresses, and long words of no language.
---@param line string
---@return string
function diffs.masked(line)
  local before, value = string.match(line, "^(.-[=:]%s*)(%S.*)$")
  if before and is_secret(before) then
    return before .. MASK
  end
  line = diffs.pairs_masked(line)
  line = string.gsub(line, "://[^/@%s]+@", "://" .. MASK .. "@")
  local masked = string.gsub(line, "[%w+/=_%-]+", function(word)
    return #word >= 20 and string.find(word, "%d") and string.find(word, "%a") and MASK or word
  end)
  return masked
end

--- The lines of a text.
---@param text string
---@return string[]
local function lines_of(text)
  local lines = {}
  for line in string.gmatch(text, "([^\n]*)\n?") do
    lines[#lines + 1] = line
  end
  if lines[#lines] == "" then
    lines[#lines] = nil
  end
  return lines
end

--- How long the longest common row of lines is, from each pair of places on.
---@param old string[]
---@param new string[]
---@return integer[][]
local function common(old, new)
  local lengths = {}
  for i = #old + 1, 1, -1 do
    lengths[i] = {}
    for j = #new + 1, 1, -1 do
      if i > #old or j > #new then
        lengths[i][j] = 0
      elseif old[i] == new[j] then
        lengths[i][j] = lengths[i + 1][j + 1] + 1
      else
        lengths[i][j] = math.max(lengths[i + 1][j], lengths[i][j + 1])
      end
    end
  end
  return lengths
end

--- The lines that go (`-`) and that come (`+`), each with its place, in order.
---@param old string[]
---@param new string[]
---@return string[]
local function changed_lines(old, new)
  local shown = {}
  if math.max(#old, #new) > MOST_LINES then
    return { _("%d lines instead of %d", #new, #old) }
  end
  local lengths, i, j = common(old, new), 1, 1
  while i <= #old or j <= #new do
    if i <= #old and j <= #new and old[i] == new[j] then
      i, j = i + 1, j + 1
    elseif i <= #old and (j > #new or lengths[i + 1][j] >= lengths[i][j + 1]) then
      shown[#shown + 1] = string.format("-%d: %s", i, diffs.masked(old[i]))
      i = i + 1
    else
      shown[#shown + 1] = string.format("+%d: %s", j, diffs.masked(new[j]))
      j = j + 1
    end
  end
  return shown
end

--- The variables that a text sets.
---@param lines string[]
---@return table<string, string>
local function variables(lines)
  local set = {}
  for _i, line in ipairs(lines) do
    local name, value = string.match(line, "^%s*e?x?p?o?r?t?%s*([%w_]+)%s*=(.*)$")
    if name then
      set[name] = value
    end
  end
  return set
end

--- The names of the variables that are new, others, or gone; never a value.
---@param old string[]
---@param new string[]
---@return string[]
local function changed_variables(old, new)
  local shown = {}
  local before, after = variables(old), variables(new)
  for name, value in pairs(after) do
    if not before[name] then
      shown[#shown + 1] = "+ " .. name
    elseif before[name] ~= value then
      shown[#shown + 1] = "~ " .. name
    end
  end
  for name in pairs(before) do
    if not after[name] then
      shown[#shown + 1] = "- " .. name
    end
  end
  table.sort(shown)
  return shown
end

--- Whether a file sets variables, one a line.
---@param name string
---@return boolean
local function sets_variables(name)
  local base = string.match(name, "[^/]*$")
  return string.find(base, "%.env$") ~= nil or string.find(base, "^%.env") ~= nil or string.find(base, "^env_vars") ~= nil
end

--- The text of a small file; nil where it is no text, is large, or holds a key.
---@param file string
---@return string?
local function text_of(file)
  if fs.stat(file).size_bytes > LARGEST then
    return nil
  end
  local text = fs.read(file)
  local is_text = utf8.len(text) and not string.find(text, "[%z\1-\8]")
  return is_text and not string.find(text, "PRIVATE KEY", 1, true) and text or nil
end

--- How a live file would change, in lines: of files that set variables only their names, and no value that could be a secret.
---@param file string
---@param live string
---@return string[]
function diffs.lines(file, live)
  local new, old = text_of(file), text_of(live)
  if not (new and old) then
    return { _("its content is another") }
  elseif sets_variables(file) then
    return changed_variables(lines_of(old), lines_of(new))
  end
  return changed_lines(lines_of(old), lines_of(new))
end

return diffs

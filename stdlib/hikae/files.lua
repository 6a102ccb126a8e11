--- Finds the files that a recipe names: relative to a folder or absolute, with patterns in their last part.
local files = {}

--- The path of a name, which may be absolute already.
---@param dir string
---@param name string
---@return string
local function at(dir, name)
  local file = string.sub(name, 1, 1) == "/" and name or path.join(dir, name)
  -- `.` is the folder itself, and so is a `/` at the end.
  local plain = string.gsub(string.gsub(file, "/%.%f[/\0]", ""), "/+$", "")
  return plain == "" and "/" or plain
end

--- Whether a path lies below a folder.
---@param file string
---@param folder string
---@return boolean
function files.lies_below(file, folder)
  return string.sub(file, 1, #folder + 1) == folder .. "/"
end

--- Patterns that leave out of the roots of an archive what is in a folder that lies in one: an archive does not hold itself.
---@param dir string
---@param roots string[]
---@param but? string The name of a file in the folder that is packed all the same.
---@return string[]
function files.without(dir, roots, but)
  local patterns = {}
  for _i, root in ipairs(roots) do
    if files.lies_below(dir, root) then
      local below = string.sub(dir, #root + 1)
      patterns[#patterns + 1] = below .. "/*"
      patterns[#patterns + 1] = but and "!" .. below .. "/" .. but
    end
  end
  return patterns
end

--- What the names stand for: the files that are there, and the names that stand for none.
---@param dir string The folder that names are relative to.
---@param names string[]
---@return string[] found Sorted, each once.
---@return string[] missing
function files.find(dir, names)
  local found, missing, seen = {}, {}, {}
  local function add(file)
    if not seen[file] then
      seen[file], found[#found + 1] = true, file
    end
  end
  for _i, name in ipairs(names) do
    local file = at(dir, name)
    if string.find(name, "[*?%[]") then
      local folder = path.dir(file)
      local fit = fs.stat(folder) and fs.list { dir = folder, name = path.name(file) } or {}
      for _j, entry in ipairs(fit) do
        add(entry.path)
      end
      missing[#missing + 1] = #fit == 0 and name or nil
    elseif fs.stat(file) then
      add(file)
    else
      missing[#missing + 1] = name
    end
  end
  table.sort(found)
  return found, missing
end

--- Raises where a listing left out names that are not UTF-8: what is done to the others does not reach these.
---@param dir string
---@param skipped integer
---@param others integer
function files.refuse_skipped(dir, skipped, others)
  if skipped > 0 then
    error {
      message = _("names that are not UTF-8: %d; the permissions of these were not set, those of %d others are", skipped, others),
      hint = _("rename them, or set their modes by hand: `find %s -type f -exec chmod 600 {} +`", dir),
    }
  end
end

--- The paths of names, without those that are in `found`, or lie in a folder of it.
---@param found string[]
---@param dir string The folder that names are relative to.
---@param names string[]
---@return string[]
function files.outside(found, dir, names)
  local outside = {}
  for _i, name in ipairs(names) do
    local file, inside = at(dir, name), false
    for _j, folder in ipairs(found) do
      inside = inside or file == folder or files.lies_below(file, folder)
    end
    outside[#outside + 1] = not inside and file or nil
  end
  return outside
end

return files

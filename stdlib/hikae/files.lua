--- Finds the files that a recipe names: relative to a folder or absolute, with patterns in their last part.
local files = {}

--- The path of a name, which may be absolute already.
---@param dir string
---@param name string
---@return string
local function at(dir, name)
  return string.sub(name, 1, 1) == "/" and name or path.join(dir, name)
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
      inside = inside or file == folder or string.sub(file, 1, #folder + 1) == folder .. "/"
    end
    outside[#outside + 1] = not inside and file or nil
  end
  return outside
end

return files

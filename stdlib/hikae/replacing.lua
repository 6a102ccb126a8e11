--- Replaces live files, and keeps the old ones; when one fails, all are put back.
local replacing = {}

--- One file that takes the place of a live one.
---@class (exact) hikae.replacing.File
---@field from string
---@field live string

--- What a live file, and a new one that is not in its place yet, are called meanwhile.
local KEPT, NEW = ".before_", ".new_"

--- Whether a file was left beside another one by this.
---@param name string
---@return boolean
function replacing.is_left(name)
  return string.find(name, "%.before_%d+_%d+$") ~= nil or string.find(name, "%.new_%d+_%d+$") ~= nil
end

--- Puts one file back as it was, however far it came.
---@param file hikae.replacing.File
---@param stamp string
---@param was_there boolean
local function put_back(file, stamp, was_there)
  local kept, new = file.live .. KEPT .. stamp, file.live .. NEW .. stamp
  if fs.stat(new) then
    fs.remove(new, { why = _("it did not come into its place") })
  elseif fs.stat(file.live) and (fs.stat(kept) or not was_there) then
    fs.remove(file.live, { why = _("another file could not be put in place") })
  end
  if fs.stat(kept) then
    fs.rename(kept, file.live)
  end
end

--- Puts one file into its place.
---@param file hikae.replacing.File
---@param stamp string
---@param live? fs.Stat
local function put(file, stamp, live)
  local kept, new = file.live .. KEPT .. stamp, file.live .. NEW .. stamp
  local given = live or fs.stat(file.from)
  fs.copy(file.from, new, { mode = given and given.mode })
  if live then
    local made = fs.stat(new)
    if made.owner ~= live.owner or made.group ~= live.group then
      error {
        kind = "denied",
        message = _("`%s` belongs to another user or group, and its new version would not", file.live),
        hint = _("run this as that user, or put the file in place by hand: %s", file.from),
      }
    end
    fs.rename(file.live, kept)
  end
  fs.rename(new, file.live)
end

--- Puts all of them into their places; gives what the name of each that was kept ends with. When that fails, all is as it was.
---@param files hikae.replacing.File[]
---@return string
function replacing.put_in_place(files)
  local stamp = clock.stamp()
  local begun = {}
  local ok, failure = errors.try(function()
    for _i, file in ipairs(files) do
      local live = fs.stat(file.live)
      table.insert(begun, 1, { file = file, was_there = live ~= nil })
      put(file, stamp, live)
    end
  end)
  if ok then
    return KEPT .. stamp
  end
  for _i, begin in ipairs(begun) do
    local back, left = errors.try(put_back, begin.file, stamp, begin.was_there)
    if not back then
      log.error(_("PUT IT BACK BY HAND: %s (what was live is kept as NAME%s): %s", begin.file.live, KEPT .. stamp, left.message))
      errors.accept(left, _("the failure that made it necessary is reported"))
    end
  end
  error(failure)
end

return replacing

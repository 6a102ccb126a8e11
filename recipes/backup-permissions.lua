--- Lets only their owner read the backups: folders 700, files 600, the owner as it should be; links are not followed.
local files = require "hikae.files"

--- The bits as people write them.
---@param mode integer
---@return string
local function octal(mode)
  local digits = ""
  for _i = 1, 4 do
    digits, mode = math.tointeger(mode % 8) .. digits, mode // 8
  end
  return string.sub(digits, 1, 1) == "0" and string.sub(digits, 2) or digits
end

--- Puts one file or folder right; gives what was wrong with it, or nil.
---@param p table
---@param file fs.Entry
---@return string?
local function put_right(p, file)
  local mode = file.kind == "dir" and 448 or 384 -- 700 and 600
  if file.mode & 4095 == mode then
    return nil
  end
  fs.set_mode(file.path, mode)
  return _("%s had the mode %s", file.path, octal(file.mode & 4095))
end

--- Gives one file or folder its owner; gives what was wrong with it, or nil. Whether it is right is known only afterwards.
---@param p table
---@param file fs.Entry
---@return string?
local function give(p, file)
  fs.set_owner(file.path, { user = p.user, group = p.group })
  local now = fs.stat(file.path)
  local changed = now and (now.owner ~= file.owner or now.group ~= file.group)
  return changed and _("%s belonged to %d:%d", file.path, file.owner, file.group) or nil
end

return recipe {
  kind = "maintenance",
  type = "daily",
  params = {
    dir = { default = "/backups", type = "path", says = "Folder of the backups" },
    user = { optional = true, says = "User that they are to belong to, such as `backup`; needs the rights of root" },
    group = { optional = true, says = "Group that they are to belong to" },
  },
  needs = { write = { "{dir}" } },

  run = function(p)
    log.info(_("Permissions of the backups: %s", p.dir))
    local top = fs.stat(p.dir)
    if not top or top.kind ~= "dir" then
      error {
        kind = "not_found",
        message = _("there is no folder `%s`", p.dir),
        hint = _("set `dir` to the folder of the backups"),
      }
    end
    top.path, top.name = p.dir, path.name(p.dir)
    local entries, skipped = fs.list { dir = p.dir, recursive = true, not_utf8 = "skip" }
    table.insert(entries, 1, top)
    local wrong, links = 0, 0
    for _i, file in ipairs(entries) do
      local found = {}
      if file.kind == "link" then
        links = links + 1
      elseif file.kind == "dir" or file.kind == "file" then
        -- The owner first: a mode that is set before would be that of another owner's file.
        found[#found + 1] = (p.user or p.group) and give(p, file) or nil
        found[#found + 1] = put_right(p, file)
      end
      for _j, words in ipairs(found) do
        wrong = wrong + 1
        log.warn(words)
      end
    end
    if links > 0 then
      log.info(_("Links, which were left as they are: %d", links))
    end
    if wrong > 0 then
      run.remark {
        level = "warning", kind = "permissions",
        message = _("put right: %d of %d", wrong, #entries),
        hint = _("the log of the run names each; see that what writes them does not open them to others again"),
      }
    else
      run.note(_("put right: %d of %d", wrong, #entries))
    end
    files.refuse_skipped(p.dir, skipped, #entries)
    log.info(_("Permissions of the backups are set: %d looked at, %d put right", #entries, wrong))
  end,
}

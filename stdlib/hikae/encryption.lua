--- Encrypts backups to the recipients that the params of a recipe name.
local encryption = {}

--- The same stream encrypted to the recipients: with `age` where they are recipients of age, else with `gpg`. Without any it stays
--- as it is. Gives what the name of the file gets for it as well.
---@param stream Stream
---@param recipients? string[]
---@return Stream
---@return string ending
function encryption.add(stream, recipients)
  if not recipients or #recipients == 0 then
    return stream, ""
  end
  local of_age = 0
  for _i, recipient in ipairs(recipients) do
    if string.match(recipient, "^age1") or string.match(string.upper(recipient), "^AGE%-SECRET") then
      of_age = of_age + 1
    end
  end
  if of_age == 0 then
    return stream:gpg { recipients = recipients }, encryption.ending(recipients)
  elseif of_age == #recipients then
    return stream:age { recipients = recipients }, encryption.ending(recipients)
  end
  error {
    message = _("`encrypt_to` names recipients of age and keys of gpg"),
    hint = _("name recipients of one kind: those of age begin with `age1`"),
  }
end

--- What the name of a backup to these recipients ends with.
---@param recipients? string[]
---@return string
function encryption.ending(recipients)
  if not recipients or #recipients == 0 then
    return ""
  end
  return string.match(recipients[1], "^age1") and ".age" or ".gpg"
end

return encryption

--- Encrypts a file for those who may read it, and removes the original only when the encrypted one is proved.
local encryption = require "hikae.encryption"

--- The same bytes, encrypted.
---@param p table
---@return Stream
---@return string ending
local function encrypt(p)
  local stream = fs.open(p.file):hash("plain")
  if p.with == "age" then
    return stream:age { recipients = p.recipient }, ".age"
  elseif p.with == "gpg" then
    return stream:gpg { recipients = p.recipient, keyring = p.keyring }, ".gpg"
  end
  return encryption.add(stream, p.recipient)
end

--- Whether the original is still what was read. The time of a file has seconds only: one that is young is read once more.
---@param p table
---@param before fs.Stat
---@param backup Stream.Backup
---@return boolean
local function is_unchanged(p, before, backup)
  local now = fs.stat(p.file)
  if not now or now.kind ~= "file" or now.size_bytes ~= before.size_bytes or now.modified ~= before.modified then
    return false
  end
  return before.age_secs > 2 or fs.open(p.file):hash("plain"):discard().hashes.plain == backup.hashes.plain
end

--- The encrypted file that an earlier run has made, if it is there.
---@param p table
---@return string?
local function encrypted(p)
  for _i, ending in ipairs { ".age", ".gpg" } do
    if fs.stat(p.file .. ending) and manifest.read(p.file .. ending, { lists = false }) then
      return p.file .. ending
    end
  end
end

return recipe {
  kind = "maintenance",
  type = "manual",
  params = {
    file = { type = "path", optional = true, says = "File to encrypt" },
    recipient = { env = "GPG_RECIPIENT", type = "list", optional = true, says = "Who can decrypt it: keys of gpg, or recipients of age" },
    with = { type = "choice", choices = { "auto", "gpg", "age" }, default = "auto", says = "How to encrypt; `auto`: as the recipients say" },
    keep_original = { default = false, says = "Whether the file stays" },
    keyring = { type = "path", optional = true, says = "Folder of gpg's keyring; else that of the user" },
  },
  needs = { run = { "gpg?" }, read = { "{keyring}" }, write = { "{file}/.." } },

  run = function(p)
    if not p.file or not p.recipient or #p.recipient == 0 then
      error {
        message = _("no file to encrypt, or no recipient, is given"),
        hint = _("--set file=/path/of/the/backup --set recipient=backup@example.com"),
      }
    end
    local original, before = fs.stat(p.file), encrypted(p)
    if not original and before then
      manifest.verify(before)
      log.info(_("It is encrypted already: %s", before))
      return
    elseif original and original.kind ~= "file" then
      error {
        message = _("`%s` is no file: what it is, or leads to, is not encrypted", p.file),
        hint = _("name the file itself: --set file=/path/of/the/backup"),
      }
    elseif not original then
      error { kind = "not_found", message = _("there is no file `%s`", p.file), hint = _("name the file: --set file=/path/of/the/backup") }
    end
    -- A damaged backup would be encrypted as it is.
    local described = manifest.read(p.file, { lists = false })
    if described then
      manifest.verify(p.file)
    end
    local stream, ending = encrypt(p)
    -- One that is there already was made by a run that was cut off before it removed the original, or is of another content.
    local name = fs.stat(p.file .. ending) and p.file .. "." .. clock.stamp() .. ending or p.file .. ending
    local backup = stream:save(name)
    log.info(_("Backup encrypted: %s (%s)", backup.path, backup.size))
    if p.keep_original then
      return backup
    end
    if not is_unchanged(p, original, backup) then
      error {
        kind = "integrity",
        message = _("`%s` changed while it was encrypted, and stays", p.file),
        hint = _("encrypt it again when nothing writes to it; %s has what was read", backup.path),
      }
    end
    fs.remove(p.file, { why = _("it is encrypted as %s", backup.path) })
    if described then
      fs.remove(p.file .. ".manifest.json", { why = _("it is encrypted as %s", backup.path) })
    end
    log.info(_("The original is removed: %s", p.file))
    return backup
  end,
}

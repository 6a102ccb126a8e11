--- Verifies one backup: that every byte is there, and that a restore would accept it. `hikae verify` runs it.
--- Whether a name is that of a dump, for want of a manifest.
local function is_dump(name)
  return string.find(name, "%.sql") or string.find(name, "%.dump") or string.find(name, "%.pgdump")
end

--- Refuses a dump that a restore would refuse, and says what is in one that it accepts.
local function judge(name, database, warnings)
  if database.restorable == false then
    local why = warnings and warnings[1] or {}
    error {
      kind = "integrity",
      message = _("%s is whole, but hikae cannot restore it: %s", name, why.message or "?"),
      hint = why.hint,
    }
  end
  local rows = 0
  for _i, counted in ipairs(database.tables) do
    rows = rows + (counted.rows or 0)
  end
  run.note(_("restorable"))
  log.info(_("Restorable: a dump of the database %s with %d tables and %d rows", database.name or "?", #database.tables, rows))
end

--- A backup in a file.
local function verify_file(p)
  local name = path.name(p.file)
  local keys = { identity = p.identity, passphrase = p.passphrase }
  local described = manifest.read(p.file)
  if described then
    local seen = manifest.verify(p.file, keys)
    run.note(_("whole"))
    log.info(_("Whole: %s has the size and the SHA-256 that its manifest describes", name))
    if seen.encryption and not seen.opened then
      run.remark {
        level = "incomplete", kind = "not_opened",
        message = _("%s was not decrypted, so nobody knows whether it can be restored", name),
        hint = _("name its key: --identity FILE"),
      }
      return
    end
  end
  if described and described.database or not described and is_dump(name) then
    local found = pg.inspect(p.file, { identity = p.identity, passphrase = p.passphrase, work = p.work_dir })
    if not described then
      run.note(_("whole"))
      log.warn(_("%s has no manifest: it is a dump from its begin to its end, and nobody knows whether it is the one that was made", name))
    end
    judge(name, found.database, found.warnings)
  elseif described and (described.files or fs.stat(p.file .. ".files.jsonl.zst")) then
    archive.verify(p.file, keys)
    run.note(_("restorable"))
    log.info(_("Restorable: every file of the archive is as its list says"))
  elseif not described then
    error {
      kind = "integrity",
      message = _("nothing says what %s must be: it has no manifest and is no dump", name),
      hint = _("verify it where its manifest is, or bring NAME.manifest.json along"),
    }
  end
end

--- A backup behind an address, which passes by and is stored nowhere.
local function verify_url(p)
  local name = path.name((string.gsub(p.url, "%?.*$", "")))
  local plain, query = string.match(p.url, "^([^?]*)(%??.*)$")
  local answer = http.get(plain .. ".manifest.json" .. query, { expect = { 200, 403, 404 } })
  local described = answer.status == 200 and answer.json() or nil
  local stream = http.download(p.url)
  local judged = described and described.database or not described and is_dump(name)
  local encrypted = described and described.encryption
  if judged and not encrypted then
    stream = pg.prove(stream, { work = p.work_dir })
  end
  local seen = stream:discard()
  if described and (described.sha256 ~= seen.sha256 or described.size_bytes ~= seen.size_bytes) then
    error {
      kind = "integrity",
      message = _("%s is not what its manifest describes", name),
      hint = _("it was changed or cut on its way or in the store: take another copy"),
    }
  end
  if described then
    run.note(_("whole"))
    log.info(_("Whole: %s has the size and the SHA-256 that its manifest describes", name))
  elseif judged then
    run.note(_("whole"))
    log.warn(_("%s has no manifest: it is a dump from its begin to its end, and nobody knows whether it is the one that was made", name))
  else
    error {
      kind = "integrity",
      message = _("nothing says what %s must be: it has no manifest and is no dump", name),
      hint = _("verify it where its manifest is, or bring NAME.manifest.json along"),
    }
  end
  if judged and encrypted then
    run.remark {
      level = "incomplete", kind = "not_opened",
      message = _("%s was not decrypted, so nobody knows whether it can be restored", name),
      hint = _("download it, and verify the file with its key"),
    }
  elseif judged then
    judge(name, seen.database, seen.warnings)
  end
end

return recipe {
  kind = "check",
  type = "manual",
  params = {
    file = { type = "path", optional = true, says = "Backup to verify" },
    url = { optional = true, says = "Address of the backup, where it is no file" },
    identity = { env = "BACKUP_IDENTITY", type = "path", optional = true, says = "File with the key that decrypts it: of age, or an exported secret key of gpg" },
    passphrase = { env = "BACKUP_PASSPHRASE", secret = true, optional = true, says = "Passphrase that decrypts it, or that of the key" },
    work_dir = { env = "BACKUP_WORK_DIR", type = "path", optional = true, says = "Private folder in which a backup that is a folder in a tar file is unpacked" },
  },
  needs = {
    run = { "pg_restore?", "gpg?" },
    read = { "{file}", "{file}.manifest.json", "{file}.files.jsonl.zst", "{identity}" },
    write = { "{work_dir}" },
    connect = { "{url}" },
  },

  run = function(p)
    if p.file then
      verify_file(p)
    elseif p.url then
      verify_url(p)
    else
      error { message = _("no backup is named"), hint = _("name it: --set file=PATH, or --set url=ADDRESS") }
    end
  end,
}

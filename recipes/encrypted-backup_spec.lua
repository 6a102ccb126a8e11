--- What encrypted-backup promises: the original goes only when the encrypted file is proved.
local FILE = "/backups/notes/minutes_20260214_020000.txt"
local KEY = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"

local function night(changes)
  local world = { now = "2026-02-15T02:00:00+09:00", files = { [FILE] = "rows of the cafe" } }
  for name, value in pairs(changes or {}) do
    world[name] = value
  end
  return simulate(world)
end

local function set(changes)
  local all = { file = FILE, recipient = KEY }
  for name, value in pairs(changes or {}) do
    all[name] = value
  end
  return { set = all }
end

describe("encrypted-backup", function()
  it("encrypts with age, proves it, and removes the original", function()
    local run = night():run("encrypted-backup", set())
    run:ok():said("Backup encrypted: " .. FILE .. ".age"):removed(FILE)
    run:wrote(FILE .. ".age"):has_manifest()
  end)

  it("keeps the original when it is to stay", function()
    night():run("encrypted-backup", set { keep_original = true, with = "age" }):ok():kept(FILE)
  end)

  it("keeps the original when gpg is not there, or the recipient is no key", function()
    night():run("encrypted-backup", set { recipient = "backup@example.com" }):failed():kept(FILE)
    night():run("encrypted-backup", set { recipient = "age1nonsense" }):failed():kept(FILE)
    night():run("encrypted-backup", set { recipient = "backup@example.com", with = "gpg" }):failed():kept(FILE)
  end)

  it("does not encrypt a file that is not what its manifest describes", function()
    local described = samples.manifest { name = "minutes_20260214_020000.txt", content = "another" }
    night({ files = { [FILE] = "rows", [FILE .. ".manifest.json"] = described } }):run("encrypted-backup", set()):failed("integrity"):kept(FILE)
  end)

  it("removes the manifest of the original with it", function()
    local described = samples.manifest { name = "minutes_20260214_020000.txt", content = "rows" }
    local run = night({ files = { [FILE] = "rows", [FILE .. ".manifest.json"] = described } }):run("encrypted-backup", set())
    run:ok():removed(FILE, FILE .. ".manifest.json")
  end)

  it("is content with a file that is encrypted already", function()
    local world = night()
    world:run("encrypted-backup", set()):ok()
    world:run("encrypted-backup", set()):ok():said("It is encrypted already")
  end)

  it("makes another file when one of that name is there", function()
    local run = night({ files = { [FILE] = "rows of the cafe", [FILE .. ".age"] = "another" } }):run("encrypted-backup", set())
    run:ok():kept(FILE .. ".age"):wrote(FILE .. ".20260215_020000.age"):has_manifest()
  end)

  it("refuses when no file or recipient is given, or the file is not there", function()
    night():run("encrypted-backup"):failed { message = "no file to encrypt" }
    night():run("encrypted-backup", set { file = "/backups/none" }):failed("not_found")
  end)

  it("keeps an original that changes while it is encrypted, and says so", function()
    local pretended = require("hikae.pretend_gpg").gpg { ["6ACAFE460DFD94CE1795AAF4037F8DDEFAAA7634"] = "Ops <ops@example.com>" }
    local function gpg(call)
      local answer = pretended(call)
      for _i, arg in ipairs(call.argv) do
        answer.writes = arg == "--encrypt" and { [FILE] = "rows of the cafe, and one more" } or answer.writes
      end
      return answer
    end
    local world = night { programs = { gpg = gpg }, env = { GNUPGHOME = "/home/backup/.gnupg" } }
    local run = world:run("encrypted-backup", set { recipient = "ops@example.com" })
    run:failed { kind = "integrity", message = "changed while it was encrypted, and stays", hint = "encrypt it again" }
    run:wrote(FILE):equals("rows of the cafe, and one more")
    run:wrote(FILE .. ".gpg"):has_manifest()
  end)

  it("refuses what is no file", function()
    local files = { [FILE] = { link = "/etc/shadow" }, ["/etc/shadow"] = "root", ["/backups/notes/folder"] = { dir = true } }
    night({ files = files }):run("encrypted-backup", set()):failed { message = "is no file", hint = "file=" }:kept(FILE)
    night({ files = files }):run("encrypted-backup", set { file = "/backups/notes/folder" }):failed { message = "is no file" }
  end)

  it("never loses the original without a proved encrypted file, whichever step fails", function()
    night():each_failure("encrypted-backup", set(), function(run)
      run:left_nothing_partial()
      if run.status ~= "success" and run.status ~= "partial" then
        run:alerted()
      end
    end)
  end)
end)

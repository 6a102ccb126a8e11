--- What hikae.pretend_gpg promises: it answers as gpg does where hikae asks; the specs of recipes stand on it.
local pretend = require "hikae.pretend_gpg"

local OPS = "6ACAFE460DFD94CE1795AAF4037F8DDEFAAA7634"
local gpg = pretend.gpg { [OPS] = "Ops <ops@example.com>" }

local function ask(stdin, ...)
  return gpg { argv = { ... }, stdin = stdin }
end

it("lists the keys that a name fits", function()
  expect(ask("", "--list-keys", "--", OPS).stdout).to_match("fpr:::::::::" .. OPS)
  expect(ask("", "--list-keys", "--", "ops@example.com").stdout).to_match("^pub:u:")
  expect(ask("", "--list-keys", "--", "nobody").stdout).to_be("")
end)

it("makes and takes keys", function()
  expect(ask("", "--export", "--", OPS).stdout).never_to_be("")
  expect(ask("", "--import").stderr).to_match("IMPORT_OK")
  expect(ask("", "--gen-key").stderr).to_match("KEY_CREATED B %x+")
end)

it("decrypts what it has encrypted, and nothing else", function()
  local packed = ask("rows", "--encrypt").stdout
  expect(packed).never_to_match("rows")
  expect(ask(packed, "--decrypt").stdout).to_be("rows")
  expect(ask("rows", "--decrypt").exit).to_be(2)
end)

--- What hikae.encryption promises.
local encryption = require "hikae.encryption"

local RECIPIENT = "age177ar7ec59df0k6f48k75nhfy2psj9092jhvwhc850vfaeh78j3gsue9s4w"

before_each(function() fs.write(tmp("plain"), "rows") end)

it("leaves a stream alone when nobody is named", function()
  for _i, recipients in ipairs { false, {} } do
    local stream, ending = encryption.add(fs.open(tmp("plain")), recipients or nil)
    expect(stream:text()).to_be("rows")
    expect(ending).to_be("")
  end
end)

it("encrypts with age to recipients of age", function()
  local stream, ending = encryption.add(fs.open(tmp("plain")), { RECIPIENT })
  expect(ending).to_be(".age")
  expect(stream:text()).to_match("^age%-encryption.org/v1\n")
end)

it("takes every other name for a key of gpg", function()
  expect(encryption.ending { "ops@example.com" }).to_be(".gpg")
  local stream = encryption.add(fs.open(tmp("plain")), { "nobody@example.com" })
  expect(function() stream:discard() end).to_raise("nobody@example.com")
end)

it("refuses recipients of both kinds", function()
  local stream = fs.open(tmp("plain"))
  expect(function() encryption.add(stream, { RECIPIENT, "ops@example.com" }) end).to_raise("recipients of age and keys of gpg")
  stream:discard()
end)

--- What `hikae.fallback` promises: an older backup is taken only where that was agreed to, and never without saying so.
local fallback = require "hikae.fallback"

local NEWEST, OLDER = "/backups/db_backup_20260215_020000.sql", "/backups/db_backup_20260212_010000.sql"

it("fallback.may_help only where the file is at fault", function()
  expect(fallback.may_help { kind = "integrity", message = "cut off" }).to_be_true()
  expect(fallback.may_help { kind = "denied", message = "cannot accept the dump of `x`, which has the statement `CALL`" }).to_be_true()
  expect(fallback.may_help { kind = "denied", message = "password authentication failed" }).to_be_false()
  expect(fallback.may_help { kind = "network", message = "no route" }).to_be_false()
end)

it("fallback.wrong keeps damage, refusal and difference apart", function()
  expect(fallback.wrong("x", { kind = "integrity", message = "cut off" })).to_contain("is damaged")
  expect(fallback.wrong("x", { kind = "denied", message = "cannot accept the dump, which" })).to_contain("is whole, and hikae does not restore it")
  expect(fallback.wrong("x", { kind = "integrity", message = "1 of 9", checks = {} })).to_contain("the database differs from it")
end)

it("fallback.stop names the older backup and how it is agreed to", function()
  expect(function()
    local _ok, failure = errors.try(error, { kind = "integrity", message = "cut off" })
    fallback.stop(NEWEST, OLDER, failure)
  end).to_raise { kind = "integrity", message = "is damaged", hint = "fallback=older" }
end)

it("fallback.first takes a later file only where that was agreed to", function()
  local function work(file)
    if file == NEWEST then
      error { kind = "integrity", message = "cut off" }
    end
  end
  expect(fallback.first({ OLDER }, nil, work)).to_equal(OLDER)
  expect(fallback.first({ NEWEST, OLDER }, "older", work)).to_equal(OLDER)
  expect(function() fallback.first({ NEWEST, OLDER }, "ask", work) end).to_raise { kind = "integrity", hint = "fallback=older" }
end)

--- What the function `_` promises.
it("gives the text as it is in English", function()
  expect(_("Database backup starts")).to_be("Database backup starts")
end)

it("puts the values in, in their order", function()
  expect(_("%s has %d rows", "contacts", 3)).to_be("contacts has 3 rows")
  expect(_("100 %% of %s", "it")).to_be("100 % of it")
end)

it("gives the reader's language, with the same values #ja", function()
  expect(_("Backup written: %s (%s)", "x.gz", "1 MB")).to_be("バックアップ完了: x.gz (1 MB)")
  expect(_("nobody has translated this")).to_be("nobody has translated this")
end)

it("refuses a text that needs more values than it is given", function()
  expect(function() return _("%s and %s", "one") end).to_raise("needs more values than were given")
end)

it("refuses other placeholders", function()
  expect(function() return _("%5.1f", 1) end).to_raise { message = "cannot be in a text for `_`", hint = "%s, %d and %%" }
end)

it("refuses what is no text", function()
  expect(function() return _(nil) end).to_raise("`_` takes a text first")
end)

it("never shows a secret", function()
  expect(_("password %s", server().password)).to_be("password ********")
end)

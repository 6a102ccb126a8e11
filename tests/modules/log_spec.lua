--- What the module `log` promises.
it("takes a line at each level, and an error line does not fail the run", function()
  for _i, level in ipairs { log.debug, log.info, log.warn, log.error } do
    expect(function() level("odd") end).never_to_raise()
  end
end)

it("takes one text and nothing else", function()
  expect(function() log.info(3, 4) end).to_raise("`log.info` was given too many values")
  expect(function() log.info {} end).to_raise("`log.info` takes a text, but was given a table")
  expect(function() log.warn() end).to_raise("`log.warn` takes a text, but was given nothing")
end)

it("suggests the level that was meant", function()
  expect(function() log.inof("x") end).to_raise { message = "`log` has no member `inof`", hint = "did you mean `log.info`?" }
end)

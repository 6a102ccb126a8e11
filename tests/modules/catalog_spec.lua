--- What the module `catalog` promises; that it tells what `hikae status` shows is held to by tests/cli/backup_monitor.rs.
it("catalog.overdue raises where there is no record of runs", function()
  expect(catalog.overdue).to_raise { kind = "other", message = "no record of runs" }
end)

it("catalog.runs and catalog.backups raise where there is no record, and refuse what they do not know", function()
  expect(catalog.runs).to_raise { kind = "other", message = "no record of runs" }
  expect(catalog.backups).to_raise { kind = "other", message = "no record of runs" }
  expect(function() catalog.runs { status = "sucess" } end).to_raise { message = "a run has no status `sucess`" }
  expect(function() catalog.runs { limit = 0 } end).to_raise("`limit` of `catalog.runs` must be")
  expect(function() catalog.runs { recepi = "x" } end).to_raise { hint = "did you mean `recipe`?" }
end)

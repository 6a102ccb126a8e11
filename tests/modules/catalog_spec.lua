--- What the module `catalog` promises; that it tells what `hikae status` shows is held to by tests/cli/backup_monitor.rs.
it("catalog.overdue raises where there is no record of runs", function()
  expect(catalog.overdue).to_raise { kind = "other", message = "no record of runs" }
end)

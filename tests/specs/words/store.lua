--- Puts a dump into a store, and lets an old one go.
return recipe {
  type = "manual",
  params = { key = { env = "STORE_SECRET", secret = true } },
  needs = { run = { "pg_dump" }, objects = { "s3://shop/daily/*" } },
  run = function(p)
    local store = objects.store { bucket = "shop", access_key = "AKIAEXAMPLE", secret_key = p.key }
    local backup = process.stream({ program = "pg_dump", args = { "shop" } }):gzip():put(store, "daily/new_" .. clock.stamp() .. ".gz")
    for _, object in ipairs(objects.list(store, "daily/new_1969")) do
      objects.remove(store, object.key, { why = "it is old" })
    end
    return backup
  end,
}

--- Packs a folder, encrypts it, and keeps it in two places at once.
return recipe {
  type = "daily", params = { site = { type = "path" }, here = { type = "path" }, there = { type = "path" }, to = {} },
  needs = { read = { "{site}" }, write = { "{here}", "{there}" } },
  run = function(p)
    local name = "site_" .. clock.stamp() .. ".tar.zst.age"
    return archive.pack({ roots = { p.site } }):zstd():age({ recipients = { p.to } }):copies {
      here = function(copy) return copy:save(path.join(p.here, name)) end,
      there = function(copy) return copy:save(path.join(p.there, name)) end }
  end }

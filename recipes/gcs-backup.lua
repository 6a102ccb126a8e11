--- Copies the proved backups to a bucket of Google Cloud Storage; what retention removed here goes there too.
local sync = require "hikae.sync"

return recipe {
  kind = "maintenance",
  type = "daily",
  schedule = "45 4 * * *",
  params = sync.params {
    storage_class = { optional = true, says = "Storage class of the backups; else that of the bucket" },
  },
  needs = { write = { "{source}" }, objects = { "gs://{bucket}/{prefix}*", "{url}" } },

  preview = function(p) return sync.preview(p, sync.open(p, "gs")) end,

  run = function(p)
    log.info(_("GCS backup starts"))
    sync.run(p, sync.open(p, "gs"), { storage_class = p.storage_class })
    log.info(_("GCS backup is complete"))
  end,
}

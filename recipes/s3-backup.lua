--- Copies the proved backups to a bucket of Amazon S3, or of a store that speaks like it; what retention removed here goes there too.
local sync = require "hikae.sync"

return recipe {
  kind = "maintenance",
  type = "daily",
  schedule = "30 4 * * *",
  params = sync.params {
    region = { env = "AWS_REGION", default = "ap-northeast-1", says = "Region of the bucket" },
    endpoint = { env = "AWS_ENDPOINT_URL", optional = true, says = "Address of a store that is not Amazon's" },
    storage_class = { default = "STANDARD_IA", says = "Storage class of the backups" },
    encryption = { type = "choice", choices = { "AES256", "aws:kms" }, optional = true, says = "How the store encrypts; else as the bucket says" },
    lifecycle = { type = "choice", choices = { "documented", "none" }, default = "documented", says = "Lifecycle of the bucket: the documented policy, or none" },
    lifecycle_file = { type = "path", optional = true, says = "Another policy, as the vendor's JSON has it" },
    lock = { type = "choice", choices = { "GOVERNANCE", "COMPLIANCE" }, optional = true, says = "Lock that keeps each object for `lock_for`, in a bucket with object lock; else as the bucket says" },
    lock_for = { type = "duration", optional = true, says = "Time for which the lock keeps it" },
    kms_key = { optional = true, says = "Key for `aws:kms`; else the store's own" },
  },
  needs = { read = { "{lifecycle_file}" }, write = { "{source}" }, objects = { "s3://{bucket}/{prefix}*", "{url}" }, connect = { "{endpoint}" } },

  preview = function(p) return sync.preview(p, sync.open(p, "s3", { region = p.region, endpoint = p.endpoint })) end,

  run = function(p)
    log.info(_("S3 backup starts"))
    local store, has_lifecycle = sync.open(p, "s3", { region = p.region, endpoint = p.endpoint }), sync.is_s3(p) and p.lifecycle ~= "none"
    sync.run(p, store, { storage_class = p.storage_class, encryption = p.encryption, kms_key = p.kms_key, lock = p.lock, lock_for = p.lock_for, tags = has_lifecycle })
    if has_lifecycle then
      sync.lifecycle(p, store)
    end
    log.info(_("S3 backup is complete"))
  end,
}

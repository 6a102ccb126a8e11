--- What the module `objects` promises, over a store in memory.
local function shop(change)
  local options = { bucket = "shop", access_key = "AKIAEXAMPLE", secret_key = server().password }
  for name, value in pairs(change or {}) do options[name] = value end
  return objects.store(options)
end

describe("objects.store #simulated", function()
  it("shows its bucket and no key", function()
    expect(tostring(shop())).to_be("s3://shop")
  end)

  it("refuses what can be no store, and a secret that could be read", function()
    expect(function() shop { bucket = "No Bucket" } end).to_raise { kind = "recipe", message = "cannot be the name of a bucket" }
    expect(function() shop { regoin = "x" } end).to_raise { kind = "recipe", hint = "did you mean `region`" }
    expect(function() shop { secret_key = "readable" } end)
      .to_raise { kind = "recipe", message = "`secret_key` of `objects.store` must be a secret", hint = "secret = true" }
    expect(function() objects.list("s3://shop") end)
      .to_raise { kind = "recipe", message = "`objects.list` was called without its store" }
  end)
end)

describe("objects.open #simulated", function()
  it("takes the address of a store of any kind, and keys lie below it", function()
    local store = objects.open { url = "s3://shop/old/" }
    expect(tostring(store)).to_be("s3://shop/old")
    expect(objects.list(store)[1].key).to_be("a.gz")
    expect(objects.stat(store, "a.gz").size_bytes).to_be(3)
    for _, url in ipairs { "gs://our-bucket/daily", "azblob://our-container", "sftp://backup@nas/srv/backups", "rclone://b2/our-bucket", "file:///mnt/nas" } do
      expect(tostring(objects.open { url = url })).to_be(url)
    end
  end)

  it("refuses what is no address of a store", function()
    local function opening(options)
      return function() objects.open(options) end
    end
    expect(opening { url = "ftp://nas/x" }).to_raise { kind = "recipe", message = "`ftp://nas/x` is no address of a store", hint = "sftp://HOST/absolute/path" }
    expect(opening { url = "file://relative" }).to_raise { kind = "recipe" }
    expect(opening { url = "s3://shop/a/../b" }).to_raise { kind = "recipe", hint = "no part of its path" }
    expect(opening { url = "sftp://-oProxyCommand=x/srv" }).to_raise { kind = "recipe", message = "cannot be the host" }
    expect(opening { url = "gs://our-bucket", region = "x" }).to_raise { kind = "recipe", message = "`region` says nothing" }
    expect(opening { url = "s3://shop", access_key = "AKIAEXAMPLE" }).to_raise { kind = "recipe", message = "together" }
  end)

  it("keeps the objects of a folder", function()
    local store = objects.open { url = "file:///mnt/nas" }
    expect(function() objects.list(store) end).to_raise { kind = "not_found", hint = "is the disk mounted?" }
    expect(objects.make_bucket(store)).to_be(true)
    objects.get(shop(), "old/a.gz"):put(store, "daily/a")
    expect(objects.list(store, "daily/")[1].key).to_be("daily/a")
  end)
end)

describe("objects.list #simulated", function()
  it("gives what begins with the prefix, sorted, with size and age", function()
    local found = objects.list(shop(), "old/")
    expect(#found).to_be(2)
    expect(found[1].key).to_be("old/a.gz")
    expect(found[1].size_bytes).to_be(3)
    expect(found[1].age_secs).to_be(40 * 86400)
    expect(found[1].storage_class).to_be("GLACIER")
    expect(found[2].key).to_be("old/b 控え")
    expect(#objects.list(shop())).to_be(2)
    expect(#objects.list(shop(), "none")).to_be(0)
  end)

  it("raises for a bucket that is not there", function()
    expect(function() objects.list(shop { bucket = "another" }) end).to_raise { kind = "not_found", hint = "objects.make_bucket" }
  end)
end)

describe("objects.stat #simulated", function()
  it("looks at one object; nothing is nil", function()
    expect(objects.stat(shop(), "old/a.gz").size_bytes).to_be(3)
    expect(objects.stat(shop(), "old/none")).to_be(nil)
  end)
end)

describe("objects.get #simulated", function()
  it("gives a stream", function()
    expect(objects.get(shop(), "old/b 控え"):text()).to_be("new")
    expect(function() objects.get(shop(), "none"):text() end).to_raise { kind = "not_found", message = "cannot get `s3://shop/none`" }
    expect(function() objects.get(shop(), "a/../b") end).to_raise { kind = "recipe", message = "cannot be the key" }
  end)
end)

describe("objects.remove #simulated", function()
  it("removes what is there", function()
    objects.remove(shop(), "old/a.gz", { why = "40 days old" })
    expect(objects.stat(shop(), "old/a.gz")).to_be(nil)
    expect(function() objects.remove(shop(), "old/a.gz") end).to_raise { kind = "not_found" }
  end)
end)

describe("objects.make_bucket #simulated", function()
  it("makes what is not there yet", function()
    expect(objects.make_bucket(shop { bucket = "another" })).to_be(true)
    expect(objects.make_bucket(shop { bucket = "another" })).to_be(false)
  end)
end)

describe("stream:put #simulated", function()
  it("stores a backup with its manifest, never over another", function()
    local backup = objects.get(shop(), "old/b 控え"):gzip():put(shop(), "new/b.gz", { storage_class = "STANDARD_IA" })
    expect(backup.path).to_be("s3://shop/new/b.gz")
    expect(backup.manifest).to_be("s3://shop/new/b.gz.manifest.json")
    expect(backup.plain_bytes).to_be(3)
    expect(run.backups()).to_equal { "s3://shop/new/b.gz" }
    expect(objects.get(shop(), "new/b.gz"):gunzip():text()).to_be("new")
    expect(json.decode(objects.get(shop(), "new/b.gz.manifest.json"):text()).sha256).to_be(backup.sha256)
    expect(objects.stat(shop(), "new/b.gz").storage_class).to_be("STANDARD_IA")
    expect(function() objects.get(shop(), "old/a.gz"):put(shop(), "new/b.gz") end).to_raise { kind = "already_exists" }
  end)

  it("leaves nothing of a stream that has no proved end", function()
    expect(function() objects.get(shop(), "old/b 控え"):gunzip():put(shop(), "half") end).to_raise { kind = "integrity" }
    expect(#objects.list(shop(), "half")).to_be(0)
  end)

  it("refuses options that it does not have", function()
    local function put(options)
      return function() objects.get(shop(), "old/a.gz"):put(shop(), "x", options) end
    end
    expect(put { part_size = "1 MiB" }).to_raise { kind = "recipe", message = "from `5 MiB` to `5 GiB`" }
    expect(put { replace = true }).to_raise { kind = "recipe", message = "replace" }
  end)
end)

describe("encryption on the way into a store #simulated", function()
  local IDENTITY = secret "AGE-SECRET-KEY-1N5W7FJ4S0TEAZG5A8UZ7HGT7EGHHLW2YS7SP65MQ0KGK3JPUUEHS5T3AER"
  local RECIPIENT = "age177ar7ec59df0k6f48k75nhfy2psj9092jhvwhc850vfaeh78j3gsue9s4w"

  it("is proved by what the store gives back", function()
    local plain = objects.get(shop(), "old/a.gz"):text()
    local backup = objects.get(shop(), "old/a.gz"):age({ recipients = { RECIPIENT } }):put(shop(), "new/a.age")
    expect(backup.path).to_be("s3://shop/new/a.age")
    expect(objects.get(shop(), "new/a.age"):unage({ identity = IDENTITY }):text()).to_be(plain)
  end)

  it("gives one reading to several keys", function()
    local made, failures = objects.get(shop(), "old/a.gz"):copies {
      plain = function(copy) return copy:put(shop(), "new/plain") end,
      taken = function(copy) return copy:put(shop(), "old/b 控え") end,
    }
    expect(made.plain.path).to_be("s3://shop/new/plain")
    expect(failures.taken.kind).to_be("already_exists")
    errors.accept(failures.taken, "it is a test")
  end)
end)

describe("objects.plan #simulated", function()
  it("refuses a folder that is not there, and says so before anything is done", function()
    local plan = objects.plan("/nowhere", shop())
    expect(tostring(plan)).to_match("^0 to upload")
    expect(plan.refusals[1].guard).to_be("source_missing")
    expect(plan.target).to_be("s3://shop/")
  end)

  it("refuses a share that is none, and a pattern that is none", function()
    expect(function() objects.plan("/nowhere", shop(), { max_delete = 110 }) end).to_raise { kind = "recipe", message = "max_delete" }
    expect(function() objects.plan("/nowhere", shop(), { exclude = { "[" } }) end).to_raise { kind = "recipe", message = "pattern" }
  end)
end)

describe("objects.apply #simulated", function()
  it("carries no refused plan out, and takes nothing but a plan", function()
    local plan = objects.plan("/nowhere", shop())
    expect(function() objects.apply(plan) end).to_raise { kind = "not_found", message = "refused to sync" }
    expect(function() objects.apply({}) end).to_raise { kind = "recipe", message = "without a plan" }
  end)
end)

describe("objects.lifecycle #simulated", function()
  it("sets the documented policy once, and says what differed", function()
    expect(objects.lifecycle(shop(), { prefix = "production" })).to_equal {
      "+ hikae-manifests-of-BackupRetentionRule", "+ BackupRetentionRule", "+ hikae-unfinished-uploads",
    }
    expect(#objects.lifecycle(shop(), { prefix = "production" })).to_be(0)
  end)

  it("takes the vendor's JSON, and no rule that is not hikae's", function()
    local mine = [[{"Rules": [{"ID": "hikae-short", "Status": "Enabled", "Filter": {"Prefix": "x/"}, "Expiration": {"Days": 9}}]}]]
    expect(objects.lifecycle(shop(), { json = mine })[1]).to_be("+ hikae-short")
    expect(function() objects.lifecycle(shop(), { json = '{"Rules": [{"ID": "theirs"}]}' }) end)
      .to_raise { kind = "recipe", message = "is not hikae's to change" }
  end)
end)

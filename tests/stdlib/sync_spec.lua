--- What hikae.sync promises: the params of the clouds, which store they name, and which of them knows a lifecycle.
local sync = require "hikae.sync"

describe("hikae.sync.params", function()
  it("adds to the shared params, and changes them", function()
    local all = sync.params { source = { default = "/srv" }, region = { default = "x" } }
    expect(all.source.default).to_be("/srv")
    expect(all.region.default).to_be("x")
    expect(all.bucket.default).to_be("english-cafe-backups")
    expect(all.max_delete.default).to_be("10 %")
  end)
end)

describe("hikae.sync.is_s3", function()
  it("goes by the address", function()
    expect(sync.is_s3 { url = false }).to_be(true)
    expect(sync.is_s3 { url = "s3://bucket" }).to_be(true)
    expect(sync.is_s3 { url = "file:///mnt/nas" }).to_be(false)
  end)
end)

describe("hikae.sync.open #simulated", function()
  it("opens the bucket, or the address in its place", function()
    expect(tostring(sync.open({ url = false, bucket = "our-backups" }, "gs"))).to_be("gs://our-backups")
    expect(tostring(sync.open({ url = "file:///mnt/nas" }, "s3"))).to_be("file:///mnt/nas")
  end)
end)

--- What the module `path` promises.
describe("path.join", function()
  it("puts one slash between the parts", function()
    expect(path.join("/a", "b", "c", "d.gz")).to_be("/a/b/c/d.gz")
    expect(path.join("/a/", "b")).to_be("/a/b")
    expect(path.join("a")).to_be("a")
    expect(path.join("", "b")).to_be("b")
  end)

  it("refuses a later part that is absolute, which would throw the earlier ones away", function()
    expect(function() path.join("/a", "/etc") end).to_raise("cannot join the absolute path `/etc` to `/a`")
  end)

  it("takes four parts and no more", function()
    expect(function() path.join("a", "b", "c", "d", "e") end).to_raise("`path.join` was given too many values")
  end)
end)

it("path.dir gives the folder part, and nil when there is none", function()
  expect(path.dir("/a/b/c.gz")).to_be("/a/b")
  expect(path.dir("c.gz")).to_be_nil()
  expect(path.dir("/")).to_be_nil()
end)

it("path.name gives the last part, and nil when there is none", function()
  expect(path.name("/a/b/c.gz")).to_be("c.gz")
  expect(path.name("/")).to_be_nil()
end)

it("path.stem takes one ending off", function()
  expect(path.stem("/a/c.sql.gz")).to_be("c.sql")
  expect(path.stem("/a/.hidden")).to_be(".hidden")
end)

it("path.ext gives the last ending without its dot, and nil when there is none", function()
  expect(path.ext("/a/c.sql.gz")).to_be("gz")
  expect(path.ext("/a/c")).to_be_nil()
end)

it("path.is_absolute tells whether the path starts at the root", function()
  expect(path.is_absolute("/a")).to_be_true()
  expect(path.is_absolute("a/b")).to_be_false()
end)

it("keeps names with spaces and Japanese as they are", function()
  expect(path.join("/バックアップ", "三月 分.gz")).to_be("/バックアップ/三月 分.gz")
  expect(path.stem("/バックアップ/三月 分.gz")).to_be("三月 分")
end)

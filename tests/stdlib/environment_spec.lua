--- What hikae.environment promises: every assignment is read, and nothing that is secret is shown.
local environment = require "hikae.environment"

local function read(text)
  local file = tmp("app.env")
  fs.write(file, text, { replace = true })
  return environment.read(file)
end

it("reads assignments, quotes, comments and values on several lines", function()
  local found = read("# note\nA=1\nexport B = two words # note\nC='a #b'\nD=\"x\ny\"\n\nE=\n")
  expect(found).to_equal {
    { name = "A", value = "1" }, { name = "B", value = "two words" }, { name = "C", value = "a #b" }, { name = "D", value = "x\ny" }, { name = "E", value = "" },
  }
end)

it("ends a value at a quote that is not escaped: a backslash before it may be escaped itself", function()
  local found = read('A="C:\\\\"\nB="a \\"b\\" c"\nC=1\n')
  expect(#found).to_be(3)
  expect(found[3]).to_equal { name = "C", value = "1" }
end)

it("refuses what is no assignment, with its line", function()
  expect(function() read("A=1\nwhat is this\n") end).to_raise { kind = "integrity", message = "line 2" }
  expect(function() read("A=\"never closed\n") end).to_raise { message = "the quote is never closed" }
end)

it("masks what is secret in a value, and nothing else", function()
  local function masked(name, value) return environment.masked { name = name, value = value } end
  expect(masked("NODE_ENV", "production")).to_be("production")
  expect(masked("FRONTEND_URL", "https://cafe.example/a?b=c")).to_be("https://cafe.example/a?b=c")
  expect(masked("DATABASE_URL", "postgres://u:p@ss/w@db:5432/cafe")).to_be("postgres://****@db:5432/cafe")
  expect(masked("DATABASE_URL", "postgres://db/cafe?user=u&password=x1")).to_be("postgres://db/cafe?user=u&password=****")
  expect(masked("DATABASE_URL", "u:p@db/cafe")).to_be("****@db/cafe")
  expect(masked("DATABASE_URL", "host=db user=u password=x1 dbname=cafe")).to_be("host=db user=u password=**** dbname=cafe")
  expect(masked("DATABASE_URL", [[password = 'o''dd \' lamprey' host=db]])).to_be("password = **** host=db")
  expect(masked("DATABASE_URL", "host=db password=a;b&c,d dbname=cafe")).to_be("host=db password=**** dbname=cafe")
  expect(masked("DATABASE_URL", "host=db password='never closed dbname=cafe")).to_be("host=db password=****")
  expect(masked("DATABASE_URL", "Server=db;Pwd=x1;Database=cafe")).to_be("Server=db;Pwd=****;Database=cafe")
  expect(masked("DATABASE_URL", "Password=x1;Server=db")).to_be("Password=****;Server=db")
  expect(masked("DATABASE_URL", "jdbc:postgresql://db/cafe?user=u&password=x1&ssl=true")).to_be("jdbc:postgresql://db/cafe?user=u&password=****&ssl=true")
  expect(masked("DB_PASS", "x")).to_be("****")
  expect(masked("SESSION_SECRET", "x")).to_be("****")
  expect(masked("NEXT_PUBLIC_ID", "abcdefghij0123456789klm")).to_be("****")
  expect(masked("NEXT_PUBLIC_CERT", "-----BEGIN PRIVATE KEY-----\nx")).to_be("****")
end)

it("keeps the variables that are allowed, the last of two", function()
  local file = tmp("app.env")
  fs.write(file, "NODE_ENV=a\nNEXT_PUBLIC_X=1\nHOME=/root\nNODE_ENV=b\n")
  local text, count = environment.text(file, { "NODE_ENV", "NEXT_PUBLIC_*" })
  expect(text).to_be("NODE_ENV=b\nNEXT_PUBLIC_X=1\n")
  expect(count).to_be(2)
end)

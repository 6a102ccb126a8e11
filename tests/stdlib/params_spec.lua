--- What hikae.params promises.
local params = require "hikae.params"

it("params.server gives how a server is reached", function()
  local server = params.server {}
  expect(server.host.env).to_be("DB_HOST")
  expect(server.port.default).to_be(5432)
  expect(server.password.secret).to_be_true()
end)

it("a text is what people read, a table changes fields, false leaves a param out, and others are added", function()
  local server = params.server {
    database = "Database to dump", user = { default = "backup", says = "Who reads it" }, port = false, dir = { type = "path" },
  }
  expect(server.database).to_equal { env = "DB_NAME", default = "english_cafe_db", says = "Database to dump" }
  expect(server.user).to_equal { env = "DB_USER", default = "backup", says = "Who reads it" }
  expect(server.port).to_be_nil()
  expect(server.dir).to_equal { type = "path" }
end)

it("a change of one recipe reaches no other", function()
  params.server { user = { default = "backup" } }
  expect(params.server({}).user.default).to_be("postgres")
end)

it("params.join puts blocks together, and refuses a name that is in two", function()
  local all = params.join(params.server {}, params.limits {}, { days = { default = 30 } })
  expect(all.days.default).to_be(30)
  expect(all.idle_timeout.optional).to_be_true()
  expect(function() params.join(params.limits {}, { timeout = { default = "1h" } }) end).to_raise("the param `timeout` is declared twice")
end)

--- What hikae.pretend_postgres promises: it answers as the real server does, where hikae asks; the specs of recipes stand on it.
local pretend = require "hikae.pretend_postgres"

--- What the server answers to a statement.
local function ask(at, database, sql, rows)
  return at.answer { database = database, sql = sql, rows = rows }
end

it("pretend.server has the databases that it was made with, and postgres", function()
  local at = pretend.server { shop = { orders = 3, guests = 1 } }
  expect(at.databases.shop.tables).to_equal { ["public.orders"] = 3, ["public.guests"] = 1 }
  expect(at.databases.postgres.tables).to_equal {}
  local tables = json.decode(ask(at, "shop", "SELECT true AS readable FROM pg_catalog.pg_class c"))
  expect(tables[2]).to_equal { name = "public.orders", has_rows = true, readable = true }
  expect(#tables).to_be(2)
end)

it("pretend.server refuses a database that it does not have", function()
  local answer = ask(pretend.server {}, "shop", "")
  expect(answer).to_equal { error = 'database "shop" does not exist', code = "3D000" }
end)

it("pretend.server does to databases what it is asked, and remembers it", function()
  local at = pretend.server {}
  ask(at, "postgres", 'CREATE DATABASE "a ""b""" TEMPLATE template0')
  ask(at, "postgres", 'COMMENT ON DATABASE "a ""b""" IS \'mine\'')
  expect(at.databases['a "b"'].comment).to_be("mine")
  ask(at, "postgres", 'ALTER DATABASE "a ""b""" RENAME TO "c"')
  expect(at.databases.c.comment).to_be("mine")
  ask(at, "postgres", 'DROP DATABASE "c" WITH (FORCE)')
  expect(at.databases.c).to_be_nil()
  expect(#at.statements).to_be(4)
end)

it("pretend.server takes rows, and forgets those that it is to lose", function()
  local at = pretend.server { shop = {} }
  ask(at, "shop", "CREATE TABLE public.contacts (\n    id integer\n);")
  ask(at, "shop", "COPY public.contacts (id) FROM stdin;", "1\n2\n3\n")
  expect(at.databases.shop.tables["public.contacts"]).to_be(3)
  at.reset()
  at.loses = 2
  ask(at, "shop", "CREATE TABLE public.contacts (\n    id integer\n);")
  ask(at, "shop", "COPY public.contacts (id) FROM stdin;", "1\n2\n3\n")
  expect(at.databases.shop.tables["public.contacts"]).to_be(1)
end)

it("pretend.server fails at the text that it refuses, and is as it was made after a reset", function()
  local at = pretend.server { shop = { orders = 3 } }
  at.refuses = "orders"
  expect(ask(at, "shop", "SELECT * FROM orders").error).to_match("orders")
  ask(at, "postgres", 'DROP DATABASE "shop" WITH (FORCE)')
  at.reset()
  expect(at.databases.shop.tables["public.orders"]).to_be(3)
  expect(at.statements).to_equal {}
end)

--- What hikae.pretend_postgres promises: it answers as the real server does, where hikae asks; the specs of recipes stand on it.
local pretend = require "hikae.pretend_postgres"

--- What psql says that is connected to `database`, when it is told `stdin`.
local function ask(at, database, stdin, ...)
  return at.psql { argv = { "--dbname=" .. database, ... }, stdin = stdin, open = false }
end

it("pretend.server has the databases that it was made with, and postgres", function()
  local at = pretend.server { shop = { orders = 3, guests = 1 } }
  expect(at.databases.shop.tables).to_equal { ["public.orders"] = 3, ["public.guests"] = 1 }
  expect(at.databases.postgres.tables).to_equal {}
  local tables = json.decode(ask(at, "shop", "SELECT true AS readable FROM pg_catalog.pg_class c").stdout)
  expect(tables[2]).to_equal { name = "public.orders", has_rows = true, readable = true }
  expect(#tables).to_be(2)
end)

it("pretend.server refuses a database that it does not have, as psql does", function()
  local answer = ask(pretend.server {}, "shop", "SELECT 1")
  expect(answer.exit).to_be(2)
  expect(answer.stderr).to_match('database "shop" does not exist')
end)

it("pretend.server does what it is told of databases, and remembers it", function()
  local at = pretend.server {}
  ask(at, "postgres", 'CREATE DATABASE "a ""b""" TEMPLATE template0;\nCOMMENT ON DATABASE "a ""b""" IS \'mine\';\n')
  expect(at.databases['a "b"'].comment).to_be("mine")
  ask(at, "postgres", 'ALTER DATABASE "a ""b""" RENAME TO "c";\n')
  expect(at.databases.c.comment).to_be("mine")
  ask(at, "postgres", 'DROP DATABASE "c" WITH (FORCE);\n')
  expect(at.databases.c).to_be_nil()
  expect(#at.told).to_be(4)
end)

it("pretend.server loads a dump, and forgets the rows that it is to lose", function()
  local dump = samples.pg_dump { contacts = 3 }
  local at = pretend.server { shop = {} }
  ask(at, "shop", dump, "--file=-")
  expect(at.databases.shop.tables["public.contacts"]).to_be(3)
  at.reset()
  at.loses = 2
  ask(at, "shop", dump, "--file=-")
  expect(at.databases.shop.tables["public.contacts"]).to_be(1)
end)

it("pretend.server fails at the text that it refuses, and is as it was made after a reset", function()
  local at = pretend.server { shop = { orders = 3 } }
  at.refuses = "orders"
  expect(ask(at, "shop", "SELECT * FROM orders").exit).to_be(3)
  ask(at, "postgres", 'DROP DATABASE "shop" WITH (FORCE);\n')
  at.reset()
  expect(at.databases.shop.tables["public.orders"]).to_be(3)
  expect(at.told).to_equal {}
end)

it("pretend.server lets one wait that holds a lock, and everyone else say all first", function()
  local at = pretend.server {}
  local function open(stdin)
    return at.psql { argv = { "--dbname=postgres" }, stdin = stdin, open = true }
  end
  expect(open("SELECT 1")).to_be_nil()
  expect(open("SET idle_session_timeout = 0;\n")).to_equal { stdout = "t\n" }
end)

--- What a warning of a program means for the recipes that take `accept_warnings`.
local GLOBALS = [[
--
-- PostgreSQL database cluster dump
--

SET client_encoding = 'UTF8';

CREATE ROLE postgres;

--
-- PostgreSQL database cluster dump complete
--

]]

local SAID = 'role name starting with "pg_" skipped (pg_shop)'

local cluster = {
  now = "2026-02-15T01:00:00+09:00",
  programs = {
    pg_dumpall = { stdout = GLOBALS, stderr = "pg_dumpall: warning: " .. SAID .. "\n" },
    pg_dump = { stdout = samples.pg_dump { database = "shop", contacts = 3 } },
  },
  postgres = json.encode { { name = "shop", open = true } },
}

it("what a program leaves out makes a set partial, and its manifest tells", function()
  local run = simulate(cluster):run("db-full-backup")
  run:partial({ message = "pg_dumpall: " .. SAID }):alerted()
  run:wrote("/backups/database/full_backup_20260215_010000/globals.sql.gz.manifest.json"):contains('"kind": "left_out"')
end)

it("a pattern accepts it", function()
  simulate(cluster):run("db-full-backup", { set = { accept_warnings = "*skipped*" } }):ok()
end)

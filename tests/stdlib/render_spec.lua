--- What hikae.render promises of waiting and choosing; what it asks of Render is held to by recipes/render-db-backup_spec.lua.
local render = require "hikae.render"

--- A source that lists one of these after the other.
local function source(...)
  local looks, at = { ... }, 0
  return { list = function()
    at = math.min(at + 1, #looks)
    return looks[at]
  end }
end

local WAIT = { export_timeout = 0, poll = 0 }

local function backup(id, second, finished, status)
  return { id = id, createdAt = "2026-02-15T02:00:0" .. second .. "Z", finished = finished, status = status }
end

it("render.check refuses what cannot be the id of a database", function()
  expect(function() render.check { database_id = "dpg-cafe-a" } end).never_to_raise()
  for _i, id in ipairs { "", "a/b", "a b" } do
    expect(function() render.check { database_id = id } end).to_raise { message = "is not the id of a database at Render" }
  end
end)

it("render.work_dir is the folder that is named, else one in the folder of the backups", function()
  expect(render.work_dir { dir = "/backups" }).to_be("/backups/.work")
  expect(render.work_dir { dir = "/backups", work_dir = "/private" }).to_be("/private")
end)

it("render.await gives the newest finished backup that was not known", function()
  local at = source(
    { backup("old", 1, true) },
    { backup("old", 1, true), backup("b", 3, true), backup("a", 2, true), backup("c", 4, false) }
  )
  local known = render.known(at)
  expect(known).to_equal { old = true }
  expect(render.await(WAIT, at, known).id).to_be("b")
end)

it("render.await waits, and gives up when its time is over", function()
  local at = source({ backup("a", 1, false) }, { backup("a", 1, true) })
  expect(render.await({ export_timeout = 60, poll = 0.01 }, at, {}).id).to_be("a")
  expect(function() render.await(WAIT, source { backup("a", 1, false) }, {}) end).to_raise { kind = "timeout", hint = "export_timeout" }
end)

it("render.await fails when Render could not make the backup, whatever became of older ones", function()
  local failed = backup("a", 1, false, "Failed")
  expect(function() render.await(WAIT, source { failed }, {}) end).to_raise { message = "could not make the backup a: Failed" }
  expect(render.await(WAIT, source { failed, backup("b", 2, true) }, { a = true }).id).to_be("b")
end)

it("render.with refuses the API without a key", function()
  local settings = { via = "api", database_id = "dpg-cafe-a", dir = "/backups", api_url = "https://api.render.com/v1" }
  expect(function() render.with(settings, function() end) end).to_raise { kind = "denied", hint = "RENDER_API_KEY" }
end)

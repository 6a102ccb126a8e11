--- What hikae.health promises: it looks until the application works, and never says that it does when nobody could tell.
local health = require "hikae.health"

--- The options of a check with a command.
local function command(words, tries)
  return { health_command = { words }, health_tries = tries or 1, health_wait = 0 }
end

it("health.check says whether there was anything to look at", function()
  expect(health.check(command { "true" })).to_be_true()
  expect(health.check { health_tries = 3, health_wait = 60 }).to_be_false()
end)

it("health.check looks again until the application works, and no longer", function()
  local looks = tmp("looks")
  local third = { "sh", "-c", 'echo >> "$1"; [ "$(wc -l < "$1")" -ge 3 ]', "sh", looks }
  expect(health.check(command(third, 9))).to_be_true()
  expect(fs.read(looks)).to_be("\n\n\n")
end)

it("health.check raises the last failure when its tries are used up", function()
  local looks = tmp("looks")
  expect(function() health.check(command({ "sh", "-c", 'echo >> "$1"; echo closed >&2; exit 3', "sh", looks }, 2)) end)
    .to_raise { kind = "command", message = "closed" }
  expect(fs.read(looks)).to_be("\n\n")
end)

it("health.check asks an address, with waits between (#simulated)", function()
  local began = clock.elapsed()
  expect(health.check { health_url = "https://api.example/flaky", health_tries = 3, health_wait = 20 }).to_be_true()
  expect(clock.elapsed() - began >= 40).to_be_true()
  expect(function() health.check { health_url = "https://api.example/down", health_tries = 2, health_wait = 1 } end)
    .to_raise { kind = "network", message = "502" }
end)

it("health.check wants both, where both are named (#simulated)", function()
  expect(function()
    health.check { health_url = "https://api.example/hello", health_command = { { "no-such-program" } }, health_tries = 1, health_wait = 0 }
  end).to_raise { kind = "not_found" }
end)

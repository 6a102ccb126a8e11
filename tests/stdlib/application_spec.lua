--- What hikae.application promises: each point is tried or said not to be, and what does not hold is raised.
local application = require "hikae.application"
local api = "https://api.example"

it("shows each point, and raises nothing where all hold #simulated", function()
  local p = { front_page_url = api .. "/hello", front_page_text = "hel", api_url = api .. "/json", certificate_url = api .. "/json", certificate_days = 30 }
  expect(application.is_named(p)).to_be_true()
  expect(function() application.check(p) end).never_to_raise()
end)

it("raises every point that does not hold #simulated", function()
  expect(function() application.check { front_page_url = api .. "/hello", front_page_text = "goodbye", form_url = api .. "/missing" } end)
    .to_raise { kind = "integrity", message = "Front page, Form" }
  expect(function() application.check { certificate_url = api .. "/json", certificate_days = 91 } end).to_raise { message = "TLS certificate" }
end)

it("tells what was not tried from what failed #simulated", function()
  expect(application.is_named {}).to_be_false()
  expect(application.line(application.certificate(nil, 14))).to_be("– TLS certificate: not named")
  expect(application.line(application.certificate(api .. "/json", 14))).to_match("^✓ TLS certificate: 90 days left")
  expect(application.line(application.certificate("http://api.example", 14))).to_match("^✗ TLS certificate: ")
end)

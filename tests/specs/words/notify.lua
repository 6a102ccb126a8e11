--- Tells a web hook and a mail box that it has run.
return recipe {
  kind = "maintenance",
  type = "manual",
  params = { hook = { env = "HOOK", secret = true }, quiet = { default = false } },
  needs = { connect = { "hooks.example", "localhost:587" } },
  run = function(p)
    if not p.quiet then
      http.post(p.hook, { json = { text = "ran", rows = { 1, 2 } }, headers = { ["X-Kind"] = "report" } })
      mail.send { to = "ops@example.com, boss@example.com", subject = "It ran", text = "as always", html = "<b>as always</b>" }
    end
  end,
}

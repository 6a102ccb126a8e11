--- Sends a text through a program and keeps what comes out.
return recipe {
  kind = "maintenance",
  type = "manual",
  params = { text = { default = "text" } },
  needs = { run = { "wrap" }, write = { "/piped" } },
  run = function(p)
    local out = process.run { program = "wrap", args = { "--in", "<>" }, env = { TONE = "soft" }, stdin = p.text }
    fs.write("/piped/out", out.stdout, { replace = true })
  end,
}

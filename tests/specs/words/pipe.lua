--- Sends a text through a program and keeps what comes out.
return recipe {
  type = "manual",
  params = { text = { default = "text" } },
  needs = { run = { "wrap" }, write = { "/piped" } },
  run = function(p)
    local out = process.stream { program = "wrap", args = { "--in", "<>" }, env = { TONE = "soft" }, stdin = p.text }
    return out:save("/piped/out")
  end,
}

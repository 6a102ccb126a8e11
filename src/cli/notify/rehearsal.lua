--- Fails like a backup whose tool breaks off half-way, to rehearse the alert. It makes no backup and touches none.
return recipe {
  type = "manual",
  timeout = "60s",
  params = { dir = { type = "path", says = "A folder that is thrown away" } },
  needs = { run = { "sh" }, write = { "{dir}" } },
  run = function(p)
    local script = 'echo "the first half"; echo "$SAYS" >&2; exit 1'
    local env = { SAYS = _("rehearsal: no backup was touched") }
    local dump = process.stream { program = "sh", args = { "-c", script }, env = env }
    return dump:save(path.join(p.dir, "rehearsal.txt"))
  end,
}

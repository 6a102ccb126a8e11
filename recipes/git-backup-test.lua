--- Proves that a backup of a git repository can be restored: clones the newest bundle, checks every object, and compares the refs.
local git = require "hikae.git"
local restores = require "hikae.restores"

--- The refs that a bundle says it holds.
---@param bundle string
---@return table<string, string>
local function heads(bundle)
  local refs = {}
  for object, name in string.gmatch(process.run({ program = "git", args = { "bundle", "list-heads", bundle } }).stdout, "(%x+) (refs/[^\n]+)") do
    refs[name] = object
  end
  if next(refs) == nil then
    error { kind = "integrity", message = _("the bundle `%s` holds no branch and no tag", bundle) }
  end
  return refs
end

return recipe {
  kind = "drill",
  type = "weekly",
  params = {
    file = { type = "path", optional = true, says = "Bundle to test; else the newest in `dir`" },
    dir = { default = "/backups/git", type = "path", says = "Folder of the bundles" },
    name = { default = "repo*_backup_*.bundle", says = "How the bundles are named" },
    work_dir = { type = "path", default = "/var/tmp", says = "Folder in which it is restored for a moment" },
    objective_rto = { type = "duration", default = "4h", says = "Time in which a restore must be done" },
    timeout = { type = "duration", default = "2h", says = "Longest time for each call of git" },
  },
  needs = { run = { "git" }, read = { "{dir}", "{file}", "{file}.manifest.json" }, write = { "{work_dir}" } },

  run = function(p)
    log.info(_("Restore test of the repository starts"))
    local file = p.file or restores.backups(p.dir, p.name)[1]
    if manifest.read(file, { lists = false }) then
      manifest.verify(file)
    end
    local began = clock.elapsed()
    local refs = heads(file)
    git.verify(file, { work = p.work_dir, refs = refs, timeout = p.timeout })
    local took = clock.elapsed() - began
    local seconds = math.ceil(took)
    local late = took > p.objective_rto
        and _("the restore took %d s, and must be done within %d s", seconds, p.objective_rto)
      or nil
    run.note("RTO reached", { took = took, measure = "rto", failed = late })
    log.info(_("RTO reached: %d s (objective: %d s)", seconds, p.objective_rto))
    if late then
      error { kind = "timeout", message = late, hint = _("a faster disk, or `objective_rto` as it can be kept") }
    end
    log.info(_("Restore test: success (%s)", file))
  end,
}

--- Keeps a mirror of each git repository, checks it, and packs it: as an archive, and as a bundle that is proved to clone alone.
local git = require "hikae.git"
local params = require "hikae.params"
local repositories = require "hikae.repositories"
local retention = require "hikae.retention"

--- What a mirror is called. It has one stable name, and not that of the day as documented: so only what is new is fetched.
local MIRROR = "repo_mirror_"

--- The mirror of a repository, up to date and checked.
---@param p table
---@param repository hikae.repositories.Repository
---@return string
local function mirror(p, repository)
  local dir = path.join(p.dir, MIRROR .. repository.name)
  local refs = git.mirror { url = repository.url, dir = dir, timeout = p.timeout }
  log.info(_("Mirror is up to date: %s (%d refs)", dir, refs))
  git.fsck(dir, { timeout = p.timeout })
  repositories.report_missing(repository.name, dir)
  return dir
end

--- An older bundle that is more than twice as large as a new one: then history may be gone, and nothing old may go.
---@param p table
---@param repository hikae.repositories.Repository
---@param bundle Stream.Backup
---@return string?
local function larger(p, repository, bundle)
  for _i, older in ipairs(fs.list { dir = p.dir, name = repository.prefix .. "_backup_[0-9]*.bundle", kind = "file" }) do
    if older.size_bytes > 2 * bundle.size_bytes then
      return older.path
    end
  end
end

--- Backs one repository up.
---@param p table
---@param repository hikae.repositories.Repository
local function back_up(p, repository)
  fs.mkdir(p.dir)
  local dir = mirror(p, repository)
  local refs = git.refs(dir)
  local base = path.join(p.dir, repository.prefix .. "_backup_" .. clock.stamp())
  local bundle = git.bundle(dir, { timeout = p.timeout }):save(base .. ".bundle")
  git.verify(bundle.path, { work = p.dir, refs = refs, timeout = p.timeout })
  local packed = archive.pack({ roots = { dir }, base = p.dir }):gzip():save(base .. ".tar.gz")
  log.info(_("Repository saved: %s (%s, and %s)", repository.name, packed.path, bundle.path))
  local older = larger(p, repository, bundle)
  if older then
    run.remark {
      level = "warning", kind = "history",
      message = _("Old backups of %s are all kept: `%s` is more than twice as large as the new one; was history removed?", repository.name, older),
      hint = _("compare the two; if the repository is right as it is, remove the old backups by hand"),
    }
    return
  end
  for _i, ending in ipairs { ".tar.gz", ".bundle" } do
    retention.prune {
      dir = p.dir, name = repository.prefix .. "_backup_[0-9]*" .. ending, days = p.keep_days, keep_at_least = p.keep_at_least,
    }
  end
end

--- Removes mirrors of repositories that are not backed up any more.
---@param p table
---@param list hikae.repositories.Repository[]
local function clear(p, list)
  local ours = {}
  for _i, repository in ipairs(list) do
    ours[MIRROR .. repository.name] = true
  end
  for _i, dir in ipairs(fs.list { dir = p.dir, name = MIRROR .. "*", kind = "dir" }) do
    local fetched = fs.stat(path.join(dir.path, "FETCH_HEAD")) or dir
    if not ours[dir.name] and fetched.age_secs > p.mirror_days * 86400 then
      fs.remove(dir.path, { recursive = true, why = _("it was not updated for %d days", fetched.age_secs // 86400) })
      log.info(_("Old mirror removed: %s", dir.path))
    end
  end
end

return recipe {
  type = "daily",
  schedule = "15 3 * * *",
  params = params.join({
    url = { env = "REPO_URL", type = "list", optional = true, says = "Addresses of the repositories; a token in one is shown to nobody" },
    dir = { default = "/backups/git", type = "path", says = "Folder for mirrors, archives and bundles" },
    keep_days = { default = 30, min = 1, says = "Days to keep archives and bundles" },
    mirror_days = { default = 7, min = 1, says = "Days to keep the mirror of a repository that is not backed up any more" },
    keep_at_least = { default = 1, min = 1, says = "Archives and bundles to keep whatever their age" },
    git_files = { type = "list", optional = true, says = "What git and ssh may read, such as a folder with keys" },
    timeout = { type = "duration", default = "2h", says = "Longest time for each call of git" },
  }, params.warnings {}),
  needs = { run = { "git" }, read = { "{url}", "{git_files}" }, write = { "{dir}" } },

  run = function(p)
    if not p.url or #p.url == 0 then
      error {
        message = _("no repository is named"),
        hint = _("set `url`: --set url=https://github.com/your-org/your-repo.git"),
      }
    end
    run.accept_warnings(p.accept_warnings or {})
    log.info(_("Git backup starts"))
    local list, failures = repositories.of(p.url), {}
    for _i, repository in ipairs(list) do
      local ok, failure = errors.try(back_up, p, repository)
      if not ok then
        log.error(_("Repository not saved: %s: %s", repository.name, failure.message))
        failures[#failures + 1] = failure
      end
    end
    if #failures > 0 then
      -- The others are saved, whatever became of these.
      error(failures[1])
    end
    clear(p, list)
    log.info(_("Git backup is complete"))
  end,
}

--- Brings a lost application back: its newest code, its deployment, its configuration from the newest archive that proves, and a look at it.
local application = require "hikae.application"
local diffs = require "hikae.diffs"
local health = require "hikae.health"
local params = require "hikae.params"
local replacing = require "hikae.replacing"
local restores = require "hikae.restores"
local steps = require "hikae.steps"

--- What a folder for looking at a configuration is called; there is one at most.
local STAGING = "config_restore_"

--- Looks once whether one end of the application answers. That it does not is what this is for.
---@param name string
---@param url? string
local function look(name, url)
  if not url then
    return
  end
  local began = clock.elapsed()
  local ok, failure = errors.try(health.check, { health_url = url, health_tries = 1, health_wait = 0 })
  if ok then
    log.info(_("%s answers", name))
  else
    log.warn(_("%s does not answer: %s", name, failure.message))
    errors.accept(failure, _("this is the disaster that is to be recovered from"))
  end
  run.note(_("look at %s", name), { took = clock.elapsed() - began, failed = not ok and failure.message or nil })
end

--- Brings the newest code into one folder. Whatever would need a decision (a change of one's own, another history) fails.
---@param p table
---@param app string
local function pull(p, app)
  process.run {
    program = "git", args = { "pull", "--ff-only", p.remote, p.branch }, cwd = app, timeout = p.timeout,
    -- A settings file that it may not read ends git.
    env = { GIT_TERMINAL_PROMPT = "0", GIT_CONFIG_GLOBAL = not p.git_files and "/dev/null" or nil },
  }
end

--- Removes what earlier runs left for a look.
---@param p table
local function clear(p)
  for _i, left in ipairs(fs.list { dir = p.dir, name = STAGING .. "*", kind = "dir" }) do
    fs.remove(left.path, { recursive = true, why = _("it was unpacked for an earlier run") })
  end
end

--- Looks through what was unpacked. Where that fails, nothing of it is left.
---@param staging string
---@return integer files
local function count(staging)
  local ok, answer = errors.try(fs.list, { dir = staging, recursive = true, kind = "file" })
  if not ok then
    fs.remove(staging, { recursive = true, why = _("it cannot be looked through") })
    error(answer)
  end
  return #answer
end

--- Unpacks one archive. One without a file would bring nothing back, so it is no good one.
---@param p table
---@param file string
---@param staging string
---@return archive.Unpacked
local function open(p, file, staging)
  local unpacked = archive.unpack {
    source = file, into = staging, links = "skip", identity = p.identity, passphrase = p.passphrase, timeout = p.timeout,
  }
  if count(staging) == 0 then
    fs.remove(staging, { recursive = true, why = _("there is no file in it") })
    error {
      kind = "integrity",
      message = _("there is no file in the archive `%s`", file),
      hint = _("look at what packs it; `tar -tf` shows what is in an archive"),
    }
  end
  return unpacked
end

--- Where the files of the configuration begin in an archive that was unpacked, and whether it has others beside them. The archives of
--- config-backup have their files under their full paths; the documented script has all of them in a folder of the archive's name.
---@param p table
---@param staging string
---@param file string
---@return string root
---@return boolean others
local function root_of(p, staging, file)
  local top = fs.list { dir = staging }
  if #top == 1 and top[1].name == string.match(path.name(file), "^[^.]*") then
    return top[1].path, false
  end
  local below = staging .. p.config_dir
  local stat = fs.stat(below)
  if not stat or stat.kind ~= "dir" then
    return staging, false
  end
  local all, ours = fs.list { dir = staging, recursive = true, kind = "file" }, fs.list { dir = below, recursive = true, kind = "file" }
  return below, #all > #ours
end

--- Unpacks the newest archive that proves into a folder of its own; gives where its files begin, and which archive it was.
---@param p table
---@param staging string
---@return { root: string, others: boolean, file: string }
local function unpack(p, staging)
  clear(p)
  local files = p.file and { p.file } or restores.backups(p.dir, p.name)
  for index, file in ipairs(files) do
    local ok, answer = errors.try(open, p, file, staging)
    if ok then
      for _i, link in ipairs(answer.skipped) do
        log.warn(_("A link in the archive is left out: %s", link))
      end
      local root, others = root_of(p, staging, file)
      return { root = root, others = others, file = file }
    elseif answer.kind ~= "integrity" or index == #files then
      error(answer)
    end
    log.warn(_("%s is no good, the backup before it is tried: %s", file, answer.message))
    errors.accept(answer, _("the backup before it is tried"))
  end
end

--- Says what would change, and returns the files that would.
---@param p table
---@param root string
---@return hikae.replacing.File[]
local function compare(p, root)
  local files = {}
  for _i, difference in ipairs(diffs.between(root, p.config_dir, replacing.is_left)) do
    local from, live = path.join(root, difference.name), path.join(p.config_dir, difference.name)
    if difference.kind == "gone" then
      log.info(_("  only live, stays: %s", difference.name))
    else
      files[#files + 1] = { from = from, live = live }
      log.info(difference.kind == "new" and _("  new: %s", difference.name) or _("  changed: %s", difference.name))
    end
    for _j, line in ipairs(difference.kind == "changed" and diffs.lines(from, live) or {}) do
      log.info("    " .. line)
    end
  end
  return files
end

--- Brings the configuration back; whether any of it was put in place. Without `--yes`, what would change is only shown.
---@param p table
---@return boolean
local function configure(p)
  if not p.config_dir then
    log.info(_("No folder of the configuration is named: it stays as it is"))
    return false
  end
  local staging = path.join(p.dir, STAGING .. clock.stamp())
  local staged = steps.run(_("unpack the configuration"), unpack, p, staging)
  log.info(_("Configuration of %s against %s:", staged.file, p.config_dir))
  local files = steps.run(_("compare the configuration"), compare, p, staged.root)
  if #files > 0 and not run.confirmed() then
    steps.state(_("the configuration is only shown"))
    log.warn(_("The configuration is only shown. It is in %s; to put it in place, run this again with --yes", staging))
    return false
  end
  if #files == 0 then
    log.info(_("The configuration is as it was backed up"))
  else
    steps.state(_("the configuration is being put in place; a file that is missing is kept beside as NAME.before_…"))
    local kept = steps.run(_("put the configuration in place"), replacing.put_in_place, files)
    steps.state(_("the configuration is in place"))
    log.info(_("The configuration is in place; what was live is kept as NAME%s", kept))
  end
  if staged.others then
    log.warn(_("The archive has files of other folders too, to be put in place by hand: they are in %s", staging))
  else
    fs.remove(staging, { recursive = true, why = _("all of it is in place") })
  end
  return #files > 0
end

--- Waits until one end of the application answers, where it has an address.
---@param p table
---@param name string
---@param url? string
---@return hikae.steps.Step
local function wait_for(p, name, url)
  return {
    name = _("wait for %s", name),
    skip = not url,
    run = function()
      health.check { health_url = url, health_tries = p.health_tries, health_wait = p.health_wait, health_within = p.health_within }
    end,
  }
end

--- One step for each folder of the application.
---@param p table
---@return hikae.steps.Step[]
local function pulls(p)
  local list = {}
  for index, app in ipairs(p.app or {}) do
    list[index] = { name = _("bring the newest code: %s", app), run = function() pull(p, app) end }
  end
  return list
end

return recipe {
  kind = "restore",
  type = "manual",
  params = params.application {
    app = { type = "list", optional = true, says = "Folders of the application, each a clone; the first one deploys" },
    remote = { default = "origin", says = "Remote that the code comes from" },
    branch = { default = "main", says = "Branch that the code comes from" },
    git_files = { type = "list", optional = true, says = "What git reads in the home folder; without it, nothing there" },
    deploy = { type = "hook", detach = true, optional = true, says = "Commands, or address, that deploy the application" },
    restart = { type = "hook", detach = true, optional = true, says = "Commands, or address, that restart it with another configuration" },
    hook_folders = { type = "list", optional = true, says = "Folders that these commands may write in" },
    config_dir = { type = "path", optional = true, says = "Folder of the live configuration; without it, none is restored" },
    file = { type = "path", optional = true, says = "Archive of the configuration; else the newest in `dir` that is good" },
    dir = { default = "/backups/config", type = "path", says = "Folder of the archives" },
    name = { default = "config_backup_*.tar.gz*", says = "How the archives are named" },
    identity = { env = "BACKUP_IDENTITY", type = "path", optional = true, says = "File with the key that decrypts it: of age, or an exported secret key of gpg" },
    passphrase = { env = "BACKUP_PASSPHRASE", secret = true, optional = true, says = "Passphrase that decrypts it, or that of the key" },
    frontend_url = { optional = true, says = "Address that answers well when the front end works" },
    health_url = { optional = true, says = "Address that answers well when the back end works" },
    health_tries = { default = 60, min = 1, max = 1000, says = "How often each end is looked at" },
    health_wait = { type = "duration", default = "5s", says = "Time between two looks" },
    health_within = { type = "duration", default = "10m", says = "Time after which each end must answer" },
    timeout = { type = "duration", default = "1h", says = "Longest time for each step" },
  },
  needs = {
    run = { "git", "gpg?", "{deploy}", "{restart}" },
    read = { "{file}", "{file}.manifest.json", "{identity}", "{git_files}" },
    write = { "{app}", "{dir}", "{config_dir}", "{hook_folders}" },
    connect = { "{front_page_url}", "{api_url}", "{form_url}", "{admin_url}", "{certificate_url}", "{frontend_url}", "{health_url}", "{deploy}", "{restart}" },
  },

  run = function(p)
    if not (p.app and #p.app > 0 or p.deploy or p.config_dir or p.frontend_url or p.health_url) then
      error {
        message = _("nothing says what is to be recovered"),
        hint = _("set `app`, `deploy` or `config_dir`, and the addresses that tell whether it works"),
      }
    end
    log.info(_("Recovery of the application starts"))
    look(_("the front end"), p.frontend_url)
    look(_("the back end"), p.health_url)
    local changed = false
    steps.procedure {
      during = _("nothing is changed yet; to begin again: run this again"),
      pulls(p),
      {
        name = _("deploy the application"), hook = p.deploy, options = { cwd = p.app and p.app[1], timeout = p.timeout },
        during = _("the code is new, and may be half deployed; to go on: run this again"),
      },
      { run = function() changed = configure(p) end },
      {
        name = _("restart the application"), hook = p.restart, options = { timeout = p.timeout },
        skip = function() return not changed end,
      },
      wait_for(p, _("the front end"), p.frontend_url),
      wait_for(p, _("the back end"), p.health_url),
      application.step(p),
    }
    if not (p.frontend_url or p.health_url) then
      log.warn(_("No address is named: nothing was asked whether it answers"))
    end
    log.info(_("Recovery of the application is complete"))
  end,
}

--- Mirrors git repositories, checks them, and packs them into bundles, each of which restores alone.
local git = {}

--- Nothing may ask: what is not allowed without an answer fails.
local QUIET = { GIT_TERMINAL_PROMPT = "0", GIT_ASKPASS = "true", SSH_ASKPASS = "true", GIT_SSH_COMMAND = "ssh -o BatchMode=yes" }

---@class (exact) hikae.git.Options
---@field timeout? integer|string Longest time for each call of git.
---@field env? table<string, string|Secret> Variables for git, such as `GIT_SSH_COMMAND`.

---@class (exact) hikae.git.MirrorOptions: hikae.git.Options
---@field url string|Secret Where the repository is.
---@field dir string Folder of the mirror; made when it is not there.
---@field allow_empty? boolean Whether a repository without any branch is right. Default false.

---@class (exact) hikae.git.VerifyOptions: hikae.git.Options
---@field work string Folder in which the bundle is restored for a moment.
---@field refs table<string, string> What it must hold, as `git.refs` gives it.

---@param options? hikae.git.Options
---@return table<string, string|Secret>
local function environment(options)
  local env = {}
  for name, value in pairs(QUIET) do
    env[name] = value
  end
  for name, value in pairs(options and options.env or {}) do
    env[name] = value
  end
  return env
end

--- Runs git in a repository; gives what it wrote.
---@param dir string?
---@param args string[]
---@param options? hikae.git.Options
---@return string
local function run(dir, args, options)
  local all = dir and { "-c", "safe.directory=" .. dir, "--git-dir", dir } or {}
  table.move(args, 1, #args, #all + 1, all)
  return process.run({ program = "git", args = all, env = environment(options), timeout = options and options.timeout }).stdout
end

--- The refs of a repository: the name of each with its object.
---@param dir string
---@param options? hikae.git.Options
---@return table<string, string>
function git.refs(dir, options)
  local refs = {}
  local said = run(dir, { "for-each-ref", "--format=%(objectname) %(refname)" }, options)
  for object, name in string.gmatch(said, "(%x+) ([^\n]+)") do
    refs[name] = object
  end
  return refs
end

--- What a remote has: how many refs, and the branch that its HEAD names.
---@param dir string
---@param options hikae.git.MirrorOptions
---@return integer refs
---@return string? head
local function look(dir, options)
  local ok, said = errors.try(run, dir, { "ls-remote", "--symref", "origin" }, options)
  if not ok then
    errors.accept(said, _("the error below reports it"))
    error { kind = said.kind, message = said.message, hint = said.hint or _("can the address be reached from here, and is there what it asks for: a token in it, or a key?") }
  end
  local count = 0
  for _name in string.gmatch(said, "%x+\trefs/[^\n]+") do
    count = count + 1
  end
  return count, string.match(said, "ref: (refs/heads/[^\t\n]+)\tHEAD")
end

--- Fetches what is new. A remote that goes away in the middle leaves the mirror as it was.
---@param dir string
---@param options hikae.git.MirrorOptions
local function fetch(dir, options)
  local ok, failure = errors.try(run, dir, { "fetch", "--quiet", "--prune", "--no-auto-gc", "origin" }, options)
  if not ok then
    errors.accept(failure, _("the error below reports it"))
    error {
      kind = failure.kind, message = failure.message,
      hint = failure.hint or _("the mirror is as it was, and the next run goes on with it; did the remote or the network go away?"),
    }
  end
end

--- The files of this name in a folder and below it.
---@param dir string
---@param name string
---@return fs.Entry[]
local function files_in(dir, name)
  return fs.stat(dir) and fs.list { dir = dir, name = name, kind = "file", recursive = true } or {}
end

--- Removes what a git that was killed, or lost its remote, has left in a mirror: no run uses it at the same time. Git waits for such
--- a lock for ever, and keeps half a pack for ever.
---@param dir string
---@return boolean is_whole Whether the mirror was made to its end.
local function clear_left_over(dir)
  local locks = files_in(dir, "*.lock")
  local left = files_in(path.join(dir, "objects"), "tmp_*")
  table.move(locks, 1, #locks, #left + 1, left)
  for _i, file in ipairs(left) do
    log.warn(_("Removed `%s`, which an interrupted git left", file.path))
    fs.remove(file.path, { why = _("an interrupted git left it") })
  end
  return #locks == 0 and fs.stat(path.join(dir, "HEAD")) ~= nil and fs.stat(path.join(dir, "config")) ~= nil
end

--- Brings a mirror up to date: all branches, tags and other refs, and none that the remote no longer has. A mirror that was cut
--- off is continued. A remote that cannot be reached, or that has lost everything, is an error, and the mirror stays as it was.
---@param options hikae.git.MirrorOptions
---@return integer refs How many the mirror has now.
function git.mirror(options)
  local dir = options.dir
  if not clear_left_over(dir) then
    fs.mkdir(dir)
    run(nil, { "init", "--bare", "--quiet", dir }, options)
  end
  -- By the environment: the address may hold a password, and a configuration file would keep it.
  local asked = {}
  for name, value in pairs(options) do
    asked[name] = value
  end
  asked.env = environment(options)
  asked.env.GIT_CONFIG_COUNT = "2"
  asked.env.GIT_CONFIG_KEY_0, asked.env.GIT_CONFIG_VALUE_0 = "remote.origin.url", options.url
  asked.env.GIT_CONFIG_KEY_1, asked.env.GIT_CONFIG_VALUE_1 = "remote.origin.fetch", "+refs/*:refs/*"
  local count, head = look(dir, asked)
  if count == 0 and not options.allow_empty then
    error {
      kind = "integrity",
      message = _("the git repository has no branch and no tag: nothing is mirrored"),
      hint = _("was it emptied, or is the address wrong? if it is meant to be empty: `allow_empty = true`"),
    }
  end
  fetch(dir, asked)
  if head then
    run(dir, { "symbolic-ref", "HEAD", head }, asked)
  end
  local refs = 0
  for _name in pairs(git.refs(dir, options)) do
    refs = refs + 1
  end
  return refs
end

--- Checks every object of a repository, and that none is missing.
---@param dir string
---@param options? hikae.git.Options
function git.fsck(dir, options)
  local ok, failure = errors.try(run, dir, { "fsck", "--full", "--no-dangling", "--no-progress" }, options)
  if not ok then
    errors.accept(failure, _("the error below reports it"))
    error {
      kind = failure.kind == "command" and "integrity" or failure.kind,
      message = _("the git repository `%s` is damaged: %s", dir, failure.message),
      hint = _("move the mirror away: the next run makes a new one; if that is damaged as well, the remote is"),
    }
  end
end

--- A stream of one file that holds the whole repository. `git clone` takes it as it would take the repository.
---@param dir string
---@param options? hikae.git.Options
---@return Stream
function git.bundle(dir, options)
  return process.stream {
    program = "git",
    args = { "-c", "safe.directory=" .. dir, "--git-dir", dir, "bundle", "create", "--quiet", "-", "--all" },
    env = environment(options),
    timeout = options and options.timeout,
    load = "{ cat > repository.bundle && git clone --mirror repository.bundle repository.git; }",
  }
end

--- Removes a folder with all that is in it, whatever the names.
---@param dir string
local function remove_tree(dir)
  fs.remove(dir, { recursive = true, why = _("it was restored for a moment") })
end

--- What is restored for a moment is in folders that begin so; one that is a day old was left by a run that was killed.
local MOMENT, DAY_SECS = "hikae_bundle_", 86400

--- Removes what killed runs have left.
---@param work string
local function clear_work(work)
  for _i, entry in ipairs(fs.stat(work) and fs.list { dir = work, name = MOMENT .. "[0-9]*", kind = "dir" } or {}) do
    if entry.age_secs > DAY_SECS then
      remove_tree(entry.path)
    end
  end
end

--- Proves that a bundle restores alone: `git bundle verify` looks at its head only, so it is unpacked, every object is checked,
--- and the refs are compared.
---@param bundle string
---@param options hikae.git.VerifyOptions
function git.verify(bundle, options)
  clear_work(options.work)
  local dir = path.join(options.work, MOMENT .. clock.stamp())
  fs.mkdir(dir)
  run(nil, { "init", "--bare", "--quiet", dir }, options)
  local ok, failure = errors.try(function()
    run(dir, { "fetch", "--quiet", "--no-auto-gc", bundle, "+refs/*:refs/*" }, options)
    git.fsck(dir, options)
    local found = git.refs(dir, options)
    for name, object in pairs(options.refs) do
      if found[name] ~= object then
        error { kind = "integrity", message = _("the bundle `%s` does not hold `%s` as the repository has it", bundle, name) }
      end
    end
  end)
  remove_tree(dir)
  if not ok then
    errors.accept(failure, _("the error below reports it"))
    error { kind = failure.kind, message = _("the bundle `%s` cannot be restored: %s", bundle, failure.message), hint = failure.hint }
  end
end

return git

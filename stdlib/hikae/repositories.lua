--- The names of git repositories, and what a bundle of them does not contain.
local repositories = {}

---@class (exact) hikae.repositories.Repository
---@field url string
---@field name string What its mirror is called, in letters that a file may have.
---@field prefix string How its backups begin: `repo` where there is one repository only.

--- The last parts of an address, without `.git`.
---@param url string
---@param parts integer How many.
---@return string
local function last_parts(url, parts)
  local plain = string.gsub(string.gsub(url, "/+$", ""), "%.git$", "")
  local found = {}
  for part in string.gmatch(plain, "[^/:]+") do
    found[#found + 1] = part
  end
  local name = table.concat(found, "_", math.max(1, #found - parts + 1))
  return (string.gsub(name, "[^%w%._%-]", "_"))
end

--- The repositories of these addresses. Two with the same last part are distinguished by the part before it.
---@param urls string[]
---@return hikae.repositories.Repository[]
function repositories.of(urls)
  local count, list, taken = {}, {}, {}
  for _i, url in ipairs(urls) do
    local name = last_parts(url, 1)
    count[name] = (count[name] or 0) + 1
  end
  for _i, url in ipairs(urls) do
    local name = last_parts(url, 1)
    name = count[name] > 1 and last_parts(url, 2) or name
    if taken[name] then
      error {
        message = _("two repositories would have the name `%s`", name),
        hint = _("name each repository once in `url`"),
      }
    end
    taken[name] = true
    list[#list + 1] = { url = url, name = name, prefix = #urls == 1 and "repo" or "repo_" .. name }
  end
  return list
end

--- Asks git about the newest commit of a mirror; nil where it has nothing to say.
---@param dir string
---@param args string[]
---@return string?
local function ask(dir, args)
  local all = { "-c", "safe.directory=" .. dir, "--git-dir", dir }
  table.move(args, 1, #args, #all + 1, all)
  local answer = process.run { program = "git", args = all, env = { GIT_TERMINAL_PROMPT = "0" }, ok_codes = { 0, 1, 128 } }
  return answer.code == 0 and answer.stdout or nil
end

--- Reports what a repository names and does not hold: submodules, and files that Git LFS keeps elsewhere.
---@param name string
---@param dir string The mirror.
function repositories.report_missing(name, dir)
  local modules = {}
  local said = ask(dir, { "config", "--blob", "HEAD:.gitmodules", "--get-regexp", "^submodule\\..*\\.url$" })
  for url in string.gmatch(said or "", "[^%s]+ ([^\n]+)") do
    modules[#modules + 1] = url
  end
  if #modules > 0 then
    run.remark {
      level = "warning", kind = "submodules",
      message = _("%s has submodules, which are repositories of their own: %s", name, table.concat(modules, ", ")),
      hint = _("name them in `url` as well; where others back them up: --set accept_warnings=submodules"),
    }
  end
  if ask(dir, { "grep", "--name-only", "filter=lfs", "HEAD", "--", ".gitattributes", "*/.gitattributes" }) then
    run.remark {
      level = "warning", kind = "lfs",
      message = _("%s keeps files in Git LFS: the backup has their pointers, and not their content", name),
      hint = _("back up the store of Git LFS by itself; then: --set accept_warnings=lfs"),
    }
  end
end

return repositories

--- Runs the steps of a procedure, writes down how each one ended, and calls the hooks of the site: commands or an address.
local steps = {}

--- What a param of the type `hook` gives: an address that is sent a POST and answers 200 to 299, or the words of each command.
---@alias hikae.steps.Hook string|string[][]

---@class (exact) hikae.steps.Options
---@field timeout? integer|string Longest time for each command, or for the answer. Default 10 minutes.
---@field cwd? string The folder in which commands run.

--- Runs one step and gives what it gave. The record of the run has the step with its time, and with its failure, which is raised.
---@param name string What it is, for people: `hikae runs show` has it.
---@param step fun(...): ...
---@param ... any
---@return any
function steps.run(name, step, ...)
  log.info(_("Step: %s", name))
  local began = clock.elapsed()
  local ok, answer = errors.try(step, ...)
  run.note(name, { took = clock.elapsed() - began, failed = not ok and answer.message or nil })
  if not ok then
    log.error(_("Step failed: %s", name))
    error(answer)
  end
  return answer
end

--- Calls a hook: its address, or one command after the other, of which none runs after one that failed.
---@param hook hikae.steps.Hook
---@param options? hikae.steps.Options
function steps.call(hook, options)
  options = options or {}
  local timeout = options.timeout or "10m"
  if type(hook) == "string" then
    http.post(hook, { timeout = timeout })
    return
  end
  for _i, words in ipairs(hook) do
    process.run { program = words[1], args = { table.unpack(words, 2) }, cwd = options.cwd, timeout = timeout }
  end
end

--- A hook as a step; one that is not named is passed over, and that is told.
---@param name string
---@param hook? hikae.steps.Hook
---@param options? hikae.steps.Options
---@return boolean called
function steps.hook(name, hook, options)
  if not hook then
    log.info(_("Step passed over, for no hook is named: %s", name))
    return false
  end
  steps.run(name, steps.call, hook, options)
  return true
end

--- Writes down where the procedure stands and how it goes on, for whoever finds it interrupted.
---@param words string
function steps.stand(words)
  run.note(_("stands here: %s", words))
end

return steps

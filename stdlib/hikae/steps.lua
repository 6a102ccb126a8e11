--- Runs the steps of a procedure, writes down how each one ended, and calls the hooks that belong to the site: a program or an address.
local steps = {}

---@class (exact) hikae.steps.Hook
---@field command? string A program that does it and exits 0; called without arguments.
---@field url? string An address that does it when it is sent a POST, and answers 200 to 299.
---@field timeout? integer|string Longest time. Default 10 minutes.

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

--- Calls a hook; gives whether there was one.
---@param hook hikae.steps.Hook
---@return boolean
function steps.call(hook)
  local timeout = hook.timeout or "10m"
  if hook.command then
    process.run { program = hook.command, timeout = timeout }
  end
  if hook.url then
    http.post(hook.url, { timeout = timeout })
  end
  return hook.command ~= nil or hook.url ~= nil
end

--- A hook as a step; one that is not named is passed over, and that is told.
---@param name string
---@param hook hikae.steps.Hook
---@return boolean called
function steps.hook(name, hook)
  if not (hook.command or hook.url) then
    log.info(_("Step passed over, for no hook is named: %s", name))
    return false
  end
  return steps.run(name, steps.call, hook)
end

--- Writes down where the procedure stands and how it goes on, for whoever finds it interrupted.
---@param words string
function steps.stand(words)
  run.note(_("stands here: %s", words))
end

return steps

--- Runs the steps of a procedure, records how each one ended, and calls the hooks of the site: commands or an address.
local steps = {}

--- What a param of the type `hook` gives: an address that is sent a POST and answers 200 to 299, or the words of each command.
---@alias hikae.steps.Hook string|string[][]

---@class (exact) hikae.steps.Options
---@field timeout? integer|string Longest time for each command, or for the answer. Default 10 minutes.
---@field cwd? string The folder in which commands run.

--- One step: it has `run`, or `hook` with its `options`. Without a name it is not recorded: it records its own steps.
---@class (exact) hikae.steps.Step
---@field name? string What it is, for people: `hikae runs show` has it.
---@field run? fun(): any
---@field hook? hikae.steps.Hook|false Called by `steps.hook`; nil and false pass over it.
---@field options? hikae.steps.Options
---@field skip? boolean|fun(): boolean? Whether it is left out in this run.
---@field during? string|fun(): string What is in place if the run is killed in it.
---@field after? string|fun(answer: any): string What is in place after it, and how to go on.
---@field failed? string What is in place when it has failed; it is logged as an error as well.
---@field on_failure? hikae.steps.OnFailure What to do when it fails, instead of the procedure's own `on_failure`.

--- What to do when a step has failed. It may raise another failure in place of this one, when it has accepted this one.
--- `leave(words)` says that the step `always` must not run, and what that leaves in place.
---@alias hikae.steps.OnFailure fun(failure: errors.Failure, leave: fun(words: string))

--- The steps in their order, each a step or a list of steps, with what belongs to all of them.
---@class hikae.steps.Procedure
---@field [integer] hikae.steps.Step|hikae.steps.Step[]
---@field during? string What is in place until a step says otherwise.
---@field on_failure? hikae.steps.OnFailure
---@field always? hikae.steps.Step The last step, whatever became of the others.

--- Runs one step and gives its answer. The record of the run has the step with its time, and with its failure, which is raised.
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

--- A hook as a step; one that is not named is skipped, which is logged.
---@param name string
---@param hook? hikae.steps.Hook|false
---@param options? hikae.steps.Options
---@return boolean called
function steps.hook(name, hook, options)
  if not hook then
    log.info(_("Step skipped, no hook is named: %s", name))
    return false
  end
  steps.run(name, steps.call, hook, options)
  return true
end

--- Records what is in place and how to go on, for people who find the procedure interrupted.
---@param words string
function steps.state(words)
  run.note(_("state: %s", words))
end

--- The same, also logged as an error: a person has to do something.
---@param words string
function steps.alarm(words)
  steps.state(words)
  log.error(words)
end

--- Records a state that a step declares, if it does.
---@param words? string|fun(answer: any): string
---@param answer? any
local function declare(words, answer)
  if type(words) == "function" then
    words = words(answer)
  end
  if words then
    steps.state(words)
  end
end

--- Runs one step of a procedure.
---@param step hikae.steps.Step
local function perform(step)
  declare(step.during)
  local answer
  if not step.run then
    answer = steps.hook(step.name, step.hook, step.options)
  elseif step.name then
    answer = steps.run(step.name, step.run)
  else
    answer = step.run()
  end
  declare(step.after, answer)
end

--- Whether a step is left out in this run.
---@param step hikae.steps.Step
---@return boolean?
local function is_skipped(step)
  if type(step.skip) == "function" then
    return step.skip()
  end
  return step.skip
end

--- Runs one step; a failure goes to its `on_failure`, else to that of the procedure, and is raised.
---@param step hikae.steps.Step
---@param on_failure? hikae.steps.OnFailure
---@param leave fun(words: string)
local function attempt(step, on_failure, leave)
  local ok, failure = errors.try(perform, step)
  if ok then
    return
  end
  if step.failed then
    steps.alarm(step.failed)
  end
  on_failure = step.on_failure or on_failure
  if on_failure then
    on_failure(failure, leave)
  end
  error(failure)
end

--- Whether it is a list of steps, and not one step; it may be empty.
---@param step hikae.steps.Step|hikae.steps.Step[]
---@return boolean
local function is_list(step)
  return #step > 0 or next(step) == nil
end

--- Runs steps and lists of steps in their order, until one fails.
---@param list hikae.steps.Procedure
---@param leave fun(words: string)
local function attempt_all(list, leave)
  for _i, step in ipairs(list) do
    if is_list(step) then
      attempt_all({ on_failure = list.on_failure, table.unpack(step) }, leave)
    elseif not is_skipped(step) then
      attempt(step, list.on_failure, leave)
    end
  end
end

--- Runs a procedure: its steps in their order until one fails, then what is to be done about the failure, and at last `always`.
---@param procedure hikae.steps.Procedure
function steps.procedure(procedure)
  declare(procedure.during)
  local left = false
  local ok, failure = errors.try(attempt_all, procedure, function(words)
    left = true
    steps.alarm(words)
  end)
  if procedure.always and not left then
    attempt(procedure.always, nil, steps.alarm)
  end
  if not ok then
    error(failure)
  end
end

return steps

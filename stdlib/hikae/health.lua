--- Checks whether the application works, by an address, by commands, or by both; without either, nothing is checked.
local steps = require "hikae.steps"

local health = {}

---@class hikae.health.Options
---@field health_url? string An address that answers 200 to 299 when all is well.
---@field health_command? string[][] Commands that exit 0 when all is well.
---@field health_tries integer How often it may fail before the last one.
---@field health_wait number Seconds between two looks.
---@field health_within? number Seconds after which no further look begins. Default: only the tries count.

--- One look; what is not well is raised.
---@param options hikae.health.Options
local function look(options)
  if options.health_url then
    http.get(options.health_url, { timeout = "30s", retries = 0 })
  end
  if options.health_command then
    steps.call(options.health_command, { timeout = "5m" })
  end
end

--- Looks again and again until the application works; raises the last failure when it does not. Whether there was anything to look at.
---@param options hikae.health.Options
---@return boolean
function health.check(options)
  local ends = clock.elapsed() + (options.health_within or math.huge)
  for try = 1, options.health_tries do
    local ok, failure = errors.try(look, options)
    if ok then
      break
    elseif try == options.health_tries or clock.elapsed() + options.health_wait > ends then
      error(failure)
    end
    log.warn(_("The application does not work yet: %s", failure.message))
    errors.accept(failure, _("it is looked at again"))
    clock.sleep(options.health_wait)
  end
  if not (options.health_url or options.health_command) then
    return false
  end
  log.info(_("The application works"))
  return true
end

return health

--- Works through the checklist of an application recovery (guide App. B): front page, API, form, administration and certificate, each with ✓, ✗ or –.
local application = {}

---@class (exact) hikae.application.Check
---@field title string
---@field ok? boolean nil where it was not tried.
---@field found string

--- The points in their order: the title, the param with the address, and what the answer must show.
---@param p table
---@return { title: string, url?: string, shows?: string }[]
local function points(p)
  return {
    { title = _("Front page"), url = p.front_page_url, shows = p.front_page_text },
    { title = _("Answer of the API"), url = p.api_url },
    { title = _("Form"), url = p.form_url },
    { title = _("Administration pages"), url = p.admin_url },
  }
end

--- Whether any point is named.
---@param p table
---@return boolean
function application.is_named(p)
  return (p.front_page_url or p.api_url or p.form_url or p.admin_url or p.certificate_url) ~= nil
end

--- Asks for one page.
---@param point { title: string, url?: string, shows?: string }
---@return hikae.application.Check
local function ask(point)
  if not point.url then
    return { title = point.title, found = _("not named") }
  end
  local ok, answer = errors.try(http.get, point.url, { timeout = "30s", max_bytes = 4 << 20 })
  if not ok then
    errors.accept(answer, _("it is reported with all that is wrong"))
    return { title = point.title, ok = false, found = answer.message }
  elseif point.shows and not string.find(answer.body, point.shows, 1, true) then
    return { title = point.title, ok = false, found = _("`%s` is not on the page", point.shows) }
  end
  return { title = point.title, ok = true, found = tostring(answer.status) }
end

--- Looks how long a certificate is still valid.
---@param url? string
---@param days integer
---@return hikae.application.Check
function application.certificate(url, days)
  local title = _("TLS certificate")
  if not url then
    return { title = title, found = _("not named") }
  end
  local ok, shown = errors.try(http.certificate, url)
  if not ok then
    errors.accept(shown, _("it is reported with all that is wrong"))
    return { title = title, ok = false, found = shown.message }
  end
  local found = _("%d days left (%s, by %s)", shown.days_left, table.concat(shown.names, ", "), shown.issuer)
  return { title = title, ok = shown.days_left >= days, found = found }
end

--- One check as a line: `✓ Form: 200`.
---@param check hikae.application.Check
---@return string
function application.line(check)
  local mark = check.ok and "✓" or check.ok == nil and "–" or "✗"
  return mark .. " " .. check.title .. ": " .. check.found
end

--- Goes through all points and shows each; what does not hold is raised.
---@param p table The params of `params.application`.
function application.check(p)
  local wrong = {}
  local checks = {}
  for index, point in ipairs(points(p)) do
    checks[index] = ask(point)
  end
  checks[#checks + 1] = application.certificate(p.certificate_url, p.certificate_days)
  for _i, check in ipairs(checks) do
    local line = application.line(check)
    if check.ok == false then
      log.error(line)
      wrong[#wrong + 1] = check.title
    else
      log.info(line)
    end
  end
  if #wrong > 0 then
    error {
      kind = "integrity",
      message = _("the application does not work in full: %s", table.concat(wrong, ", ")),
      hint = _("each point is shown above, with what was found"),
    }
  end
end

--- The points as a step of a procedure; it is left out where none is named.
---@param p table
---@param on_failure? hikae.steps.OnFailure
---@return hikae.steps.Step
function application.step(p, on_failure)
  return {
    name = _("check the application point by point"),
    skip = not application.is_named(p),
    run = function() application.check(p) end,
    on_failure = on_failure,
  }
end

return application

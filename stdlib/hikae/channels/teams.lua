--- Sends alerts to Microsoft Teams: an Adaptive Card to Workflows, a MessageCard to the classic addresses of `webhook.office.com` (runbook §8.2).
local alerts = require "hikae.alerts"

local teams = {}

-- A message has 28 KB at most, counted as the JSON that is sent; a little is left for what Teams adds.
local MAX_BYTES, MAX_VALUE, MIN_VALUE = 26000, 4000, 60

local STYLES = { good = "good", neutral = "emphasis", warning = "warning", danger = "attention" }

--- The rows of an event, each value no longer than this many bytes.
---@param event alert.Event
---@param max integer
---@param count integer How many rows there may be.
---@return { label: string, value: string }[]
local function rows(event, max, count)
  local kept = {}
  for at, row in ipairs(event.rows) do
    if at > count then
      kept[#kept + 1] = { label = "…", value = "+" .. #event.rows - count }
      break
    end
    kept[#kept + 1] = { label = alerts.fit_bytes(row.label, max), value = alerts.fit_bytes(row.value, max) }
  end
  return kept
end

--- The message that fits: long values first lose their middle, and then the last rows are left out.
---@param event alert.Event
---@param write fun(rows: { label: string, value: string }[]): table
---@return table
local function fitted(event, write)
  local max, count = MAX_VALUE, math.max(#event.rows, 1)
  local message = write(rows(event, max, count))
  while #json.encode(message) > MAX_BYTES do
    if max > MIN_VALUE then
      max = math.max(max // 2, MIN_VALUE)
    elseif count > 1 then
      count = count * 3 // 4
    else
      break
    end
    message = write(rows(event, max, count))
  end
  return message
end

--- Whether the address of the system can be a link.
---@param event alert.Event
---@return string?
local function link(event)
  return event.system_url and #event.system_url < 1000 and event.system_url:match("^https?://[^%s<>\"]+$")
end

--- The card for Workflows with these rows. Values are text runs, which know no Markdown: nothing in an error becomes a link.
---@param event alert.Event
---@param shown { label: string, value: string }[]
---@return table
local function adaptive_card(event, shown)
  local title = alerts.fit_bytes(event.heading, 1000)
  local heading = { type = "TextBlock", text = title, weight = "Bolder", size = "Large", wrap = true }
  local body = { { type = "Container", style = STYLES[event.tone], bleed = true, items = { heading } } }
  if event.note ~= "" then
    body[#body + 1] = { type = "TextBlock", text = event.note, weight = "Bolder", wrap = true }
  end
  for _i, row in ipairs(shown) do
    local label = { type = "TextRun", text = row.label .. ": ", weight = "Bolder" }
    body[#body + 1] = { type = "RichTextBlock", inlines = { label, { type = "TextRun", text = row.value } } }
  end
  if event.advice ~= "" then
    body[#body + 1] = { type = "TextBlock", text = event.advice, wrap = true }
  end
  body[#body + 1] = { type = "TextBlock", text = alerts.fit_bytes(event.footer, 500), isSubtle = true, size = "Small", wrap = true }
  local card = {
    ["$schema"] = "http://adaptivecards.io/schemas/adaptive-card.json",
    type = "AdaptiveCard",
    version = "1.4",
    fallbackText = alerts.fit_bytes(event.subject, 1000),
    msteams = { width = "Full" },
    body = body,
  }
  local url = link(event)
  if url then
    card.actions = { { type = "Action.OpenUrl", title = event.labels.system_url, url = url } }
  end
  return card
end

--- The message for Workflows.
---@param event alert.Event
---@return table
function teams.adaptive(event)
  return fitted(event, function(shown)
    local content = adaptive_card(event, shown)
    local attachment = { contentType = "application/vnd.microsoft.card.adaptive", content = content }
    return { type = "message", attachments = { attachment } }
  end)
end

--- The message for a classic connector.
---@param event alert.Event
---@return table
function teams.card(event)
  return fitted(event, function(shown)
    local facts = {}
    for _i, row in ipairs(shown) do
      facts[#facts + 1] = { name = row.label, value = row.value }
    end
    local said = event.note ~= "" and event.note .. "\n" .. event.advice or event.advice
    local card = {
      ["@type"] = "MessageCard",
      ["@context"] = "https://schema.org/extensions",
      themeColor = alerts.colour(event):sub(2),
      summary = alerts.fit_bytes(event.subject, 1000),
      title = alerts.fit_bytes(event.heading, 1000),
      sections = { { facts = facts, text = said, markdown = false } },
    }
    local url = link(event)
    if url then
      local target = { os = "default", uri = url }
      card.potentialAction = { { ["@type"] = "OpenUri", name = event.labels.system_url, targets = { target } } }
    end
    return card
  end)
end

--- Whether an address is one of the classic connectors.
---@param host? string
---@return boolean
local function is_classic(host)
  return host == "outlook.office.com" or (host or ""):match("%.?webhook%.office%.com$") ~= nil
end

--- Workflows answer 202 without a body. A classic connector answers 200 also to what it drops: only its `1` counts.
---@param answer http.Response
---@return boolean|string
function teams.good_answer(answer)
  if answer.status == 202 or (answer.status == 200 and alerts.says(answer, "1")) then
    return true
  end
  return _("make a Workflows webhook in Teams, and set the channel to its address: classic connectors are retired")
end

--- Sends the event.
---@param event alert.Event
---@param channel alert.Channel
function teams.send(event, channel)
  http.post(channel.target, { json = is_classic(channel.host) and teams.card(event) or teams.adaptive(event) })
end

return teams

--- Tells Microsoft Teams: an Adaptive Card for Workflows, a MessageCard for the classic addresses of `webhook.office.com` (runbook §8.2).
local alerts = require "hikae.alerts"

local teams = {}

-- A message has 28 KB at most, in whatever alphabet.
local MAX_VALUE_BYTES, MAX_ROWS_BYTES = 4000, 16000

local STYLES = { good = "good", neutral = "emphasis", warning = "warning", danger = "attention" }

--- The rows that a card has room for.
---@param event alert.Event
---@return { label: string, value: string }[]
local function rows(event)
  local kept, size = {}, 0
  for _i, row in ipairs(event.rows) do
    local value = alerts.fit_bytes(row.value, MAX_VALUE_BYTES)
    size = size + #row.label + #value
    if size > MAX_ROWS_BYTES then
      kept[#kept + 1] = { label = "…", value = "" }
      break
    end
    kept[#kept + 1] = { label = row.label, value = value }
  end
  return kept
end

--- Whether the address of the system can be a link.
---@param event alert.Event
---@return string?
local function link(event)
  return event.system_url and event.system_url:match("^https?://[^%s<>\"]+$")
end

--- The message for Workflows. Values stand in text runs, which know no Markdown: nothing in an error becomes a link.
---@param event alert.Event
---@return table
function teams.adaptive(event)
  local heading = { type = "TextBlock", text = event.heading, weight = "Bolder", size = "Large", wrap = true }
  local body = { { type = "Container", style = STYLES[event.tone], bleed = true, items = { heading } } }
  if event.note ~= "" then
    body[#body + 1] = { type = "TextBlock", text = event.note, weight = "Bolder", wrap = true }
  end
  for _i, row in ipairs(rows(event)) do
    local label = { type = "TextRun", text = row.label .. ": ", weight = "Bolder" }
    body[#body + 1] = { type = "RichTextBlock", inlines = { label, { type = "TextRun", text = row.value } } }
  end
  if event.advice ~= "" then
    body[#body + 1] = { type = "TextBlock", text = event.advice, wrap = true }
  end
  body[#body + 1] = { type = "TextBlock", text = event.footer, isSubtle = true, size = "Small", wrap = true }
  local card = {
    ["$schema"] = "http://adaptivecards.io/schemas/adaptive-card.json",
    type = "AdaptiveCard",
    version = "1.4",
    fallbackText = event.subject,
    msteams = { width = "Full" },
    body = body,
  }
  local url = link(event)
  if url then
    card.actions = { { type = "Action.OpenUrl", title = event.labels.system_url, url = url } }
  end
  return {
    type = "message",
    attachments = { { contentType = "application/vnd.microsoft.card.adaptive", content = card } },
  }
end

--- The message for a classic connector.
---@param event alert.Event
---@return table
function teams.card(event)
  local facts = {}
  for _i, row in ipairs(rows(event)) do
    facts[#facts + 1] = { name = row.label, value = row.value }
  end
  local said = event.note ~= "" and event.note .. "\n" .. event.advice or event.advice
  local card = {
    ["@type"] = "MessageCard",
    ["@context"] = "https://schema.org/extensions",
    themeColor = alerts.colour(event):sub(2),
    summary = event.subject,
    title = event.heading,
    sections = { { facts = facts, text = said, markdown = false } },
  }
  local url = link(event)
  if url then
    local target = { os = "default", uri = url }
    card.potentialAction = { { ["@type"] = "OpenUri", name = event.labels.system_url, targets = { target } } }
  end
  return card
end

--- Whether an address is one of the classic connectors.
---@param host? string
---@return boolean
local function is_classic(host)
  return host == "outlook.office.com" or (host or ""):match("%.?webhook%.office%.com$") ~= nil
end

--- Sends the event.
---@param event alert.Event
---@param channel alert.Channel
function teams.send(event, channel)
  if not is_classic(channel.host) then
    http.post(channel.target, { json = teams.adaptive(event) })
    return
  end
  local answer = http.post(channel.target, { json = teams.card(event) })
  -- A connector says 200 to what it has thrown away too: only `1` means that it was taken.
  if answer.body ~= "1" then
    error {
      kind = "network",
      message = _("Teams did not take the message: %s", alerts.fit(answer.body, 300)),
      hint = _("classic connectors are retired: make a Workflows webhook in Teams, and put its address in this one's place"),
    }
  end
end

return teams

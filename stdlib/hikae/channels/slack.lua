--- Sends alerts to Slack by an incoming webhook: blocks, with a bar in the colour of the outcome (runbook §8.1).
local alerts = require "hikae.alerts"

local slack = {}

-- Block Kit takes no more; a message with a block too long is refused as a whole.
local MAX_HEADER, MAX_TEXT, MAX_FIELD, MAX_FIELDS, MAX_BLOCKS = 150, 3000, 2000, 10, 50

--- The text without what Slack takes for commands: `<!channel>` in an error calls nobody. Its limits count the text as it is sent.
---@param text string
---@param max integer UTF-16 units that it may have when it is escaped.
---@return string
function slack.escaped(text, max)
  local function escape(raw)
    return (raw:gsub("[&<>]", { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;" }))
  end
  return alerts.fit_as(text, max, escape, alerts.utf16_units)
end

--- A text as it is, in which nothing is bold, a link or an emoji.
---@param text string
---@param max integer
---@return table
local function plain(text, max)
  return { type = "plain_text", text = slack.escaped(text, max), emoji = false }
end

--- Label and value side by side, five rows in a block.
---@param event alert.Event
---@param blocks table[]
local function add_rows(event, blocks)
  local fields = {}
  for at, row in ipairs(event.rows) do
    fields[#fields + 1] = { type = "mrkdwn", text = "*" .. slack.escaped(row.label, 200) .. "*" }
    fields[#fields + 1] = plain(row.value == "" and "-" or row.value, MAX_FIELD)
    if #fields == MAX_FIELDS or at == #event.rows then
      -- Room for the advice and the link below.
      if #blocks == MAX_BLOCKS - 3 then
        blocks[#blocks + 1] = { type = "section", text = plain("…", 10) }
        return
      end
      blocks[#blocks + 1] = { type = "section", fields = fields }
      fields = {}
    end
  end
end

--- The message of an event.
---@param event alert.Event
---@return table
function slack.message(event)
  local blocks = { { type = "header", text = plain(event.heading, MAX_HEADER) } }
  if event.note ~= "" then
    blocks[#blocks + 1] = { type = "section", text = plain(event.note, MAX_TEXT) }
  end
  add_rows(event, blocks)
  if event.advice ~= "" then
    blocks[#blocks + 1] = { type = "section", text = plain(event.advice, MAX_TEXT) }
  end
  local footer = slack.escaped(event.footer, 500)
  if event.system_url and event.system_url:match("^https?://[^%s<>|]+$") then
    footer = footer .. "  <" .. slack.escaped(event.system_url, 1000) .. "|" .. slack.escaped(event.labels.system_url, 100) .. ">"
  end
  blocks[#blocks + 1] = { type = "context", elements = { { type = "mrkdwn", text = footer } } }
  return {
    text = slack.escaped(event.subject, MAX_TEXT),
    attachments = { { color = alerts.colour(event), blocks = blocks } },
  }
end

--- Slack answers `ok`; its workflows, and servers that speak its format, `{"ok":true}`.
---@param answer http.Response
---@return boolean
function slack.good_answer(answer)
  return alerts.says(answer, "ok") or alerts.says_yes(answer, "ok")
end

--- Sends the event.
---@param event alert.Event
---@param channel alert.Channel
function slack.send(event, channel)
  http.post(channel.target, { json = slack.message(event) })
end

return slack

--- Fits the words of an alert into what a messenger takes: colours, lengths, headers.
local alerts = {}

local COLOURS = { good = "#2E7D32", neutral = "#607D8B", warning = "#F9A825", danger = "#C62828" }

--- The colour of an event, as `#RRGGBB`: green only for what a run has proved.
---@param event alert.Event
---@return string
function alerts.colour(event)
  return COLOURS[event.tone] or COLOURS.danger
end

--- The text, with `…` in the place of what is more than so many characters.
---@param text string
---@param max integer
---@return string
function alerts.fit(text, max)
  local at = utf8.offset(text, max + 1)
  if not at or at > #text then
    return text
  end
  return text:sub(1, utf8.offset(text, max) - 1) .. "…"
end

--- The text, with `…` in the place of what is more than so many bytes of UTF-8.
---@param text string
---@param max integer
---@return string
function alerts.fit_bytes(text, max)
  if #text <= max then
    return text
  end
  local cut = max - #"…"
  while cut > 0 and (text:byte(cut + 1) & 0xC0) == 0x80 do
    cut = cut - 1
  end
  return text:sub(1, cut) .. "…"
end

--- The lines of an event that are shown below its heading: a note, and a line for each row.
---@param event alert.Event
---@return string[]
function alerts.lines(event)
  local lines = {}
  if event.note ~= "" then
    lines[1] = event.note
  end
  for _i, row in ipairs(event.rows) do
    lines[#lines + 1] = row.label .. ": " .. row.value
  end
  return lines
end

local ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

---@param bytes string
---@return string
local function base64(bytes)
  local text = {}
  for at = 1, #bytes, 3 do
    local a, b, c = bytes:byte(at, at + 2)
    local word = a << 16 | (b or 0) << 8 | (c or 0)
    for place = 0, 3 do
      local digit = word >> (18 - 6 * place) & 63
      local pad = (place == 2 and not b) or (place == 3 and not c)
      text[#text + 1] = pad and "=" or ALPHABET:sub(digit + 1, digit + 1)
    end
  end
  return table.concat(text)
end

--- The text as the value of a header, which has ASCII only: other text goes in encoded words (RFC 2047).
---@param text string
---@return string
function alerts.header(text)
  local clean = text:gsub("%c", " ")
  if not clean:find("[\x80-\xFF]") then
    return clean
  end
  local words, piece = {}, ""
  for _at, code in utf8.codes(clean) do
    local char = utf8.char(code)
    -- 45 bytes are 60 in base64: a word has 75 at most.
    if #piece + #char > 45 then
      words[#words + 1] = "=?UTF-8?B?" .. base64(piece) .. "?="
      piece = ""
    end
    piece = piece .. char
  end
  words[#words + 1] = "=?UTF-8?B?" .. base64(piece) .. "?="
  return table.concat(words, " ")
end

return alerts

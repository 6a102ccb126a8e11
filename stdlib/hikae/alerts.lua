--- Shortens the text of an alert to the limits of a messenger, and reads its answer.
local alerts = {}

local COLOURS = { good = "#2E7D32", neutral = "#607D8B", warning = "#F9A825", danger = "#C62828" }

--- The colour of an event, as `#RRGGBB`: green only for what a run has proved.
---@param event alert.Event
---@return string
function alerts.colour(event)
  return COLOURS[event.tone] or COLOURS.danger
end

--- How many units of UTF-16 a text has, which is how messengers count characters.
---@param text string
---@return integer
function alerts.utf16_units(text)
  local units = 0
  for _at, code in utf8.codes(text) do
    units = units + (code > 0xFFFF and 2 or 1)
  end
  return units
end

--- Where the character begins that the byte at `at` belongs to.
---@param text string
---@param at integer
---@return integer
local function start_of_char(text, at)
  while at > 1 and at <= #text and (text:byte(at) & 0xC0) == 0x80 do
    at = at - 1
  end
  return at
end

--- This many bytes of the text from its two ends, with `…` between them: an error says what failed first, and often why last.
---@param text string
---@param keep integer
---@return string
local function both_ends(text, keep)
  local from = #text - keep // 3 + 1
  while from <= #text and (text:byte(from) & 0xC0) == 0x80 do
    from = from + 1
  end
  local head = start_of_char(text, keep - (#text - from + 1) + 1) - 1
  return text:sub(1, head) .. "…" .. text:sub(from)
end

--- The text as it is sent, no longer than `max`. One that is too long keeps its beginning and its end.
---@param text string
---@param max integer
---@param write fun(text: string): string What becomes of the text before it is sent, such as escaping.
---@param measure fun(sent: string): integer
---@return string
function alerts.fit_as(text, max, write, measure)
  local whole = write(text)
  if measure(whole) <= max then
    return whole
  end
  local least, most = 0, #text - 1
  while least < most do
    local keep = (least + most + 1) // 2
    if measure(write(both_ends(text, keep))) <= max then
      least = keep
    else
      most = keep - 1
    end
  end
  return write(both_ends(text, least))
end

--- The text, with `…` in the middle when it has more than this many characters.
---@param text string
---@param max integer
---@return string
function alerts.fit(text, max)
  return alerts.fit_as(text, max, function(cut)
    return cut
  end, alerts.utf16_units)
end

--- The text, with `…` in the middle when it is more than this many bytes of UTF-8.
---@param text string
---@param max integer
---@return string
function alerts.fit_bytes(text, max)
  if #text <= max then
    return text
  end
  return both_ends(text, math.max(max - #"…", 0))
end

--- Whether the body of an answer is this word, with or without blanks around it.
---@param answer http.Response
---@param word string
---@return boolean
function alerts.says(answer, word)
  return answer.body:match("^%s*(.-)%s*$") == word
end

--- What an answer of JSON says; an empty table when it is none.
---@param answer http.Response
---@return table
function alerts.read(answer)
  local fine, value = pcall(json.decode, answer.body)
  if not fine then
    errors.accept(value, _("an answer that is no JSON says nothing"))
  end
  return fine and type(value) == "table" and value or {}
end

--- Whether an answer of JSON has this member, and it is true.
---@param answer http.Response
---@param member string
---@return boolean
function alerts.says_yes(answer, member)
  return alerts.read(answer)[member] == true
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

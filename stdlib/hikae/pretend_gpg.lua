--- Plays gpg for specs: it knows the keys that it was made with, and what it encrypts is marked and turned round.
local pretend = {}

local HEAD = "\x84\x5e\x03 pretended gpg\n"
local THROWAWAY = "89226477056518F364832EF05600907200C9DF7A"

---@param text string
---@return string
local function turned(text)
  return HEAD .. string.reverse(text)
end

--- What gpg says for programs.
---@param ... string
---@return string
local function status(...)
  local lines = {}
  for index, words in ipairs { ... } do
    lines[index] = "[GNUPG:] " .. words .. "\n"
  end
  return table.concat(lines)
end

--- The list of keys that a name fits, as `--with-colons` has it.
---@param keys table<string, string>
---@param name string
---@return string
local function list(keys, name)
  local lines = {}
  for fingerprint, owner in pairs(keys) do
    if fingerprint == name or string.find(owner, name, 1, true) then
      lines[#lines + 1] = "pub:u:255:22:0::::u:::scESC:\nfpr:::::::::" .. fingerprint .. ":\nuid:u::::::::" .. owner .. ":\nsub:u:255:18:0::::::e:\n"
    end
  end
  return table.concat(lines)
end

--- A gpg whose keyring has and trusts these keys: their owners by fingerprint. For `programs = { gpg = pretend.gpg { … } }`.
---@param keys table<string, string>
---@return fun(call: simulate.Call): simulate.Program
function pretend.gpg(keys)
  return function(call)
    local asked = {}
    for _i, arg in ipairs(call.argv) do
      asked[arg] = true
    end
    if asked["--list-keys"] then
      return { stdout = list(keys, call.argv[#call.argv]) }
    elseif asked["--export"] then
      return { stdout = "a key" }
    elseif asked["--import"] then
      return { stderr = status("IMPORT_OK 1 " .. THROWAWAY) }
    elseif asked["--gen-key"] then
      return { stderr = status("KEY_CREATED B " .. THROWAWAY) }
    elseif asked["--encrypt"] or asked["--symmetric"] then
      return { stdout = turned(call.stdin) }
    elseif string.sub(call.stdin, 1, #HEAD) ~= HEAD then
      return { exit = 2, stderr = status("NODATA 1") }
    end
    return { stdout = string.reverse(string.sub(call.stdin, #HEAD + 1)), stderr = status("DECRYPTION_OKAY", "GOODMDC") }
  end
end

return pretend

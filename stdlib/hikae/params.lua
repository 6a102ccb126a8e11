--- Gives recipes the params that several of them share, in one block each; a recipe adds its own and changes what differs.
local params = {}

---@alias hikae.params.Change string|false|recipe.Param What people read of a shared param; false leaves it out; a table changes its fields.

--- Adds a shared block to the params of a recipe, which may change each entry of it.
---@param shared table<string, recipe.Param>
---@param own table<string, hikae.params.Change>
---@return table<string, recipe.Param>
local function add(shared, own)
  local all = {}
  for name, param in pairs(shared) do
    local change = own[name]
    if type(change) == "string" then
      param.says = change
    elseif type(change) == "table" then
      for field, value in pairs(change) do
        param[field] = value
      end
    end
    all[name] = change ~= false and param or nil
  end
  for name, param in pairs(own) do
    if not shared[name] then
      all[name] = param
    end
  end
  return all
end

--- How a PostgreSQL server is reached: `host`, `port`, `database`, `user`, `password`.
---@param own table<string, hikae.params.Change>
---@return table<string, recipe.Param>
function params.server(own)
  return add({
    host = { env = "DB_HOST", default = "localhost", says = "Host of the server, or the folder of its socket" },
    port = { env = "DB_PORT", default = 5432, min = 1, max = 65535, says = "Port of the server" },
    database = { env = "DB_NAME", default = "english_cafe_db", says = "Database" },
    user = { env = "DB_USER", default = "postgres", says = "User of the server" },
    password = { env = "DB_PASSWORD", secret = true, optional = true, says = "Password of the user" },
  }, own)
end

--- Which backup of a database is restored, and how: `file`, `dir`, `name`, `fallback`, `verify`, `allow_empty`, `identity`, `passphrase`, `jobs`, `work_dir`, `timeout`.
---@param own table<string, hikae.params.Change>
---@return table<string, recipe.Param>
function params.restore(own)
  return add({
    file = { type = "path", optional = true, says = "Backup to restore; else the newest in `dir` that is good" },
    dir = { env = "BACKUP_DIR", default = "/backups/database", type = "path", says = "Folder of the backups" },
    name = { default = "db_backup_*", says = "How the backups are named" },
    fallback = {
      type = "choice", choices = { "ask", "older" }, default = "ask",
      says = "When the newest backup is no good: stop and name the one before it, or restore that (partial, exit 2)",
    },
    verify = { type = "choice", choices = { "data", "rows" }, default = "data", says = "What is compared: every value, or the number of rows" },
    allow_empty = { default = false, says = "Whether a backup without data is fine" },
    identity = { env = "BACKUP_IDENTITY", type = "path", optional = true, says = "File with the key that decrypts it: of age, or an exported secret key of gpg" },
    passphrase = { env = "BACKUP_PASSPHRASE", secret = true, optional = true, says = "Passphrase that decrypts it, or that of the key" },
    jobs = { default = 1, min = 1, max = 64, says = "Connections that load a custom-format file" },
    work_dir = { env = "BACKUP_WORK_DIR", type = "path", optional = true, says = "Private folder in which a backup that is a folder in a tar file is unpacked" },
    trust = {
      type = "choice", choices = { "recorded", "dump" }, default = "recorded",
      says = "Whose files may run code with the rights of `user`: those on record, or this one in any case",
    },
    timeout = { type = "duration", optional = true, says = "Longest time for each step; else that of `[limits]`" },
  }, own)
end

--- Who can decrypt a backup: `encrypt_to`.
---@param own table<string, hikae.params.Change>
---@return table<string, recipe.Param>
function params.encryption(own)
  return add({
    encrypt_to = { env = "BACKUP_ENCRYPT_TO", type = "list", optional = true, says = "Who can decrypt it: recipients of age, or keys of gpg; else it is not encrypted" },
  }, own)
end

--- What a program may warn of without a word about it: `accept_warnings`.
---@param own table<string, hikae.params.Change>
---@return table<string, recipe.Param>
function params.warnings(own)
  return add({
    accept_warnings = { type = "list", optional = true, says = "Warnings that are fine, as patterns of their kind or text" },
  }, own)
end

--- How `hikae.health` finds out whether the application works: `health_url`, `health_command`, `health_tries`, `health_wait`, `health_within`.
---@param own table<string, hikae.params.Change>
---@return table<string, recipe.Param>
function params.health(own)
  return add({
    health_url = { optional = true, says = "Address that answers well when the application works again" },
    health_command = { type = "command", optional = true, says = "Command that exits 0 when the application works again" },
    health_tries = { default = 10, min = 1, max = 1000, says = "How often the application is looked at" },
    health_wait = { type = "duration", default = "5s", says = "Time between two looks" },
    health_within = { type = "duration", default = "5m", says = "Time after which it is not looked at again" },
  }, own)
end

--- The pages of an application that `hikae.application` looks at: `front_page_url`, `front_page_text`, `api_url`, `form_url`,
--- `admin_url`, `certificate_url`, `certificate_days`.
---@param own table<string, hikae.params.Change>
---@return table<string, recipe.Param>
function params.application(own)
  return add({
    front_page_url = { optional = true, says = "Address of the front page" },
    front_page_text = { optional = true, says = "Text that the front page must show" },
    api_url = { optional = true, says = "Address at which the API answers" },
    form_url = { optional = true, says = "Address of the form" },
    admin_url = { optional = true, says = "Address of the administration pages" },
    certificate_url = { optional = true, says = "Address whose TLS certificate is looked at" },
    certificate_days = { default = 14, min = 1, says = "Days for which the certificate must still be valid" },
  }, own)
end

--- The longest times of one dump or download: `timeout`, `idle_timeout`.
---@param own table<string, hikae.params.Change>
---@return table<string, recipe.Param>
function params.limits(own)
  return add({
    timeout = { type = "duration", optional = true, says = "Longest time for the dump; else that of `[limits]`" },
    idle_timeout = { type = "duration", optional = true, says = "Longest time in which no byte arrives; else that of `[limits]`" },
  }, own)
end

--- All params of several blocks. A name in two of them is a mistake.
---@param ... table<string, recipe.Param>
---@return table<string, recipe.Param>
function params.join(...)
  local all = {}
  for _i, block in ipairs { ... } do
    for name, param in pairs(block) do
      if all[name] then
        error { message = _("the param `%s` is declared twice", name), hint = _("change it in the block that has it") }
      end
      all[name] = param
    end
  end
  return all
end

return params

--- Says which settings a temporary cluster needs to hold what is in a backup, as its manifest describes that.
local cluster_settings = {}

--- The extensions that work only where their library is loaded when the server starts, in the order in which it is.
local PRELOADED = {
  "citus", "timescaledb", "pg_cron", "pg_net", "pg_qualstats", "pg_squeeze", "pg_stat_kcache", "pg_stat_statements", "pg_tle",
  "pg_wait_sampling", "pgaudit", "pglogical", "set_user",
}

--- What some of them need besides. `{database}` means the database into which the backup is restored.
local BESIDES = {
  -- It can be in one database of a server, which this setting names.
  pg_cron = { "cron.database_name={database}", "cron.launch_active_jobs=off" },
  timescaledb = { "timescaledb.telemetry_level=off" },
}

--- Up to this many tables a cluster can compare as it is: each is locked while the structure is read.
local FEW_TABLES = 50000

--- What a server has connections for, by which it multiplies its locks.
local CONNECTIONS = 100

--- The name of a setting: `name` of `name=value`.
local function name_of(setting)
  return (string.match(setting, "^%s*([^=%s]*)"))
end

--- The settings for a backup; what a person names comes instead of what follows from the manifest.
---@param described? table Its manifest.
---@param named? string[] Each `name=value`.
---@return string[]
function cluster_settings.of(described, named)
  local all, known = {}, {}
  for _i, setting in ipairs(named or {}) do
    all[#all + 1] = setting
    known[string.lower(name_of(setting))] = true
  end
  local function add(setting)
    if not known[name_of(setting)] then
      all[#all + 1] = setting
    end
  end
  local database = described and described.database or {}
  local has, libraries = {}, {}
  for _i, extension in ipairs(database.extensions or {}) do
    has[extension] = true
  end
  for _i, extension in ipairs(PRELOADED) do
    if has[extension] then
      libraries[#libraries + 1] = extension
      for _j, setting in ipairs(BESIDES[extension] or {}) do
        add(setting)
      end
    end
  end
  if #libraries > 0 then
    add("shared_preload_libraries=" .. table.concat(libraries, ","))
  end
  local tables = #(database.tables or {})
  if tables > FEW_TABLES then
    add("max_locks_per_transaction=" .. math.ceil(2 * tables / CONNECTIONS))
  end
  return all
end

return cluster_settings

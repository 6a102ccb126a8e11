--- What a temporary cluster needs, by the manifest of the backup.
local cluster_settings = require "hikae.cluster_settings"

describe("cluster_settings.of", function()
  local function with(...)
    return { database = { extensions = { ... } } }
  end

  it("is nothing for what needs nothing", function()
    expect(cluster_settings.of(nil)).to_equal({})
    expect(cluster_settings.of({})).to_equal({})
    expect(cluster_settings.of(with("hstore", "pg_trgm"))).to_equal({})
  end)

  it("loads the libraries of extensions that need that, in their order", function()
    expect(cluster_settings.of(with("pg_stat_statements", "hstore"))).to_equal({ "shared_preload_libraries=pg_stat_statements" })
    expect(cluster_settings.of(with("pg_stat_statements", "citus"))).to_equal({ "shared_preload_libraries=citus,pg_stat_statements" })
  end)

  it("ties an extension to the database of the drill", function()
    expect(cluster_settings.of(with("pg_cron"))).to_equal({
      "cron.database_name={database}", "cron.launch_active_jobs=off", "shared_preload_libraries=pg_cron",
    })
  end)

  it("leaves to a person what that person names", function()
    local named = { "shared_preload_libraries=pg_cron,auto_explain", "work_mem=64MB" }
    expect(cluster_settings.of(with("pg_cron"), named)).to_equal({
      "shared_preload_libraries=pg_cron,auto_explain", "work_mem=64MB", "cron.database_name={database}", "cron.launch_active_jobs=off",
    })
  end)

  it("makes room for the locks of very many tables", function()
    local tables = {}
    for index = 1, 60000 do
      tables[index] = { schema = "public", name = "t" .. index }
    end
    expect(cluster_settings.of({ database = { tables = tables } })).to_equal({ "max_locks_per_transaction=1200" })
  end)
end)

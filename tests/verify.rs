//! What follows a restore, on a real server: every check names what it finds missing, and a swap is all or nothing.

mod checks;
mod swap;
mod throwaways;

use serde_json::Value;

use crate::support::postgres::{Cluster, shared};
use crate::support::program::Hikae;

/// A recipe with the params that reach the server, around these lines.
pub fn recipe(lines: &str) -> String {
    format!(
        r#"--- Tries what follows a restore.
return recipe {{
  kind = "check",
  type = "manual",
  params = {{
    host = {{ env = "DB_HOST", default = "" }},
    port = {{ env = "DB_PORT", default = 5432 }},
    user = {{ env = "DB_USER", default = "postgres" }},
    password = {{ env = "DB_PASSWORD", secret = true, optional = true }},
    database = {{ env = "DB_NAME", default = "" }},
    dir = {{ env = "BACKUP_DIR", type = "path" }},
  }},
  needs = {{ run = {{ "psql", "pg_dump" }}, write = {{ "{{dir}}" }} }},
  run = function(p)
    local function at(options)
      options.host, options.port, options.user, options.password = p.host, p.port, p.user, p.password
      return options
    end
    {lines}
  end,
}}
"#
    )
}

/// A world with the recipe `try` of these lines, at a server.
pub fn world_at(cluster: &Cluster, database: &str, lines: &str) -> Hikae {
    Hikae::with_database(cluster, database).file("config/recipes/try.lua", &recipe(lines))
}

pub fn world(database: &str, lines: &str) -> Hikae {
    world_at(shared(), database, lines)
}

/// The checks that the recipe logged as `CHECKS …`.
pub fn logged(out: &str) -> Vec<Value> {
    let events = out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let mut lists = events.filter_map(|event| {
        let message = event["message"].as_str()?.strip_prefix("CHECKS ")?.to_owned();
        Some(serde_json::from_str::<Vec<Value>>(&message).unwrap())
    });
    lists.next().unwrap_or_else(|| panic!("no checks in {out}"))
}

/// The checks that did not hold, as people read them.
pub fn failed(checks: &[Value]) -> Vec<String> {
    let bad = checks.iter().filter(|check| check["ok"] != true);
    bad.map(|check| {
        let object = check["object"].as_str().map(|object| format!(" of {object}")).unwrap_or_default();
        format!("{}{object}: {} not {}", check["name"].as_str().unwrap(), check["found"], check["expected"])
    })
    .collect()
}

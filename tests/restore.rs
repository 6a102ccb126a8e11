//! Promises that a dump restores into the database that was named, whole or not at all, and that no other database is touched.

mod archive;
mod canonical;
mod encodings;
mod failing;
mod inserting;
mod line;
mod manifest;
mod refused;
mod rewriter;
mod rich;
mod shapes;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::postgres::{Cluster, shared};
use crate::support::program::{Hikae, Said};
use crate::support::proxy::{Act, Proxy};

/// Restores `file` into `target`; `HOW` is more options in Lua.
const RECIPE: &str = r#"--- Restores one file into one database.
return recipe {
  kind = "restore",
  type = "manual",
  params = {
    file = { type = "path" }, target = { says = "Database to make" }, dir = { env = "BACKUP_DIR", type = "path" },
    host = { env = "DB_HOST" }, port = { env = "DB_PORT", default = 5432 }, user = { env = "DB_USER" },
    password = { env = "DB_PASSWORD", secret = true },
  },
  needs = { run = { "psql", "pg_restore" }, write = { "{dir}" } },
  run = function(p)
    local done = pg.restore {
      source = p.file, database = p.target,
      host = p.host, port = p.port, user = p.user, password = p.password, trust = "dump", HOW
    }
    log.info("restored " .. json.encode(done))
  end,
}
"#;

/// A world that reaches the server through a proxy, which knows whether the server was asked.
fn watched(how: &str) -> (Hikae, Proxy) {
    let proxy = Proxy::start(shared().port(), |_| Act::Pass);
    (world(shared(), how).env("DB_PORT", &proxy.port.to_string()), proxy)
}

/// A world in which `restore` restores, with more options in `how`.
fn world(cluster: &Cluster, how: &str) -> Hikae {
    Hikae::with_database(cluster, "postgres").file("config/recipes/restore.lua", &RECIPE.replace("HOW", how))
}

fn put(hikae: &Hikae, name: &str, bytes: &[u8]) -> String {
    let path = hikae.path("backups").join(name);
    std::fs::write(&path, bytes).unwrap();
    path.display().to_string()
}

fn restore(hikae: &Hikae, file: &str, target: &str) -> Said {
    let said =
        hikae.run(&["run", "restore", "--yes", "--set", &format!("file={file}"), "--set", &format!("target={target}")]);
    assert!(!said.err.contains(&shared().password) && !said.out.contains(&shared().password), "{}", said.err);
    said
}

/// Restores well, and gives what the recipe was given.
fn restored(hikae: &Hikae, file: &str, target: &str) -> Value {
    let said = restore(hikae, file, target);
    assert_eq!(said.code, 0, "{}", said.err);
    let line = said.err.lines().chain(said.out.lines()).find_map(|line| line.split_once("restored {")).unwrap();
    serde_json::from_str(&format!("{{{}", line.1)).unwrap()
}

fn exists(cluster: &Cluster, database: &str) -> bool {
    let name = database.replace('\'', "''");
    cluster.psql("postgres", &format!("SELECT count(*) FROM pg_database WHERE datname = '{name}'")) == "1"
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// The schema of a database and all of its rows as `pg_dump` sees them, without what must differ: its name, and the keys.
fn fingerprint(cluster: &Cluster, database: &str) -> String {
    let dump = String::from_utf8(cluster.dump(database, &["--create"])).unwrap();
    let quoted = format!("\"{}\"", database.replace('"', "\"\""));
    let lines = dump.lines().filter(|line| !line.starts_with('\\') && !line.starts_with("-- Name: "));
    lines.map(|line| line.replace(&quoted, "[NAME]").replace(&format!(" {database} "), " [NAME] ") + "\n").collect()
}

/// What every database but those in `except` holds, by name.
fn others(cluster: &Cluster, except: &[&str]) -> BTreeMap<String, String> {
    let names = cluster.psql("postgres", "SELECT datname FROM pg_database WHERE datallowconn");
    let names = names.lines().filter(|name| !except.contains(name));
    names.map(|name| (name.to_owned(), fingerprint(cluster, name))).collect()
}

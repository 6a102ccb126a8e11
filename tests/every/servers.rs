//! Servers from 13 to 18: the database with every kind of object is dumped, judged, restored and compared on each.
//!
//! `scripts/test-long` fetches the servers and names their folders; without it, the installed server alone is tried.

use std::path::PathBuf;

use serde_json::Value;

use super::{ROLES, make};
use crate::inspector::pass;
use crate::support::postgres::{Cluster, shared};
use crate::support::program::Hikae;
use crate::verify::world_at;

/// Restores the dump into a throwaway and logs what was compared.
const RECIPE: &str = r#"
    local made = pg.create_database(at {})
    local restored = pg.restore(at { source = path.join(p.dir, "every.sql.gz"), database = made, if_exists = "remake", trust = "dump" })
    local ok, answer = errors.try(pg.verify, at { database = made, manifest = { database = restored.dump } })
    if not ok then
      errors.accept(answer, "the test looks at the checks")
    end
    log.info("CHECKS " .. json.encode(answer.checks or { { name = answer.message, ok = false } }))
    pg.drop_database(at { name = made })
"#;

/// The folders of the servers that are named, each with the clients that may dump it.
fn servers() -> Vec<PathBuf> {
    let named = std::env::var_os("HIKAE_TEST_SERVERS").unwrap_or_default();
    std::env::split_paths(&named).filter(|path| !path.as_os_str().is_empty()).collect()
}

fn comes_back(cluster: &Cluster, name: &str, shape: &[&str]) {
    let dump = cluster.dump(name, shape);
    let (_, facts) = pass([bytes::Bytes::from(dump.clone())], None).unwrap();
    assert_eq!(facts.sections["database"]["restorable"], true, "{:?}", facts.remarks);
    let hikae = world_at(cluster, name, RECIPE);
    std::fs::write(hikae.path("backups/every.sql.gz"), crate::restore::gzip(&dump)).unwrap();
    let said = hikae.run(&["run", "try", "--json"]);
    let checks = crate::verify::logged(&said.out);
    let wrong: Vec<String> = checks.iter().filter(|check| check["ok"] != true).map(Value::to_string).collect();
    assert!(wrong.is_empty(), "{name} {shape:?}: {}\n{}", wrong.join("\n"), said.err);
    assert_eq!(said.code, 0, "{}", said.err);
}

/// The first number of a version: that of `pg_dump` on the `PATH`, or of a server.
fn major(text: &str) -> u32 {
    let digits = text.split(|c: char| !c.is_ascii_digit()).find(|digits| !digits.is_empty());
    digits.and_then(|digits| digits.parse().ok()).unwrap()
}

/// What a newer `pg_dump` writes, and the server does not know, is reported with the backup, and in the way of no restore.
fn a_newer_client_is_reported(cluster: &Cluster, name: &str) {
    let version = std::process::Command::new("pg_dump").arg("--version").output().unwrap();
    let (client, server) =
        (major(&String::from_utf8(version.stdout).unwrap()), major(&cluster.psql("postgres", "SHOW server_version")));
    let is_newer = client >= 17 && server < 17;
    let hikae = Hikae::with_database(cluster, name);
    let said = hikae.run(&["run", "db-backup"]);
    assert_eq!(said.code, 0, "{said:?}");
    let manifest = hikae.backups().into_iter().find(|file| file.ends_with(".manifest.json")).unwrap();
    let manifest = std::fs::read_to_string(hikae.path("backups").join(manifest)).unwrap();
    assert_eq!(manifest.contains("`pg_dump` is newer than the server"), is_newer, "{client} of {server}: {manifest}");
    assert_eq!(manifest.contains("transaction_timeout = 0"), is_newer, "the restore line leaves it out: {manifest}");
    for recipe in ["backup-test", "db-restore"] {
        let said = hikae.run(&["run", recipe, "--yes"]);
        assert_eq!(said.code, 0, "{recipe}, {client} of {server}: {said:?}");
    }
}

#[test]
fn every_kind_comes_back_on_every_server() {
    comes_back(shared(), super::every(), &["--create", "--clean", "--if-exists"]);
    for bin in servers() {
        let cluster = Cluster::start_in(&bin);
        cluster.psql("postgres", ROLES);
        make(&cluster, "every kind");
        comes_back(&cluster, "every kind", &["--create", "--clean", "--if-exists"]);
        comes_back(&cluster, "every kind", &["--inserts"]);
        cluster.create_database("plain");
        cluster.psql("plain", "CREATE TABLE t (a int PRIMARY KEY); INSERT INTO t VALUES (1), (2)");
        a_newer_client_is_reported(&cluster, "plain");
    }
}

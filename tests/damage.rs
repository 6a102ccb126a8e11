//! Cuts sources, fills disks, kills programs and hikae itself: nothing half-made is ever visible, and the record tells.

mod killed;
mod locks;
mod memory;
mod modes;
mod programs;
mod record;
mod retention;
mod signals;
mod space;
mod worth;

use std::collections::BTreeMap;
use std::path::Path;

use crate::support::program::{Hikae, Said};

/// A whole dump of the database `shop`.
pub const WHOLE: &str = "--\n-- PostgreSQL database dump\n--\n\n-- Dumped from database version 15.18\n\
    -- Dumped by pg_dump version 15.18\n\nCREATE DATABASE shop;\n\\connect shop\n\n\
    CREATE TABLE public.contacts (name text);\n\nCOPY public.contacts (name) FROM stdin;\n花子\n太郎\n\\.\n\n\
    --\n-- PostgreSQL database dump complete\n--\n\n";

/// A script that writes a whole dump.
const DUMPS: &str = "cat \"$(dirname \"$0\")/whole.sql\"";
/// A script that writes the beginning of a dump.
const BEGINS: &str = "head -c 250 \"$(dirname \"$0\")/whole.sql\"";

const PASSWORD: &str = "hunter2 is \"very\" secret";
/// A night long ago: its backup goes as soon as a new one is proved, and not before.
const LONG_AGO: &str = "20200101_020000";

/// A world where `pg_dump` is `script`, and where a backup of long ago lies.
fn night(script: &str) -> Hikae {
    let hikae = Hikae::new().env("DB_NAME", "shop").env("DB_PASSWORD", PASSWORD);
    let hikae = hikae.file("bin/whole.sql", WHOLE).program("pg_dump", script);
    plant(&hikae.path("backups"), LONG_AGO);
    hikae
}

/// Puts a proved backup of that moment into a folder, and gives its name.
fn plant(folder: &Path, stamp: &str) -> String {
    let name = format!("db_backup_{stamp}.sql.gz");
    let manifest = serde_json::json!({ "manifest": 1, "name": name, "size_bytes": 9, "database": { "name": "shop" } });
    std::fs::write(folder.join(&name), "old bytes").unwrap();
    std::fs::write(folder.join(format!("{name}.manifest.json")), manifest.to_string()).unwrap();
    name
}

/// Everything in a folder with its bytes, hidden files too.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let names = crate::support::program::names(folder);
    let files = names.into_iter().filter(|name| folder.join(name).is_file());
    files.map(|name| (name.clone(), std::fs::read(folder.join(name)).unwrap())).collect()
}

/// Runs db-backup where it must fail: exit 1, no file more and none less, and the record tells the same.
fn fails(hikae: &Hikae, args: &[&str]) -> Said {
    let before = contents(&hikae.path("backups"));
    let said = hikae.run(&[&["run", "db-backup"], args].concat());
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.err.contains("\nerror: "), "{said:?}");
    assert_eq!(contents(&hikae.path("backups")), before, "the folder changed: {said:?}");
    let recorded = hikae.outcome(&["runs", "--json"]);
    assert_eq!(recorded["status"], "failure", "{recorded}");
    assert_eq!(recorded["backups"], serde_json::json!([]), "{recorded}");
    said
}

/// The kind of the last failure, as the record has it.
fn kind(hikae: &Hikae) -> String {
    hikae.outcome(&["runs", "--limit=1", "--json"])["error"]["kind"].as_str().unwrap().to_owned()
}

/// Waits for the next second: names and ids are told apart by it.
fn next_second() {
    std::thread::sleep(std::time::Duration::from_millis(1010));
}

//! Rehearses recipes in simulated worlds: what they do is found there, what is wrong with them is found out, and nothing real is touched.

mod db_backup;
mod each_failure;
mod liars;
mod world;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use hikae::catalog::Status;
use hikae::config::{Config, DiskFiles, Folders, RecipeSource};
use hikae::error::Result;
use hikae::specs::rehearsal::{Complaint, Rehearsal, Rehearsed, Sort, complaints, rehearse};
use hikae::world::faulty::Fault;
use hikae::world::simulated::{Simulated, SimulatedSetup, Snapshot};
use serde_json::{Value, json};

/// A whole dump of the database `shop`.
const WHOLE: &str = crate::damage::WHOLE;

const NEW: &str = "/backups/database/db_backup_20260215_020000.sql.gz";
const OLD: &str = "/backups/database/db_backup_20251201_020000.sql.gz";
const PASSWORD: &str = "hunter2-in-a-rehearsal";

/// A configuration folder that holds nothing, on a machine whose environment says the wrong things.
fn config() -> Arc<Config> {
    let real = [
        ("DB_NAME", "the_real_one"),
        ("DB_USER", "the_real_user"),
        ("BACKUP_DIR", "/real"),
        ("DB_PASSWORD", "the real password"),
    ];
    let environment: BTreeMap<String, String> =
        real.into_iter().chain([("HOME", "/root")]).map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let folders = Folders { config_dir: None, current: "/nowhere/at/all".into(), uid: 1000 };
    Arc::new(Config::load(&folders, &environment, Arc::new(DiskFiles)).unwrap())
}

/// The night of 2026-02-15 with a `pg_dump` that works, and an old backup.
fn nightly() -> Value {
    json!({
        "now": "2026-02-15T02:00:00+09:00",
        "files": {
            OLD: { "content": "old bytes", "age": "76d" },
            format!("{OLD}.manifest.json"): {
                "content": json!({ "manifest": 1, "name": "db_backup_20251201_020000.sql.gz", "size_bytes": 9, "database": { "name": "shop" } }).to_string(),
                "age": "76d",
            },
        },
        "programs": { "pg_dump": { "stdout": WHOLE } },
        "env": { "DB_NAME": "shop" },
    })
}

/// A setup with a secret password. JSON has no secrets, so the variables are put in by hand.
fn setup(mut world: Value) -> SimulatedSetup {
    let plain = world.as_object_mut().unwrap().remove("env").unwrap_or_default();
    let mut setup: SimulatedSetup = serde_json::from_value(world).unwrap();
    for (name, value) in plain.as_object().into_iter().flatten() {
        setup.env.insert(name.clone(), hikae::world::SecretOrText::Plain(value.as_str().unwrap().to_owned()));
    }
    let secret = hikae::world::SecretOrText::Secret(hikae::secret::Secret::new(PASSWORD));
    setup.env.insert("DB_PASSWORD".to_owned(), secret);
    setup
}

/// A recipe of this text, which no folder holds.
fn recipe(text: &str) -> RecipeSource {
    RecipeSource { name: "liar".to_owned(), file_shown: "liar.lua".to_owned(), text: text.to_owned(), folder: None }
}

fn rehearsal(setup: SimulatedSetup, source: RecipeSource) -> Rehearsal {
    Rehearsal { setup, source, set: Vec::new(), run_type: None, yes: false, faults: Vec::new(), coverage: None }
}

async fn play(world: Value, source: RecipeSource, faults: Vec<Fault>) -> Result<Rehearsed> {
    let setup = setup(world);
    let world = Simulated::new(setup.clone()).unwrap();
    rehearse(&config(), &world, Rehearsal { faults, ..rehearsal(setup, source) }).await
}

fn db_backup() -> RecipeSource {
    config().recipe_source("db-backup").unwrap()
}

fn names(snapshot: &Snapshot) -> Vec<String> {
    let files = snapshot.files.keys().filter(|path| path.parent() == Some("/backups/database".as_ref()));
    files.map(|path: &PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned()).collect()
}

/// The complaints as people read them.
fn told(rehearsed: &Rehearsed) -> Vec<(Sort, String)> {
    complaints(rehearsed).into_iter().map(|Complaint { sort, error }| (sort, sentence(&error))).collect()
}

fn sentence(error: &hikae::error::Error) -> String {
    let site = error.sites().first().map(|site| format!(" ({site})")).unwrap_or_default();
    format!("{}{site}", error.one_line())
}

#[track_caller]
fn is_fine(rehearsed: &Rehearsed) {
    assert_eq!(rehearsed.run.status, Status::Success, "{:?} {:#?}", rehearsed.error, rehearsed.said);
    assert_eq!(told(rehearsed), []);
}

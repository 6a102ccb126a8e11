//! A catalog that cannot be opened, read or written says so clearly, and says that the backups are not affected.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use hikae::catalog::{Catalog, RunFilter, Status};
use hikae::error::{Error, Kind};
use rustix::thread::{CapabilitySet, CapabilitySets, capabilities, set_capabilities};

use super::{State, all_alive, daily, none_alive, run_ended, step};

/// The whole error as one text, with the folder of the test taken out.
fn told(state: &State, error: &Error) -> String {
    let text = format!("{}: {} | hint: {}", error.kind().word(), error.one_line(), error.hint_text().unwrap_or("none"));
    text.replace(state.dir.path().to_str().unwrap(), "STATE")
}

#[test]
fn a_file_that_is_not_a_catalog_is_refused_and_left_alone() {
    let state = State::new();
    let essay = "This is an essay about something else.\n".repeat(50);
    std::fs::write(state.path(), &essay).unwrap();
    for error in [Catalog::open(&state.path()).unwrap_err(), Catalog::open_existing(&state.path()).unwrap_err()] {
        assert_eq!(
            told(&state, &error),
            "integrity: cannot open the catalog `STATE/catalog.db`: file is not a database \
             | hint: move the file away, and hikae makes a new one; the backups themselves are not affected"
        );
    }
    assert_eq!(std::fs::read_to_string(state.path()).unwrap(), essay);
}

#[test]
fn a_damaged_page_is_told_as_damage() {
    let state = State::new();
    let catalog = state.open();
    for second in 0..40 {
        catalog.start_run(&daily(second)).unwrap();
    }
    drop(catalog);
    let mut bytes = std::fs::read(state.path()).unwrap();
    bytes[8192..].fill(0xa5);
    std::fs::write(state.path(), bytes).unwrap();
    let error = Catalog::open_existing(&state.path())
        .and_then(|catalog| catalog.runs(&RunFilter::default(), &all_alive))
        .unwrap_err();
    assert_eq!(error.kind(), Kind::Integrity, "{error:?}");
    assert!(error.hint_text().unwrap().ends_with("the backups themselves are not affected"));
}

#[test]
fn a_value_that_hikae_cannot_have_written_is_named() {
    let state = State::new();
    state.open().start_run(&daily(0)).unwrap();
    state.sql().execute_batch("UPDATE backup_logs SET started_at = 'yesterday'").unwrap();
    let error = state.open().runs(&RunFilter::default(), &all_alive).unwrap_err();
    assert_eq!(error.kind(), Kind::Integrity);
    assert!(error.one_line().contains("`yesterday` cannot be in column `started_at`"), "{error:?}");
}

#[test]
fn a_catalog_of_a_newer_version_is_refused_and_left_alone() {
    let state = State::new();
    state.open().start_run(&daily(0)).unwrap();
    state.sql().pragma_update(None, "user_version", 99).unwrap();
    for error in [Catalog::open(&state.path()).unwrap_err(), Catalog::open_existing(&state.path()).unwrap_err()] {
        assert_eq!(
            told(&state, &error),
            "other: cannot open the catalog `STATE/catalog.db`: it has version 99, and this hikae knows versions up to 6 \
             | hint: use the newer hikae that made it, or name another folder with HIKAE_STATE_DIR; the backups themselves are not affected"
        );
    }
    let version: u32 = state.sql().pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    assert_eq!(version, 99);
}

#[test]
fn an_empty_file_becomes_a_catalog() {
    let state = State::new();
    std::fs::write(state.path(), "").unwrap();
    assert_eq!(Catalog::open_existing(&state.path()).unwrap().runs(&RunFilter::default(), &all_alive).unwrap(), []);
    state.open().start_run(&daily(0)).unwrap();
    let sql = state.sql();
    let pragma = |name| sql.pragma_query_value(None, name, |row| row.get::<_, rusqlite::types::Value>(0)).unwrap();
    assert_eq!(pragma("user_version"), rusqlite::types::Value::Integer(6));
    assert_eq!(pragma("journal_mode"), rusqlite::types::Value::Text("wal".into()));
}

#[test]
fn a_folder_where_the_file_should_be_is_told() {
    let state = State::new();
    std::fs::create_dir(state.path()).unwrap();
    let error = Catalog::open(&state.path()).unwrap_err();
    assert!(
        told(&state, &error)
            .starts_with("other: cannot open the catalog `STATE/catalog.db`: unable to open database file"),
        "{error:?}"
    );
    assert_eq!(
        error.hint_text().unwrap(),
        "it must be a file, in a folder that the user who runs hikae can write to; the backups themselves are not affected"
    );
}

#[test]
fn a_folder_that_is_missing_or_a_file_is_told() {
    let state = State::new();
    let error = Catalog::open(&state.dir.path().join("away/catalog.db")).unwrap_err();
    assert_eq!(
        told(&state, &error),
        "not_found: cannot open the catalog `STATE/away/catalog.db`: No such file or directory \
         | hint: make its folder first; the backups themselves are not affected"
    );
    std::fs::write(state.dir.path().join("file"), "").unwrap();
    let error = Catalog::open_existing(&state.dir.path().join("file/catalog.db")).unwrap_err();
    assert!(error.one_line().ends_with("Not a directory"), "{error:?}");
}

/// Does `work` as somebody whom permissions bind, also where the tests run as root.
fn bound_by_permissions<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    let drop_powers = || {
        let sets = capabilities(None).unwrap();
        let powers = CapabilitySet::DAC_OVERRIDE | CapabilitySet::DAC_READ_SEARCH;
        set_capabilities(None, CapabilitySets { effective: sets.effective - powers, ..sets }).unwrap();
    };
    // Linux keeps capabilities by thread: the other tests keep theirs.
    std::thread::scope(|scope| {
        scope
            .spawn(|| {
                drop_powers();
                work()
            })
            .join()
            .unwrap()
    })
}

fn chmod(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_read_only_catalog_cannot_be_written_but_is_read_and_shows_dead_runs_as_interrupted() {
    let state = State::new();
    let catalog = state.open();
    catalog.start_run(&daily(0)).unwrap();
    catalog.finish_run(&run_ended(&daily(0).id, Status::Success)).unwrap();
    catalog.start_run(&daily(1)).unwrap();
    drop(catalog);
    chmod(&state.path(), 0o400);
    chmod(state.dir.path(), 0o500);
    let (refused, shown) = bound_by_permissions(|| {
        let refused = Catalog::open(&state.path()).unwrap_err();
        let catalog = Catalog::open_existing(&state.path()).unwrap();
        (refused, catalog.runs(&RunFilter::default(), &none_alive).unwrap())
    });
    chmod(state.dir.path(), 0o700);
    assert_eq!(
        told(&state, &refused),
        "denied: cannot open the catalog `STATE/catalog.db`: Permission denied \
         | hint: run hikae as the user who owns the catalog; the backups themselves are not affected"
    );
    assert_eq!(shown.iter().map(|run| run.status).collect::<Vec<_>>(), [Status::Interrupted, Status::Success]);
    let kept: String =
        state.sql().query_row("SELECT status FROM backup_logs WHERE number = 2", [], |row| row.get(0)).unwrap();
    assert_eq!(kept, "running", "nothing could be written");
}

#[test]
fn a_read_only_catalog_that_was_left_by_a_killed_process_is_read_with_its_last_changes() {
    let (state, killed) = (State::new(), State::new());
    let catalog = state.open();
    catalog.start_run(&daily(0)).unwrap();
    // What a process that is killed leaves: the changes are still in the files beside the catalog.
    for name in ["catalog.db", "catalog.db-wal", "catalog.db-shm"] {
        std::fs::copy(state.dir.path().join(name), killed.dir.path().join(name)).unwrap();
        chmod(&killed.dir.path().join(name), 0o400);
    }
    chmod(killed.dir.path(), 0o500);
    let shown = bound_by_permissions(|| {
        Catalog::open_existing(&killed.path()).unwrap().runs(&RunFilter::default(), &none_alive).unwrap()
    });
    chmod(killed.dir.path(), 0o700);
    assert_eq!(shown.iter().map(|run| run.status).collect::<Vec<_>>(), [Status::Interrupted]);
}

#[test]
fn a_catalog_that_another_process_holds_is_told_as_locked() {
    let state = State::new();
    let catalog = state.open();
    let other = state.sql();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = catalog.start_run(&daily(0)).unwrap_err();
    assert_eq!(
        told(&state, &error),
        "locked: cannot write to the catalog `STATE/catalog.db`: database is locked \
         | hint: another process has held it for seconds; find it with `fuser -v` and the file; the backups themselves are not affected"
    );
    other.execute_batch("COMMIT").unwrap();
    catalog.start_run(&daily(0)).unwrap();
}

#[test]
fn a_full_catalog_is_told_as_no_space() {
    let state = State::new();
    let catalog = state.open();
    catalog.start_run(&daily(0)).unwrap();
    // The last number is taken: SQLite then says what it says of a full disk.
    state.sql().execute_batch("UPDATE backup_logs SET number = 9223372036854775807").unwrap();
    state.sql().execute_batch("UPDATE sqlite_sequence SET seq = 9223372036854775807").unwrap();
    let error = catalog.start_run(&daily(1)).unwrap_err();
    assert_eq!(
        told(&state, &error),
        "space: cannot write to the catalog `STATE/catalog.db`: database or disk is full \
         | hint: free some space on its file system; the backups themselves are not affected"
    );
}

/// Names the state folder to the copy of this test that writes until it can write no more.
const FILL: &str = "HIKAE_TEST_FILL_CATALOG";

#[test]
fn a_write_that_the_disk_refuses_is_told_and_loses_nothing_that_was_written() {
    if let Some(path) = std::env::var_os(FILL) {
        return fill(Path::new(&path));
    }
    let state = State::new();
    state.open().start_run(&daily(0)).unwrap();
    // A limit on the size of files, for a process of its own: `ulimit -f` counts blocks of 512 or 1024 bytes.
    let limited = std::process::Command::new("sh")
        .args(["-c", r#"trap "" XFSZ; ulimit -f 400; exec "$0" "$@""#])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "catalog::trouble::a_write_that_the_disk_refuses_is_told_and_loses_nothing_that_was_written"])
        .env(FILL, state.path())
        .output()
        .unwrap();
    let out = String::from_utf8_lossy(&limited.stdout).into_owned() + &String::from_utf8_lossy(&limited.stderr);
    assert!(limited.status.success() && out.contains("1 passed"), "{out}");
    let run = state.open().run(&daily(0).id, &all_alive).unwrap().unwrap();
    assert!(run.steps.len() > 10, "{} steps", run.steps.len());
    let whole: String = state.sql().query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(whole, "ok");
}

fn fill(path: &Path) {
    let catalog = Catalog::open(path).unwrap();
    let long = "x".repeat(2000);
    let error = (0..10_000).find_map(|_| catalog.add_step(&daily(0).id, &step(&long)).err()).unwrap();
    assert!([Kind::Other, Kind::Space].contains(&error.kind()), "{error:?}");
    assert!(error.one_line().contains("disk"), "{error:?}");
    let kept = catalog.run(&daily(0).id, &all_alive).unwrap().unwrap().steps;
    assert!(kept.len() > 10 && kept.iter().all(|step| step.name == long));
}

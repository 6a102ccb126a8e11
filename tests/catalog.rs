//! Keeps the durable record of runs in SQLite: what goes in comes out, as the JSON contract has it.

use std::path::PathBuf;

use hikae::catalog::{AuditEntry, AuditFilter, Backup, Catalog, Failure, Moment, NewRun, Run, Status, Step, run_id};
use hikae::error::{Error, Kind};

mod crash;
mod keep;
mod outbox;
mod reading;
mod released;
mod runbook;
mod secrets;
mod settle;
mod targets;
mod trouble;
mod uploads;

/// A state folder of its own, with the path of the catalog in it.
struct State {
    dir: tempfile::TempDir,
}

impl State {
    fn new() -> State {
        State { dir: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("catalog.db")
    }

    fn open(&self) -> Catalog {
        Catalog::open(&self.path()).unwrap()
    }

    fn sql(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.path()).unwrap()
    }
}

fn at(text: &str) -> Moment {
    Moment::parse_from_rfc3339(text).unwrap()
}

/// A daily run of `db-backup` that starts `second` seconds after two o'clock.
fn daily(second: u32) -> NewRun {
    let started_at = at("2026-02-15T02:00:00.250+09:00") + chrono::Duration::seconds(second.into());
    NewRun {
        id: run_id(started_at, "daily"),
        recipe: "db-backup".into(),
        recipe_sha256: "5e".repeat(32),
        backup_type: "daily".into(),
        kind: "backup".into(),
        subject: "db-backup".into(),
        target: "db-backup".into(),
        started_at,
        host: "db1".into(),
        username: "backup".into(),
        process_id: 4711,
        parent: None,
    }
}

/// The end of the run with this id.
fn run_ended(id: &str, status: Status) -> Run {
    let ended_at = Some(at("2026-02-15T02:00:12.750+09:00"));
    Run { id: id.to_owned(), status, ended_at, duration_ms: Some(12_500), ..Run::of(daily(0)) }
}

fn dump() -> Backup {
    Backup {
        path: "/backups/database/db_backup_20260215_020000.sql.gz".into(),
        size_bytes: 133_200_000,
        sha256: "ab".repeat(32),
        created_at: at("2026-02-15T02:00:12+09:00"),
    }
}

fn step(name: &str) -> Step {
    Step {
        name: name.into(),
        status: Status::Success,
        site: Some("recipes/db-backup.lua:21".into()),
        bytes_in: Some(1_000_000_000),
        bytes_out: None,
        started_at: at("2026-02-15T02:00:00.500+09:00"),
        duration_ms: 250,
        error: None,
        measure: None,
    }
}

/// One thing that was done at `created_at`.
fn entry(operation: &str) -> AuditEntry {
    AuditEntry {
        operation: operation.into(),
        backup_id: Some(daily(0).id),
        username: "backup".into(),
        ip_address: None,
        status: "success".into(),
        details: serde_json::json!({ "kept": 30, "dropped": ["old.sql.gz"] }),
        created_at: at("2026-02-15T02:00:13+09:00"),
    }
}

fn all_alive(_: &NewRun) -> bool {
    true
}

fn none_alive(_: &NewRun) -> bool {
    false
}

fn json(catalog: &Catalog, id: &str) -> String {
    serde_json::to_string(&catalog.run(id, &all_alive).unwrap().unwrap()).unwrap()
}

#[test]
fn a_run_that_goes_is_shown_as_the_contract_has_it() {
    let state = State::new();
    let catalog = state.open();
    catalog.start_run(&daily(0)).unwrap();
    assert_eq!(
        json(&catalog, "BKP-20260215-020000-daily"),
        concat!(
            r#"{"id":"BKP-20260215-020000-daily","recipe":"db-backup","type":"daily","status":"running","#,
            r#""started_at":"2026-02-15T02:00:00.250+09:00","ended_at":null,"duration_secs":null,"error":null,"#,
            r#""backups":[],"steps":[],"target":"db-backup"}"#
        )
    );
}

#[test]
fn a_run_that_ended_is_shown_as_the_contract_has_it() {
    let state = State::new();
    let catalog = state.open();
    let run = daily(0);
    catalog.start_run(&run).unwrap();
    catalog.add_step(&run.id, &step("pg_dump shop")).unwrap();
    catalog.add_backup(&run.id, &dump(), None).unwrap();
    let error = Error::new(Kind::Space, "cannot write `/backups/x`").because_text("disk full").hint("free some space");
    let ended = Run { error: Some(Failure::from(&error)), ..run_ended(&run.id, Status::Partial) };
    catalog.finish_run(&ended).unwrap();
    let shown = format!(
        concat!(
            r#"{{"id":"BKP-20260215-020000-daily","recipe":"db-backup","type":"daily","status":"partial","#,
            r#""started_at":"2026-02-15T02:00:00.250+09:00","ended_at":"2026-02-15T02:00:12.750+09:00","duration_secs":12.5,"#,
            r#""error":{{"kind":"space","message":"cannot write `/backups/x`: disk full","hint":"free some space"}},"#,
            r#""backups":[{{"path":"/backups/database/db_backup_20260215_020000.sql.gz","size_bytes":133200000,"sha256":"{}"}}],"#,
            r#""steps":[{{"name":"pg_dump shop","status":"success","site":"recipes/db-backup.lua:21","bytes_in":1000000000,"#,
            r#""bytes_out":null,"started_at":"2026-02-15T02:00:00.500+09:00","duration_secs":0.25,"error":null}}],"target":"db-backup"}}"#
        ),
        "ab".repeat(32)
    );
    assert_eq!(json(&catalog, &run.id), shown);
}

#[test]
fn a_run_put_together_without_the_catalog_shows_the_same() {
    let state = State::new();
    let catalog = state.open();
    let run = daily(0);
    catalog.start_run(&run).unwrap();
    catalog.add_step(&run.id, &step("pg_dump")).unwrap();
    catalog.add_backup(&run.id, &dump(), None).unwrap();
    let ended = run_ended(&run.id, Status::Success);
    catalog.finish_run(&ended).unwrap();
    let kept = catalog.run(&run.id, &all_alive).unwrap().unwrap();
    assert_eq!(kept, Run { backups: vec![dump()], steps: vec![step("pg_dump")], ..ended });
}

#[test]
fn the_id_of_a_run_is_local_time_and_type() {
    assert_eq!(run_id(at("2026-02-15T02:00:59.999+09:00"), "weekly"), "BKP-20260215-020059-weekly");
}

#[test]
fn a_second_run_of_the_same_second_is_told_to_wait() {
    let state = State::new();
    state.open().start_run(&daily(0)).unwrap();
    let error = state.open().start_run(&daily(0)).unwrap_err();
    assert_eq!(error.kind(), Kind::AlreadyExists);
    assert!(
        error
            .hint_text()
            .unwrap()
            .starts_with("a run with this id is recorded already; start again in the next second")
    );
    state.open().start_run(&daily(1)).unwrap();
}

#[test]
fn a_run_that_was_never_recorded_takes_neither_an_ending_nor_a_step() {
    let state = State::new();
    let catalog = state.open();
    let id = daily(0).id;
    for error in [
        catalog.finish_run(&run_ended(&id, Status::Success)).unwrap_err(),
        catalog.add_step(&id, &step("x")).unwrap_err(),
        catalog.add_backup(&id, &dump(), None).unwrap_err(),
    ] {
        assert_eq!(error.kind(), Kind::NotFound, "{error:?}");
    }
    assert_eq!(catalog.runs(&Default::default(), &all_alive).unwrap(), []);
}

#[test]
fn the_catalog_is_its_owners_alone_whatever_the_umask() {
    use std::os::unix::fs::PermissionsExt;
    let state = State::new();
    let catalog = state.open();
    catalog.start_run(&daily(0)).unwrap();
    for name in ["catalog.db", "catalog.db-wal", "catalog.db-shm"] {
        let mode = std::fs::metadata(state.dir.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[test]
fn the_manifest_and_the_audit_come_back_as_they_were() {
    let state = State::new();
    let catalog = state.open();
    let run = daily(0);
    let manifest = serde_json::json!({ "manifest": 1, "database": { "tables": [{ "name": "顧客", "rows": 3 }] } });
    catalog.start_run(&run).unwrap();
    catalog.add_backup(&run.id, &dump(), Some(&manifest)).unwrap();
    catalog.audit(&entry("backup")).unwrap();
    catalog.audit(&entry("retention")).unwrap();
    let kept: String = state.sql().query_row("SELECT manifest FROM backups", [], |row| row.get(0)).unwrap();
    assert_eq!(serde_json::from_str::<serde_json::Value>(&kept).unwrap(), manifest);
    assert_eq!(catalog.audits(&AuditFilter::default()).unwrap(), [entry("retention"), entry("backup")]);
    assert_eq!(
        catalog.audits(&AuditFilter { limit: Some(1), ..AuditFilter::default() }).unwrap(),
        [entry("retention")]
    );
    let only = AuditFilter { operation: Some("backup".to_owned()), ..AuditFilter::default() };
    assert_eq!(catalog.audits(&only).unwrap(), [entry("backup")]);
    let nobody = AuditFilter { username: Some("nobody".to_owned()), ..AuditFilter::default() };
    assert_eq!(catalog.audits(&nobody).unwrap(), []);
    assert_eq!(
        serde_json::to_string(&entry("backup")).unwrap(),
        concat!(
            r#"{"operation":"backup","backup_id":"BKP-20260215-020000-daily","username":"backup","ip_address":null,"#,
            r#""status":"success","details":{"kept":30,"dropped":["old.sql.gz"]},"created_at":"2026-02-15T02:00:13.000+09:00"}"#
        )
    );
}

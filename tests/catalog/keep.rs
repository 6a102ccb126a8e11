//! Old rows are removed, and what something still depends on is kept.

use std::path::Path;

use hikae::catalog::{Backup, Catalog, Limits, Moment, NewRun, Removed, RunFilter, Status};

use super::{State, all_alive, at, daily, dump, entry, run_ended};

/// A run on this day of January 2020.
fn on_day(day: u32, target: &str, kind: &str) -> NewRun {
    let started_at = at(&format!("2020-01-{day:02}T02:00:00+09:00"));
    let id = format!("BKP-202001{day:02}-020000-{target}");
    NewRun { id, target: target.into(), kind: kind.into(), started_at, ..daily(0) }
}

fn record(catalog: &Catalog, run: &NewRun, status: Status) {
    catalog.start_run(run).unwrap();
    catalog.finish_run(&run_ended(&run.id, status)).unwrap();
    catalog.consider(&mut |_, streak, _| (streak.clone(), Vec::new())).unwrap();
}

fn limits() -> Limits {
    Limits { runs_since: at("2022-01-01T00:00:00+09:00"), audit_since: at("2020-01-01T00:00:00+09:00") }
}

fn ids(catalog: &Catalog) -> Vec<String> {
    let runs = catalog.runs(&RunFilter::default(), &all_alive).unwrap();
    runs.into_iter().rev().map(|run| run.id).collect()
}

fn nothing_exists(_: &Path) -> bool {
    false
}

#[test]
fn the_newest_run_success_and_drill_of_each_target_are_kept() {
    let state = State::new();
    let catalog = state.open();
    for (day, target, kind, status) in [
        (1, "shop", "backup", Status::Success),
        (2, "shop", "backup", Status::Success),
        (3, "shop", "backup", Status::Failure),
        (4, "shop", "backup", Status::Failure),
        (5, "crm", "backup", Status::Success),
        (6, "test", "drill", Status::Failure),
        (7, "test", "drill", Status::Failure),
        (8, "test", "check", Status::Failure),
    ] {
        record(&catalog, &on_day(day, target, kind), status);
    }
    let removed = catalog.remove_old(&limits(), &nothing_exists).unwrap();
    assert_eq!(removed, Removed { runs: 3, ..Removed::default() });
    let kept: Vec<String> = ids(&catalog).iter().map(|id| id[4..12].to_owned()).collect();
    assert_eq!(kept, ["20200102", "20200104", "20200105", "20200107", "20200108"]);
    assert!(!catalog.remove_old(&limits(), &nothing_exists).unwrap().any(), "once more, nothing is left to remove");
}

#[test]
fn a_run_stays_as_long_as_a_file_of_its_backups_does() {
    let state = State::new();
    let catalog = state.open();
    for day in 1..=3 {
        let run = on_day(day, "shop", "backup");
        record(&catalog, &run, Status::Success);
        let backup = Backup { path: format!("/backups/{day}"), ..dump() };
        catalog.add_backup(&run.id, &backup, None).unwrap();
    }
    let removed = catalog.remove_old(&limits(), &|path| path == Path::new("/backups/2")).unwrap();
    assert_eq!((removed.runs, ids(&catalog).len()), (1, 2));
    let steps = state.sql().query_row("SELECT count(*) FROM backups", [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(steps, 2, "what belonged to the run is gone with it");
}

#[test]
fn what_was_not_delivered_or_not_considered_is_kept() {
    let state = State::new();
    let catalog = state.open();
    for day in 1..=4 {
        record(&catalog, &on_day(day, "shop", "backup"), Status::Failure);
    }
    let sql = state.sql();
    let waits = "INSERT INTO alert_outbox (channel, recipients, notification_type, subject, backup_id, event, status, due_ms, made_ms)
                 SELECT 'email', '[]', 'backup_failure', 'x', id, '{}', 'waiting', 0, 0 FROM backup_logs WHERE number = 1";
    sql.execute(waits, []).unwrap();
    sql.execute("UPDATE backup_logs SET considered = 0 WHERE number = 2", []).unwrap();
    let told = "INSERT INTO notification_logs (notification_type, channel, status, backup_id, sent_at)
                SELECT 'backup_failure', 'email', 'retrying', id, started_at FROM backup_logs WHERE number IN (1, 3)";
    sql.execute(told, []).unwrap();
    let removed = catalog.remove_old(&limits(), &nothing_exists).unwrap();
    assert_eq!(removed, Removed { runs: 1, notifications: 1, audit: 0 });
}

#[test]
fn the_audit_is_kept_longer() {
    let state = State::new();
    let catalog = state.open();
    let audit = |created_at: Moment| {
        let entry = hikae::catalog::AuditEntry { created_at, ..entry("run db-backup") };
        catalog.audit(&entry).unwrap();
    };
    audit(at("2019-01-01T00:00:00+09:00"));
    audit(at("2021-01-01T00:00:00+09:00"));
    let removed = catalog.remove_old(&limits(), &nothing_exists).unwrap();
    assert_eq!(removed, Removed { audit: 1, ..Removed::default() });
}

/// Runs, as many as the years leave behind.
fn fill(state: &State, runs: u32) {
    drop(state.open());
    let sql = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
        INSERT INTO backup_logs (id, recipe, recipe_sha256, backup_type, status, started_at, host, username, process_id, kind, target)
        SELECT 'BKP-' || i, 'recipe-' || (i % 7), '', 'daily', CASE WHEN i % 10 THEN 'success' ELSE 'failure' END,
               '2026-01-01T00:00:00+00:00', '', '', 1, 'backup', 'recipe-' || (i % 7) || ' (database=' || (i % 3) || ')' FROM n";
    state.sql().execute(sql, [runs]).unwrap();
}

#[test]
fn no_question_about_one_recipe_or_target_reads_all_runs() {
    let state = State::new();
    fill(&state, 1000);
    let sql = state.sql();
    let plan = |query: &str| {
        let mut rows = sql.prepare(&format!("EXPLAIN QUERY PLAN {query}")).unwrap();
        let rows = rows.query_map([], |row| row.get::<_, String>("detail")).unwrap();
        rows.map(Result::unwrap).collect::<Vec<_>>().join("\n")
    };
    for query in [
        "SELECT * FROM backup_logs WHERE recipe = 'x' ORDER BY number DESC LIMIT 20",
        "SELECT * FROM backup_logs WHERE target = 'x' ORDER BY number DESC LIMIT 1",
        "SELECT max(number) FROM backup_logs WHERE target = 'x' AND status = 'success'",
        "SELECT * FROM backup_logs WHERE id >= 'BKP-1' AND id < 'BKP-2' ORDER BY number DESC",
        "SELECT number FROM backup_logs WHERE started_at < '2020'",
        "SELECT * FROM backup_audit_logs WHERE backup_id >= 'BKP-1' AND backup_id < 'BKP-2'",
    ] {
        assert!(!plan(query).contains("SCAN"), "{query}: {}", plan(query));
    }
    assert_eq!(state.open().histories(&all_alive).unwrap().len(), 21);
}

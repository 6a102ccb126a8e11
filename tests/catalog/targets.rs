//! Runs and streaks of earlier versions get their targets, and a target can be forgotten.

use hikae::catalog::{AuditFilter, Catalog, NewRun, RunFilter, Status, Streak};
use hikae::error::Kind;

use super::{State, all_alive, daily, run_ended};

const SHOP: &str = "db-backup (database=shop)";

/// A catalog as the version before targets left it.
fn old_catalog(state: &State, sql: &str) {
    let catalog = state.sql();
    for migration in ["0001", "0002", "0003"] {
        let file = format!("{}/src/catalog/migrations/{migration}.sql", env!("CARGO_MANIFEST_DIR"));
        catalog.execute_batch(&std::fs::read_to_string(file).unwrap()).unwrap();
    }
    catalog.execute_batch(sql).unwrap();
    catalog.pragma_update(None, "user_version", 3).unwrap();
}

fn old_run(id: &str, recipe: &str, kind: &str, status: &str) -> String {
    format!(
        "INSERT INTO backup_logs (id, recipe, recipe_sha256, backup_type, status, started_at, ended_at, host, username, process_id, kind, subject)
         VALUES ('{id}', '{recipe}', '', 'daily', '{status}', '2026-02-01T02:00:00.000+09:00', '2026-02-01T02:00:09.000+09:00', 'db1', 'backup', 1, '{kind}', '{recipe}');"
    )
}

fn shop(second: u32) -> NewRun {
    NewRun { target: SHOP.into(), ..daily(second) }
}

fn end(catalog: &Catalog, run: &NewRun, status: Status) -> Streak {
    catalog.start_run(run).unwrap();
    catalog.finish_run(&run_ended(&run.id, status)).unwrap();
    let mut before = Streak::default();
    catalog
        .consider(&mut |run, streak, _| {
            before = streak.clone();
            let failures = if run.status == Status::Success { 0 } else { streak.failures + 1 };
            (Streak { failures, ..streak.clone() }, Vec::new())
        })
        .unwrap();
    before
}

#[test]
fn kinds_of_old_runs_come_from_what_they_did() {
    let state = State::new();
    let rows = [
        old_run("a", "backup-monitor", "check", "failure"),
        old_run("b", "backup-test", "check", "failure"),
        old_run("c", "my-drill", "check", "success"),
        old_run("d", "x", "check", "success"),
        old_run("e", "db-backup", "backup", "success"),
        "INSERT INTO steps VALUES ('c', 1, 'RTO reached', 'success', NULL, NULL, NULL, '2026-02-01T02:00:00.000+09:00', 9000, NULL);".into(),
    ];
    old_catalog(&state, &rows.concat());
    let catalog = state.open();
    let runs = catalog.runs(&RunFilter::default(), &all_alive).unwrap();
    let kinds: Vec<&str> = runs.iter().rev().map(|run| run.kind.as_str()).collect();
    assert_eq!(kinds, ["monitor", "drill", "drill", "check", "backup"]);
    assert_eq!(runs[2].rto_ms(), Some(9000));
}

#[test]
fn the_audit_of_old_runs_says_how_they_ended() {
    let state = State::new();
    let audit = "INSERT INTO backup_audit_logs (operation, backup_id, username, status) VALUES ('run db-backup', 'a', 'root', 'done');";
    old_catalog(&state, &(old_run("a", "db-backup", "backup", "failure") + audit));
    let entries = state.open().audits(&AuditFilter::default()).unwrap();
    assert_eq!(entries[0].status, "failure");
}

#[test]
fn a_streak_of_before_goes_on_under_the_new_target() {
    let state = State::new();
    let streak =
        "INSERT INTO alert_streaks (subject, failures, told, level, alarmed) VALUES ('db-backup', 3, 1, 1, 1);";
    old_catalog(&state, &(old_run("a", "db-backup", "backup", "failure") + streak));
    let catalog = state.open();
    let before = end(&catalog, &shop(0), Status::Success);
    assert_eq!((before.failures, before.alarmed), (3, true), "it is still to be reported that it works again");
    let histories = catalog.histories(&all_alive).unwrap();
    let targets: Vec<&str> = histories.iter().map(|history| history.target.as_str()).collect();
    assert_eq!(targets, [SHOP], "the old run has the new target");
    // Another target of the recipe starts from nothing.
    let other = NewRun { target: "db-backup (database=crm)".into(), ..daily(1) };
    assert_eq!(end(&catalog, &other, Status::Success), Streak::default());
}

#[test]
fn targets_fail_and_recover_each_for_itself() {
    let state = State::new();
    let catalog = state.open();
    end(&catalog, &shop(0), Status::Failure);
    end(&catalog, &NewRun { target: "db-backup (database=crm)".into(), ..daily(1) }, Status::Success);
    let before = end(&catalog, &shop(2), Status::Failure);
    assert_eq!(before.failures, 1);
    let histories = catalog.histories(&all_alive).unwrap();
    let failures: Vec<(&str, u64)> = histories.iter().map(|one| (one.target.as_str(), one.failures)).collect();
    assert_eq!(failures, [("db-backup (database=crm)", 0), (SHOP, 2)]);
}

#[test]
fn a_run_that_begins_ends_the_failures_to_begin() {
    let state = State::new();
    let catalog = state.open();
    let never = run_ended(&daily(0).id, Status::Failure);
    let failed = |_: &_, streak: &Streak, _| (Streak { failures: streak.failures + 1, ..streak.clone() }, Vec::new());
    catalog.consider_unrecorded(&never, &mut { failed }).unwrap();
    assert_eq!(end(&catalog, &shop(1), Status::Success).failures, 1);
    assert_eq!(end(&catalog, &shop(2), Status::Success).failures, 0);
}

#[test]
fn a_forgotten_target_is_back_when_it_runs_again() {
    let state = State::new();
    let catalog = state.open();
    end(&catalog, &shop(0), Status::Failure);
    end(&catalog, &daily(1), Status::Success);
    assert_eq!(catalog.forget(SHOP).unwrap(), [SHOP]);
    let targets = |catalog: &Catalog| -> Vec<String> {
        catalog.histories(&all_alive).unwrap().into_iter().map(|history| history.target).collect()
    };
    assert_eq!(targets(&catalog), ["db-backup"]);
    assert_eq!(catalog.forget(SHOP).unwrap_err().kind(), Kind::NotFound, "it is not there any more");
    assert_eq!(end(&catalog, &shop(2), Status::Failure), Streak::default(), "its failures are forgotten, too");
    assert_eq!(targets(&catalog), ["db-backup", SHOP]);
    assert_eq!(catalog.histories(&all_alive).unwrap()[1].failures, 1);
    assert_eq!(catalog.forget("db-backup").unwrap().len(), 2, "a recipe stands for all its targets");
}

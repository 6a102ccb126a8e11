//! What is asked for comes back, the newest first, and nothing else.

use hikae::catalog::{AuditFilter, Catalog, NewRun, Notification, NotificationFilter, RunFilter, Status};
use hikae::error::Kind;

use super::{State, all_alive, at, daily, run_ended};

/// Four runs: two of `db-backup` (success, failure), one of `files` (weekly, success), one that goes on.
fn four() -> (State, Catalog) {
    let state = State::new();
    let catalog = state.open();
    let weekly = NewRun { id: "BKP-20260215-020002-weekly".into(), recipe: "files".into(), ..daily(2) };
    let weekly = NewRun { backup_type: "weekly".into(), ..weekly };
    for (run, status) in [
        (daily(0), Some(Status::Success)),
        (daily(1), Some(Status::Failure)),
        (weekly, Some(Status::Success)),
        (daily(3), None),
    ] {
        catalog.start_run(&run).unwrap();
        if let Some(status) = status {
            catalog.finish_run(&run_ended(&run.id, status)).unwrap();
        }
    }
    (state, catalog)
}

fn seconds(catalog: &Catalog, filter: RunFilter) -> Vec<String> {
    catalog.runs(&filter, &all_alive).unwrap().into_iter().map(|run| run.id[17..19].to_owned()).collect()
}

#[test]
fn runs_come_the_newest_first_and_filters_narrow_them() {
    let (_state, catalog) = four();
    let all = RunFilter::default;
    assert_eq!(seconds(&catalog, all()), ["03", "02", "01", "00"]);
    assert_eq!(seconds(&catalog, RunFilter { limit: Some(2), ..all() }), ["03", "02"]);
    assert_eq!(seconds(&catalog, RunFilter { limit: Some(0), ..all() }), [""; 0]);
    assert_eq!(seconds(&catalog, RunFilter { status: Some(Status::Success), ..all() }), ["02", "00"]);
    assert_eq!(seconds(&catalog, RunFilter { status: Some(Status::Running), ..all() }), ["03"]);
    assert_eq!(seconds(&catalog, RunFilter { backup_type: Some("weekly".into()), ..all() }), ["02"]);
    assert_eq!(seconds(&catalog, RunFilter { recipe: Some("db-backup".into()), ..all() }), ["03", "01", "00"]);
    assert_eq!(seconds(&catalog, RunFilter { recipe: Some("db-backup' OR 1 --".into()), ..all() }), [""; 0]);
    let both = RunFilter { recipe: Some("db-backup".into()), status: Some(Status::Success), limit: Some(1), ..all() };
    assert_eq!(seconds(&catalog, both), ["00"]);
}

#[test]
fn the_newest_is_the_last_to_start_even_when_the_clock_went_back() {
    let state = State::new();
    let catalog = state.open();
    catalog.start_run(&daily(30)).unwrap();
    catalog.start_run(&daily(10)).unwrap();
    assert_eq!(seconds(&catalog, RunFilter::default()), ["10", "30"]);
}

#[test]
fn the_start_of_an_id_finds_its_run_when_it_is_the_only_one() {
    let (_state, catalog) = four();
    let id = |asked: &str| catalog.run(asked, &all_alive).unwrap().map(|run| run.id);
    assert_eq!(id("BKP-20260215-020002-weekly").as_deref(), Some("BKP-20260215-020002-weekly"));
    assert_eq!(id("BKP-20260215-020002").as_deref(), Some("BKP-20260215-020002-weekly"));
    assert_eq!(id("BKP-2027"), None);
    assert_eq!(id(""), None);
    assert_eq!(id("%"), None);
    assert_eq!(id("BKP_20260215-020002"), None);
}

#[test]
fn an_id_that_is_also_the_start_of_another_finds_its_own_run() {
    let state = State::new();
    let catalog = state.open();
    catalog.start_run(&daily(0)).unwrap();
    catalog.start_run(&NewRun { id: daily(0).id + "-2", ..daily(0) }).unwrap();
    assert_eq!(catalog.run(&daily(0).id, &all_alive).unwrap().unwrap().id, daily(0).id);
}

#[test]
fn the_start_of_several_ids_names_them() {
    let (_state, catalog) = four();
    let error = catalog.run("BKP-20260215", &all_alive).unwrap_err();
    assert_eq!(error.kind(), Kind::Other);
    assert_eq!(error.what(), "`BKP-20260215` fits 4 runs");
    assert_eq!(
        error.hint_text().unwrap(),
        "write more of the id: BKP-20260215-020003-daily, BKP-20260215-020002-weekly, BKP-20260215-020001-daily, BKP-20260215-020000-daily"
    );
}

#[test]
fn notices_come_the_newest_first_and_filters_narrow_them() {
    let state = State::new();
    let catalog = state.open();
    let mail = Notification {
        notification_type: "backup_failure".into(),
        channel: "email".into(),
        recipient: Some("ops@example.com".into()),
        subject: Some("【緊急】バックアップ失敗".into()),
        status: "sent".into(),
        error_message: None,
        backup_id: Some(daily(0).id),
        sent_at: at("2026-02-15T02:01:00+09:00"),
    };
    let slack = Notification {
        channel: "slack".into(),
        status: "failed".into(),
        error_message: Some("the server answered 500".into()),
        ..mail.clone()
    };
    catalog.add_notification(&mail).unwrap();
    catalog.add_notification(&slack).unwrap();
    let ask = |filter: NotificationFilter| catalog.notifications(&filter).unwrap();
    let all = NotificationFilter::default;
    assert_eq!(ask(all()), [slack.clone(), mail.clone()]);
    assert_eq!(ask(NotificationFilter { limit: Some(1), ..all() }), std::slice::from_ref(&slack));
    assert_eq!(ask(NotificationFilter { status: Some("failed".into()), ..all() }), [slack]);
    assert_eq!(ask(NotificationFilter { channel: Some("email".into()), ..all() }), [mail]);
    assert_eq!(ask(NotificationFilter { backup_id: Some("BKP-0".into()), ..all() }), []);
}

#[test]
fn an_absent_catalog_is_empty_and_is_not_made() {
    let state = State::new();
    let catalog = Catalog::open_existing(&state.path()).unwrap();
    assert_eq!(catalog.runs(&RunFilter::default(), &all_alive).unwrap(), []);
    assert_eq!(catalog.run("BKP-2026", &all_alive).unwrap(), None);
    assert_eq!(catalog.audits(&AuditFilter::default()).unwrap(), []);
    assert_eq!(catalog.notifications(&NotificationFilter::default()).unwrap(), []);
    assert_eq!(std::fs::read_dir(state.dir.path()).unwrap().count(), 0);
}

#[test]
fn a_catalog_that_exists_is_read() {
    let (state, catalog) = four();
    drop(catalog);
    assert_eq!(
        seconds(&Catalog::open_existing(&state.path()).unwrap(), RunFilter::default()),
        ["03", "02", "01", "00"]
    );
}

//! A notice is kept until it is sent, is given to one process only, and is decided once.

use std::time::Duration;

use hikae::catalog::{Moment, Notice, NoticeOutcome, Notification, NotificationFilter, RunFilter, Status, Streak};

use super::{State, at, daily, run_ended};

fn now() -> Moment {
    at("2026-02-15T03:00:00+09:00")
}

fn notice(channel: &str) -> Notice {
    Notice {
        channel: channel.into(),
        recipients: vec!["ops@example.com".into()],
        notification_type: "backup_failure".into(),
        subject: "it failed".into(),
        backup_id: daily(0).id,
        event: serde_json::json!({ "id": daily(0).id }).to_string(),
        made_at: now(),
    }
}

fn attempt(status: &str) -> Notification {
    Notification {
        notification_type: "backup_failure".into(),
        channel: "email".into(),
        recipient: Some("ops@example.com".into()),
        subject: Some("it failed".into()),
        status: status.into(),
        error_message: None,
        backup_id: Some(daily(0).id),
        sent_at: now(),
    }
}

#[test]
fn two_processes_never_get_the_same_notice() {
    let state = State::new();
    state.open().put_notices((0..50).map(|_| notice("email")).collect()).unwrap();
    let path = state.path();
    let claimers: Vec<_> = (0..4)
        .map(|_| {
            let path = path.clone();
            std::thread::spawn(move || hikae::catalog::Catalog::open(&path).unwrap().claim_notices(now()).unwrap())
        })
        .collect();
    let mut numbers: Vec<i64> =
        claimers.into_iter().flat_map(|claimer| claimer.join().unwrap()).map(|notice| notice.number).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=50).collect::<Vec<_>>());
}

#[test]
fn a_notice_that_was_sent_is_gone_and_on_record() {
    let state = State::new();
    let catalog = state.open();
    catalog.put_notices(vec![notice("email")]).unwrap();
    let claimed = catalog.claim_notices(now()).unwrap();
    assert_eq!((claimed.len(), claimed[0].attempts), (1, 1));
    catalog.settle_notice(claimed[0].number, &NoticeOutcome::Sent, Some(&attempt("sent"))).unwrap();
    assert_eq!(catalog.notices().unwrap(), []);
    assert_eq!(catalog.notifications(&NotificationFilter::default()).unwrap(), [attempt("sent")]);
}

#[test]
fn what_could_not_be_sent_waits_for_its_time() {
    let state = State::new();
    let catalog = state.open();
    catalog.put_notices(vec![notice("email")]).unwrap();
    let number = catalog.claim_notices(now()).unwrap()[0].number;
    let due = now() + Duration::from_secs(60);
    catalog
        .settle_notice(number, &NoticeOutcome::Again { due, recipients: vec!["b@example.com".into()] }, None)
        .unwrap();
    assert_eq!(catalog.claim_notices(now() + Duration::from_secs(59)).unwrap(), []);
    let again = catalog.claim_notices(due).unwrap();
    assert_eq!(
        (again[0].attempts, again[0].notice.recipients.as_slice()),
        (2, ["b@example.com".to_owned()].as_slice())
    );
}

#[test]
fn flush_makes_everything_due_that_waits_and_only_on_request_what_is_in_doubt() {
    let state = State::new();
    let catalog = state.open();
    catalog.put_notices(vec![notice("waits"), notice("unsure"), notice("failed")]).unwrap();
    let claimed = catalog.claim_notices(now()).unwrap();
    let due = now() + Duration::from_secs(9999);
    catalog.settle_notice(claimed[0].number, &NoticeOutcome::Untried { due }, None).unwrap();
    catalog.settle_notice(claimed[1].number, &NoticeOutcome::Unsure, None).unwrap();
    catalog.settle_notice(claimed[2].number, &NoticeOutcome::Failed, None).unwrap();
    let channels = |unsure| {
        catalog.expedite_notices(now(), unsure).unwrap();
        let claimed = catalog.claim_notices(now()).unwrap();
        claimed.into_iter().map(|notice| (notice.notice.channel, notice.attempts)).collect::<Vec<_>>()
    };
    assert_eq!(channels(false), [("waits".to_owned(), 1)], "what was not tried counts no attempt");
    assert_eq!(channels(true), [("unsure".to_owned(), 2), ("failed".to_owned(), 2)]);
}

#[test]
fn a_process_that_dies_while_it_sends_leaves_a_notice_in_doubt_and_nobody_sends_it_again() {
    let state = State::new();
    state.open().put_notices(vec![notice("email")]).unwrap();
    assert_eq!(state.open().claim_notices(now()).unwrap().len(), 1);
    let catalog = state.open();
    let doubt = |secs, sends: bool| {
        let dead = catalog.doubt_notices(now() + Duration::from_secs(secs), &|_claimed_ms| sends).unwrap();
        (dead.len(), catalog.notices().unwrap()[0].status.clone())
    };
    assert_eq!(doubt(60, true), (0, "sending".to_owned()), "it is under way");
    assert_eq!(doubt(3600, true), (1, "unsure".to_owned()), "nobody sends for so long");
    assert_eq!(catalog.claim_notices(now() + Duration::from_secs(3600)).unwrap(), []);
    catalog.expedite_notices(now(), true).unwrap();
    assert_eq!(catalog.claim_notices(now()).unwrap().len(), 1);
    assert_eq!(doubt(1, false), (1, "unsure".to_owned()), "its process is gone");
}

/// Runs `second` seconds after two, that ended so.
fn ended(state: &State, second: u32, status: Status) {
    let catalog = state.open();
    catalog.start_run(&daily(second)).unwrap();
    catalog.finish_run(&run_ended(&daily(second).id, status)).unwrap();
}

#[test]
fn each_run_is_judged_once_with_how_its_subject_stood() {
    let state = State::new();
    ended(&state, 0, Status::Failure);
    ended(&state, 1, Status::Success);
    let mut seen = Vec::new();
    let mut judge = |run: &hikae::catalog::Run, streak: &Streak, _| {
        seen.push((run.status, streak.failures));
        (Streak { failures: streak.failures + 1, ..streak.clone() }, vec![notice("email")])
    };
    let catalog = state.open();
    assert_eq!(catalog.consider(&mut judge).unwrap(), [daily(0).id, daily(1).id]);
    assert_eq!(catalog.consider(&mut judge).unwrap(), [""; 0]);
    assert_eq!(seen, [(Status::Failure, 0), (Status::Success, 1)]);
    assert_eq!(catalog.notices().unwrap().len(), 2);
    assert!(catalog.is_considered(&daily(0).id).unwrap() && !catalog.is_considered("BKP-none").unwrap());
}

#[test]
fn a_run_whose_process_is_gone_is_judged_as_interrupted_and_one_that_lives_is_not() {
    let state = State::new();
    let catalog = state.open();
    for second in [0, 1] {
        catalog.start_run(&daily(second)).unwrap();
    }
    catalog.settle(&|run| run.id == daily(1).id).unwrap();
    let mut seen = Vec::new();
    let judged = catalog.consider(&mut |run, streak, _| {
        seen.push((run.id.clone(), run.status));
        (streak.clone(), Vec::new())
    });
    assert_eq!((judged.unwrap(), seen), (vec![daily(0).id], vec![(daily(0).id, Status::Interrupted)]));
}

#[test]
fn runs_of_a_catalog_of_before_are_old_news() {
    let state = State::new();
    let first = std::fs::read_to_string("src/catalog/migrations/0001.sql").unwrap();
    let sql = state.sql();
    sql.execute_batch(&first).unwrap();
    sql.pragma_update(None, "user_version", 1).unwrap();
    sql.execute_batch(
        "INSERT INTO backup_logs (id, recipe, recipe_sha256, backup_type, status, started_at, host, username, process_id)
         VALUES ('BKP-20250101-000000-daily', 'db-backup', '', 'daily', 'failure', '2025-01-01T00:00:00+09:00', 'h', 'u', 1)",
    )
    .unwrap();
    drop(sql);
    let catalog = state.open();
    assert_eq!(catalog.consider(&mut |_, _, _| panic!("it is not judged")).unwrap(), [""; 0]);
    assert_eq!(catalog.runs(&RunFilter::default(), &|_| true).unwrap()[0].kind, "backup");
}

//! One run of a recipe at a time for the same target, and any number side by side for others.

use std::sync::Arc;

use hikae::world::real::Real;
use hikae::world::{Caller, Limits};

use super::{BEGINS, DUMPS, contents, night};
use crate::support::processes::{end_of, group_below, wait_for};
use crate::support::program::{Hikae, names};

/// A world where `pg_dump` begins, and ends once the file `bin/go` is there.
fn waiting() -> Hikae {
    let hikae = night("");
    let go = hikae.path("bin/go");
    hikae.program(
        "pg_dump",
        &format!("{BEGINS} >/dev/null; until test -e '{}'; do sleep 0.05; done; {DUMPS}", go.display()),
    )
}

fn go(hikae: &Hikae) {
    std::fs::write(hikae.path("bin/go"), "").unwrap();
}

#[test]
fn a_second_run_for_the_same_target_does_nothing_and_is_recorded_as_locked() {
    let hikae = waiting();
    let first = hikae.start(&["run", "db-backup", "--json"]);
    wait_for("the start of pg_dump", || group_below(&first));
    let before = contents(&hikae.path("backups"));
    let second = hikae.run(&["run", "db-backup", "--json"]);
    assert_eq!(second.code, 75, "{second:?}");
    assert!(second.err.contains("error: another run of `db-backup` is under way"), "{second:?}");
    assert!(second.err.contains("has held it since"), "{second:?}");
    assert_eq!((&second.outcome()["status"], &second.outcome()["error"]["kind"]), (&"locked".into(), &"locked".into()));
    assert_eq!(contents(&hikae.path("backups")), before);
    assert_eq!(hikae.outcome(&["runs", "--status=running", "--json"])["status"], "running");

    go(&hikae);
    let first = hikae.said(end_of(first));
    assert_eq!((first.code, &first.outcome()["status"]), (0, &"success".into()), "{first:?}");
    assert_eq!(hikae.outcome(&["runs", "--status=locked", "--json"])["status"], "locked");
    assert_eq!(hikae.run(&["runs", "--json"]).out.lines().count(), 2);
    assert_eq!(names(&hikae.path("state/runs")), Vec::<String>::new());
}

#[test]
fn the_same_folder_is_the_same_target_however_it_is_spelt() {
    let hikae = waiting();
    std::fs::create_dir_all(hikae.path("backups")).unwrap();
    std::os::unix::fs::symlink(hikae.path("backups"), hikae.path("link")).unwrap();
    let first = hikae.start(&["run", "db-backup"]);
    wait_for("the start of pg_dump", || group_below(&first));
    for spelt in ["backups/", "./backups", "link"] {
        let mut second = hikae.command(&["run", "db-backup"]);
        let path = format!("{}/{spelt}", hikae.path("").display());
        let second = hikae.said(second.env("BACKUP_DIR", path).output().unwrap());
        assert_eq!(second.code, 75, "{spelt}: {second:?}");
    }
    go(&hikae);
    assert_eq!(hikae.said(end_of(first)).code, 0);
}

#[test]
fn runs_for_other_targets_go_side_by_side_and_each_has_an_id_of_its_own() {
    let hikae = waiting();
    let start = |target: &str| {
        let mut command = hikae.command(&["run", "db-backup", "--json"]);
        command.env("BACKUP_DIR", hikae.path(target)).spawn().unwrap()
    };
    let runs: Vec<_> = ["a", "b", "c"].map(start).into();
    for run in &runs {
        wait_for("the start of pg_dump", || group_below(run));
    }
    go(&hikae);
    let mut ids: Vec<String> = runs
        .into_iter()
        .map(|run| {
            let output = end_of(run);
            let last = String::from_utf8(output.stdout).unwrap().lines().last().unwrap().to_owned();
            let outcome: serde_json::Value = serde_json::from_str(&last).unwrap();
            assert_eq!(outcome["status"], "success", "{outcome}");
            outcome["id"].as_str().unwrap().to_owned()
        })
        .collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 3, "{ids:?}");
    for target in ["a", "b", "c"] {
        assert_eq!(names(&hikae.path(target)).len(), 2);
    }
}

#[test]
fn a_lock_that_a_dead_process_left_keeps_nobody_away() {
    let hikae = night(DUMPS);
    assert_eq!(hikae.run(&["run", "db-backup"]).code, 0);
    let locks = hikae.path("state/locks");
    for lock in names(&locks) {
        std::fs::write(locks.join(lock), "1 2026-01-01 02:00:00\n").unwrap();
    }
    assert_eq!(names(&locks).len(), 1);
    super::next_second();
    let said = hikae.run(&["run", "db-backup"]);
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{said:?}");
}

#[test]
fn a_lock_file_that_is_removed_by_its_holder_never_lets_two_in() {
    use std::sync::atomic::{AtomicU32, Ordering};

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.lock");
    let hour = std::time::Duration::from_secs(3600);
    let (inside, entered) = (AtomicU32::new(0), AtomicU32::new(0));
    let come_and_go = || {
        let call = Caller::new(Arc::new(Real::ambient()), Limits { total: hour, idle: hour });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        for _ in 0..1500 {
            runtime.block_on(async {
                let Ok(held) = call.lock(&path).await else { return };
                assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0, "two hold the lock at once");
                entered.fetch_add(1, Ordering::SeqCst);
                std::thread::yield_now();
                inside.fetch_sub(1, Ordering::SeqCst);
                call.remove(&path).await.unwrap();
                drop(held);
            });
        }
    };
    std::thread::scope(|scope| (0..4).map(|_| scope.spawn(come_and_go)).for_each(drop));
    assert!(entered.load(Ordering::SeqCst) > 100);
}

//! Several processes may write at once, and any of them may die between any two bytes.

use std::path::Path;
use std::sync::Barrier;

use hikae::catalog::{AuditFilter, Catalog, NewRun, RunFilter, Status};

use super::{State, all_alive, daily, dump, entry, run_ended, step};

#[test]
fn several_that_make_the_catalog_at_once_all_succeed() {
    for _ in 0..20 {
        let state = State::new();
        let together = Barrier::new(4);
        std::thread::scope(|scope| {
            for second in 0..4 {
                let (state, together) = (&state, &together);
                scope.spawn(move || {
                    together.wait();
                    state.open().start_run(&daily(second)).unwrap();
                });
            }
        });
        assert_eq!(state.open().runs(&RunFilter::default(), &all_alive).unwrap().len(), 4);
        let mode: String = state.sql().pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
        assert_eq!(mode, "wal");
    }
}

#[test]
fn two_that_write_at_once_both_succeed() {
    const EACH: u32 = 15;
    let state = State::new();
    std::thread::scope(|scope| {
        for half in 0..2 {
            let state = &state;
            scope.spawn(move || {
                let catalog = state.open();
                for second in (half * EACH)..(half * EACH + EACH) {
                    let run = daily(second);
                    catalog.start_run(&run).unwrap();
                    catalog.add_step(&run.id, &step("dump")).unwrap();
                    catalog.add_backup(&run.id, &dump(), None).unwrap();
                    catalog.finish_run(&run_ended(&run.id, Status::Success)).unwrap();
                }
            });
        }
    });
    let runs = state.open().runs(&RunFilter::default(), &all_alive).unwrap();
    assert_eq!(runs.len(), 2 * EACH as usize);
    assert!(runs.iter().all(|run| run.status == Status::Success && run.steps.len() == 1 && run.backups.len() == 1));
}

#[test]
fn of_two_that_want_one_id_exactly_one_gets_it() {
    let state = State::new();
    drop(state.open());
    let together = Barrier::new(2);
    let try_it = || {
        let catalog = state.open();
        together.wait();
        catalog.start_run(&NewRun { ..daily(0) }).is_ok()
    };
    let got = std::thread::scope(|scope| {
        let (a, b) = (scope.spawn(try_it), scope.spawn(try_it));
        [a.join().unwrap(), b.join().unwrap()]
    });
    assert_eq!(got.iter().filter(|got| **got).count(), 1);
}

/// How far a catalog's record of one run has come: each stage is one more call.
fn stage(path: &Path) -> usize {
    let catalog = Catalog::open(path).unwrap();
    let found = catalog.run(&daily(0).id, &all_alive).unwrap();
    let Some(run) = found else { return 0 };
    let told = [!run.steps.is_empty(), !run.backups.is_empty(), run.status == Status::Success];
    let done = 1 + told.iter().filter(|told| **told).count();
    assert!(told.is_sorted_by(|earlier, later| earlier >= later), "{run:?}");
    done + catalog.audits(&AuditFilter::default()).unwrap().len()
}

#[test]
fn a_process_that_dies_between_any_two_writes_leaves_what_it_had_recorded() {
    let state = State::new();
    let catalog = state.open();
    let run = daily(0);
    catalog.start_run(&run).unwrap();
    catalog.add_step(&run.id, &step("dump")).unwrap();
    catalog.add_backup(&run.id, &dump(), None).unwrap();
    catalog.finish_run(&run_ended(&run.id, Status::Success)).unwrap();
    catalog.audit(&entry("backup")).unwrap();

    // The catalog is still open, so everything since its making stands in the log beside it. A power cut leaves the log up to some byte.
    let main = std::fs::read(state.path()).unwrap();
    let log = std::fs::read(state.dir.path().join("catalog.db-wal")).unwrap();
    let mut stages = Vec::new();
    for end in (0..log.len()).step_by(1009).chain([log.len()]) {
        let after = State::new();
        std::fs::write(after.path(), &main).unwrap();
        std::fs::write(after.dir.path().join("catalog.db-wal"), &log[..end]).unwrap();
        stages.push(stage(&after.path()));
        let whole: String = after.sql().query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(whole, "ok", "after {end} of {} bytes", log.len());
    }
    assert!(stages.is_sorted(), "{stages:?}");
    stages.dedup();
    assert_eq!(stages, [0, 1, 2, 3, 4, 5]);
}

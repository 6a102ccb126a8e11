//! A run whose process is gone is shown as interrupted, and only such a run.

use hikae::catalog::{Catalog, NewRun, RunFilter, Status};
use hikae::error::Kind;

use super::{State, all_alive, daily, none_alive, run_ended};

fn status(catalog: &Catalog, id: &str, alive: &dyn Fn(&NewRun) -> bool) -> Status {
    catalog.run(id, alive).unwrap().unwrap().status
}

#[test]
fn a_run_whose_process_is_gone_is_interrupted_for_good() {
    let state = State::new();
    let catalog = state.open();
    catalog.start_run(&daily(0)).unwrap();
    catalog.start_run(&daily(1)).unwrap();
    let first_is_gone = |run: &NewRun| run.id != daily(0).id;
    assert_eq!(status(&catalog, &daily(0).id, &first_is_gone), Status::Interrupted);
    assert_eq!(status(&catalog, &daily(1).id, &first_is_gone), Status::Running);
    assert_eq!(status(&state.open(), &daily(0).id, &all_alive), Status::Interrupted, "it was written down");
}

#[test]
fn an_interrupted_run_says_what_is_known_of_it() {
    let state = State::new();
    let catalog = state.open();
    catalog.start_run(&daily(0)).unwrap();
    let run = catalog.run(&daily(0).id, &none_alive).unwrap().unwrap();
    let error = run.error.unwrap();
    assert_eq!(error.kind, Kind::Cancelled);
    assert_eq!(error.message, "the process of run `BKP-20260215-020000-daily` is gone and left no outcome");
    assert_eq!(error.hint.unwrap(), "it was killed, or the machine went down; run the recipe again");
    assert_eq!((run.ended_at, run.duration_ms), (None, None), "nobody knows when");
}

#[test]
fn who_is_asked_about_gets_all_that_was_recorded_at_the_start() {
    let state = State::new();
    let catalog = state.open();
    catalog.start_run(&daily(0)).unwrap();
    let asked = std::cell::RefCell::new(Vec::new());
    let alive = |run: &NewRun| {
        asked.borrow_mut().push(run.clone());
        true
    };
    assert_eq!(catalog.settle(&alive).unwrap(), [""; 0]);
    assert_eq!(asked.into_inner(), [daily(0)]);
}

#[test]
fn a_run_that_ended_is_never_asked_about() {
    let state = State::new();
    let catalog = state.open();
    for (second, how) in Status::ALL.into_iter().skip(1).enumerate() {
        catalog.start_run(&daily(second as u32)).unwrap();
        catalog.finish_run(&run_ended(&daily(second as u32).id, how)).unwrap();
        assert_eq!(status(&catalog, &daily(second as u32).id, &none_alive), how);
    }
    assert_eq!(catalog.settle(&none_alive).unwrap(), [""; 0]);
}

#[test]
fn a_run_that_ends_while_it_is_asked_about_keeps_its_ending() {
    let state = State::new();
    let (reader, writer) = (state.open(), state.open());
    writer.start_run(&daily(0)).unwrap();
    // It ends, and lets go of its lock, between the reader's look at the table and its look at the lock.
    let just_ended = |run: &NewRun| {
        writer.finish_run(&run_ended(&run.id, Status::Success)).unwrap();
        false
    };
    assert_eq!(status(&reader, &daily(0).id, &just_ended), Status::Success);
}

#[test]
fn a_run_that_lives_after_all_corrects_a_wrong_conclusion() {
    let state = State::new();
    let catalog = state.open();
    catalog.start_run(&daily(0)).unwrap();
    assert_eq!(status(&catalog, &daily(0).id, &none_alive), Status::Interrupted);
    catalog.finish_run(&run_ended(&daily(0).id, Status::Success)).unwrap();
    assert_eq!(status(&catalog, &daily(0).id, &none_alive), Status::Success);
}

#[test]
fn filters_see_a_dead_run_as_interrupted() {
    let state = State::new();
    let catalog = state.open();
    catalog.start_run(&daily(0)).unwrap();
    let count =
        |status| catalog.runs(&RunFilter { status: Some(status), ..Default::default() }, &none_alive).unwrap().len();
    assert_eq!((count(Status::Running), count(Status::Interrupted)), (0, 1));
}

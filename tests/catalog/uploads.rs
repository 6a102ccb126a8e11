//! Uploads in parts are given up when their run is over, and only then.

use hikae::catalog::{NewRun, Status};
use hikae::world::objects::record::BegunUpload;

use super::{State, at, daily, run_ended};

const PLACE: &str = "s3://shop at http://127.0.0.1:9000";

fn upload(id: &str) -> BegunUpload {
    BegunUpload { place: PLACE.into(), key: "daily/控え.sql.gz".into(), id: id.into() }
}

#[test]
fn uploads_of_dead_and_of_ended_runs_are_left_and_those_of_living_ones_are_not() {
    let state = State::new();
    let catalog = state.open();
    let now = at("2026-02-15T03:00:00+09:00");
    for second in 0..3 {
        catalog.start_run(&daily(second)).unwrap();
        catalog.upload_begun(&daily(second).id, &upload(&format!("of-{second}")), now).unwrap();
    }
    // The first has died, the second has ended, the third is under way.
    catalog.finish_run(&run_ended(&daily(1).id, Status::Failure)).unwrap();
    catalog.settle(&|run: &NewRun| run.id != daily(0).id).unwrap();
    let left = |place: &str| catalog.uploads_left(place, now).unwrap();
    assert_eq!(left(PLACE), [upload("of-0"), upload("of-1")]);
    assert!(left("s3://shop at http://127.0.0.1:9001").is_empty(), "another store of the same name");
    catalog.upload_ended(&upload("of-0")).unwrap();
    assert_eq!(left(PLACE), [upload("of-1")]);
    assert_eq!(catalog.all_uploads().unwrap().len(), 2);
}

#[test]
fn an_upload_of_a_run_that_is_not_on_record_is_left_after_days() {
    let state = State::new();
    let catalog = state.open();
    catalog.upload_begun("BKP-of-nobody", &upload("lost"), at("2026-02-15T03:00:00+09:00")).unwrap();
    assert!(catalog.uploads_left(PLACE, at("2026-02-16T03:00:00+09:00")).unwrap().is_empty());
    assert_eq!(catalog.uploads_left(PLACE, at("2026-02-18T03:00:00+09:00")).unwrap(), [upload("lost")]);
}

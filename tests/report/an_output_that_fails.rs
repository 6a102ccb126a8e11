//! Promises that a broken output neither stops a run nor passes for a good one.

use super::*;

fn two_lines(kind: io::ErrorKind) -> (u32, String) {
    let (writes, err) = (Arc::new(Mutex::new(0)), Paper::default());
    let outputs = outputs(Refusing(kind, writes.clone()), err.clone());
    let (dispatch, _guard) = report::dispatch(TEXT, outputs, two_in_the_morning());
    tracing::dispatcher::with_default(&dispatch, || {
        report::log(Level::Info, "first", None);
        report::log(Level::Info, "second", None);
    });
    let writes = *writes.lock().unwrap();
    (writes, err.text())
}

#[test]
fn because_its_reader_has_gone_is_left_alone() {
    assert_eq!(two_lines(io::ErrorKind::BrokenPipe), (1, String::new()));
}

#[test]
fn because_its_disk_is_full_is_told_of_once_and_tried_again() {
    let (writes, err) = two_lines(io::ErrorKind::StorageFull);
    assert_eq!((writes, err.as_str()), (2, "WARN: cannot write to the standard output: no storage space\n"));
}

#[test]
fn does_not_fail_a_listing_whose_reader_has_seen_enough() {
    let (reader, mut pipe) = io::pipe().unwrap();
    drop(reader);
    let rows = || (0..1000).map(|n| vec![n.to_string()]);
    print_table(&mut pipe, &facts(false), &[Column::text("N")], rows()).unwrap();
    print_json_lines(&mut pipe, rows()).unwrap();
    print_text(&mut pipe, "recipe").unwrap();
}

#[test]
fn fails_a_listing_that_was_not_written() {
    let mut full = Refusing(io::ErrorKind::StorageFull, Arc::default());
    let error = print_json_lines(&mut full, [1]).unwrap_err();
    assert_eq!((error.kind(), error.what()), (Kind::Space, "cannot write to the `standard output`"));
}

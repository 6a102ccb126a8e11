//! What is usual, and when something else becomes it.

use hikae::backup::usual::{Content, remarks, shape};

#[test]
fn a_shape_is_a_name_without_its_moment() {
    for (name, expected) in [
        ("db_backup_20260215_020000.sql.gz", "db_backup_0.sql.gz"),
        ("shop-2026-02-15.tar", "shop-0.tar"),
        ("shard1_20260215.sql", "shard1_0.sql"),
        ("shard2.sql", "shard2.sql"),
    ] {
        assert_eq!(shape(name), expected);
    }
}

#[test]
fn a_new_size_is_the_usual_one_after_three_runs() {
    let of = |size_bytes: u64| Content { shape: "x".to_owned(), size_bytes, ..Content::default() };
    let mut past = vec![of(1000), of(1000)];
    for run in 1..=4 {
        assert_eq!(remarks(&of(400), &past).is_some(), run <= 3, "run {run}");
        past.insert(0, of(400));
    }
    assert_eq!(remarks(&of(500), &[of(1000)]), None, "half is enough");
}

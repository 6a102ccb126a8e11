//! What is usual, and when something else becomes it.

use hikae::backup::series::series_of;
use hikae::backup::usual::{Content, remarks};

#[test]
fn a_series_is_a_name_without_its_moments() {
    for (name, expected) in [
        ("db_backup_20260215_020000.sql.gz", "db_backup_*.sql.gz"),
        ("shop-2026-02-15.tar", "shop-*.tar"),
        ("shop-2026-02-15T02:00:00.tar", "shop-*.tar"),
        ("shop-2026-02-15-02-00.tar", "shop-*.tar"),
        ("shop-20260215020000.tar", "shop-*.tar"),
        ("/backups/2026/02/15/shop.tar", "/backups/*/shop.tar"),
        ("logs_2026-02.tar", "logs_*.tar"),
        ("logs_202602.tar", "logs_*.tar"),
        ("logs_260215.tar", "logs_*.tar"),
        ("x_1771124400.bin", "x_*.bin"),
        ("shard1_20260215.sql", "shard1_*.sql"),
        ("shard2.sql", "shard2.sql"),
        // No moments: a year, days that do not exist, numbers of something else.
        ("year_2026.tar", "year_2026.tar"),
        ("x_20261315.tar", "x_20261315.tar"),
        ("order_99999999.pdf", "order_99999999.pdf"),
        ("order_123456.pdf", "order_123456.pdf"),
        ("日報_20260215_9999.txt", "日報_*_9999.txt"),
    ] {
        assert_eq!(series_of(name), expected, "{name}");
    }
}

#[test]
fn a_new_size_is_the_usual_one_after_three_runs() {
    let of = |size_bytes: u64| Content { series: "x".to_owned(), size_bytes, ..Content::default() };
    let mut past = vec![of(1000), of(1000)];
    for run in 1..=4 {
        assert_eq!(remarks(&of(400), &past).is_some(), run <= 3, "run {run}");
        past.insert(0, of(400));
    }
    assert_eq!(remarks(&of(500), &[of(1000)]), None, "half is enough");
}

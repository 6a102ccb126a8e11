//! Promises of what is made of the warnings of `pg_dump`.

use hikae::postgres::dump::warnings::{KEPT_BYTES, MOST, warnings};
use hikae::report::remark::Level;

#[test]
fn each_warning_is_kept_and_those_of_what_is_missing_weigh_more() {
    let stderr = "pg_dump: warning: subscriptions not dumped because current user is not a superuser\n\
                  pg_dump: warning: there are circular foreign-key constraints on this table:\n\
                  pg_dump: detail: folders\n\
                  pg_dump: hint: You might not be able to restore the dump\n\
                  pg_dump: last built-in OID is 16383\n\
                  WARNING:  database \"shop\" has a collation version mismatch\n\
                  pg_dump: warning: aggregate function x could not be dumped correctly for this database version; ignored\n";
    let found = warnings("pg_dump", None, stderr);
    let seen: Vec<(Level, &str)> = found.iter().map(|one| (one.level, one.message.as_str())).collect();
    assert_eq!(
        seen,
        [
            (Level::Incomplete, "pg_dump: subscriptions not dumped because current user is not a superuser"),
            (
                Level::Warning,
                "pg_dump: there are circular foreign-key constraints on this table:; folders; You might not be able to restore the dump"
            ),
            (Level::Warning, "pg_dump: database \"shop\" has a collation version mismatch"),
            (
                Level::Incomplete,
                "pg_dump: aggregate function x could not be dumped correctly for this database version; ignored"
            ),
        ]
    );
    assert_eq!(warnings("pg_dump", None, "pg_dump: saving encoding = UTF8\n"), []);
}

#[test]
fn there_is_a_most_to_what_is_kept() {
    let same = warnings("pg_dump", None, &"pg_dump: warning: x\n".repeat(300));
    assert_eq!(same.len(), 1, "what is said again is said once");
    let many: String = (0..300).map(|number| format!("pg_dump: warning: x {number}\n")).collect();
    let found = warnings("pg_dump", None, &many);
    assert_eq!(found.len(), MOST + 1);
    assert_eq!(found[MOST].message, "pg_dump: 200 more warnings");
    let long = format!("pg_dump: warning: {}\n", "x".repeat(KEPT_BYTES));
    let found = warnings("pg_dump", Some("shop"), &long);
    assert_eq!(found[1].message, "pg_dump of `shop`: more warnings than are kept");
}

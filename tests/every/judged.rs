//! What `pg_dump` writes is restorable, in every shape of dump, and what it does not write is reported when the dump is made.

use bytes::Bytes;
use hikae::report::remark::{Level, Remark};

use super::every;
use crate::inspector::pass;
use crate::support::postgres::shared;

/// What there is to say of a dump, and whether its manifest calls it restorable.
fn judged(dump: &[u8]) -> (Vec<Remark>, bool) {
    let (_, facts) = pass([Bytes::copy_from_slice(dump)], None).unwrap();
    (facts.remarks.clone(), facts.sections["database"]["restorable"] == true)
}

#[test]
fn every_kind_of_object_is_restorable_in_every_shape_of_dump() {
    let shapes: &[&[&str]] = &[
        &["--create", "--clean", "--if-exists"],
        &["--create"],
        &["--clean"],
        &[],
        &["--inserts"],
        &["--column-inserts", "--rows-per-insert=7", "--on-conflict-do-nothing"],
        &["--schema-only"],
        &["--data-only", "--disable-triggers"],
        &["--section=pre-data"],
        &["--section=post-data"],
        &["--no-owner", "--no-privileges", "--no-comments"],
        &["--load-via-partition-root", "--quote-all-identifiers"],
        &["--schema=app", "--disable-dollar-quoting"],
        &["--use-set-session-authorization"],
    ];
    for shape in shapes {
        let (remarks, restorable) = judged(&shared().dump(every(), shape));
        assert_eq!((remarks, restorable), (vec![], true), "{shape:?}");
    }
}

#[test]
fn each_statement_that_no_restore_takes_is_reported_with_its_line() {
    let dump = String::from_utf8(shared().dump(every(), &["--create"])).unwrap();
    let line = dump[..dump.find("COPY app.customers").unwrap()].lines().count() + 1;
    for (evil, words) in [
        ("DO $$ BEGIN END $$;", "has the statement `DO`"),
        ("CALL app.proc(1);", "has the statement `CALL`"),
        ("CREATE GADGET x;", "has the statement `CREATE GADGET`"),
        ("SELECT app.twice(1);", "has the statement `SELECT APP"),
        (
            "SELECT pg_catalog.setval('app.free_seq', 1, true) FROM app.customers;",
            "has the statement `SELECT PG_CATALOG",
        ),
        ("CREATE MATERIALIZED VIEW x AS SELECT 1;", "fills a materialized view when it is made"),
        ("COMMENT ON DATABASE other IS 'x';", "names the database `other`"),
        ("\\! true", "has the psql command `\\!`"),
        ("GRANT SELECT ON GADGET x TO y;", "has the statement `GRANT SELECT ON GADGET`"),
    ] {
        let (remarks, restorable) =
            judged(dump.replacen("COPY app.customers", &format!("{evil}\nCOPY app.customers"), 1).as_bytes());
        assert_eq!(remarks.len(), 1, "{evil}: {remarks:?}");
        let Remark { level, kind, message, hint, .. } = &remarks[0];
        assert_eq!((*level, kind.as_str(), restorable), (Level::Incomplete, "not_restorable", false), "{evil}");
        let place = format!("(line {line})");
        assert!(message.starts_with("hikae cannot restore this dump of `every kind`, which "), "{message}");
        assert!(message.contains(words) && message.contains(&place), "{message}");
        assert!(!hint.as_deref().unwrap().contains("changed"), "{hint:?}");
    }
    let two = dump.replacen("COPY app.customers", "DO $$ $$;\nCALL x(';');\nCOPY app.customers", 1);
    let (remarks, _) = judged(two.as_bytes());
    assert!(remarks[0].message.contains("`DO` (line ") || remarks[0].message.contains("`DO"), "{remarks:?}");
    assert!(remarks[0].message.contains("; has the statement `CALL`"), "{remarks:?}");
}

//! Promises that an archive by `pg_dump --format=custom` is decoded whole before it is believed, and restores by several connections.

use super::{exists, fingerprint, gzip, put, restore, restored, watched, world};
use crate::support::postgres::shared;

fn source(name: &str) -> Vec<u8> {
    shared().create_database(name);
    shared().psql(name, include_str!("../support/cafe.sql"));
    let ident = format!("\"{name}\"");
    shared()
        .psql(name, &format!("COMMENT ON DATABASE {ident} IS 'x'; ALTER DATABASE {ident} SET timezone = 'Asia/Tokyo'"));
    shared().dump(name, &["--format=custom"])
}

#[test]
fn an_archive_restores_by_one_and_by_several_connections() {
    let archive = source("archive source");
    for (how, packed, target) in
        [("", false, "archive_one"), ("jobs = 3", false, "archive_many"), ("jobs = 3", true, "archive_packed")]
    {
        let hikae = world(shared(), how);
        let file = put(&hikae, "x.dump", &if packed { gzip(&archive) } else { archive.clone() });
        let done = restored(&hikae, &file, target);
        assert_eq!(done["dump"]["name"], "archive source");
        assert_eq!(fingerprint(shared(), target), fingerprint(shared(), "archive source"), "{target}");
    }
}

#[test]
fn an_archive_cut_at_any_place_is_refused_before_the_server_is_asked() {
    let archive = source("archive cut");
    let (hikae, server) = watched("jobs = 2");
    let places = [5, 12, 100, archive.len() / 3, archive.len() / 2, archive.len() * 9 / 10, archive.len() - 1];
    for place in places {
        let said = restore(&hikae, &put(&hikae, "x.dump", &archive[..place]), "archive_cut");
        assert_eq!(said.code, 1, "cut at {place} of {}: {}", archive.len(), said.err);
        assert!(said.err.contains("cannot decode the archive") && said.err.contains("hint: "), "{}", said.err);
    }
    // The rows are packed, each table's with a checksum; what stands around them has none but in a manifest.
    let rows = archive.windows(2).rposition(|bytes| bytes == [0x78, 0x9c]).unwrap();
    let mut flipped = archive.clone();
    flipped[rows + 8] ^= 0x10;
    let said = restore(&hikae, &put(&hikae, "x.dump", &flipped), "archive_cut");
    assert!(said.code == 1 && said.err.contains("cannot decode the archive"), "{}", said.err);
    let packed = gzip(&archive);
    let said = restore(&hikae, &put(&hikae, "x.dump.gz", &packed[..packed.len() - 4]), "archive_cut");
    assert!(said.code == 1 && said.err.contains("the gzip data ends too early"), "{}", said.err);
    assert_eq!(server.connections(), 0, "the server was asked");
    assert!(!exists(shared(), "archive_cut"));
}

#[test]
fn a_parallel_restore_that_fails_leaves_nothing() {
    shared().create_database("archive_dup");
    shared().psql("archive_dup", "CREATE TABLE t (a int); INSERT INTO t VALUES (1)");
    let archive = shared().dump("archive_dup", &["--format=custom"]);
    let hikae = world(shared(), "jobs = 2, if_exists = \"use\"");
    let file = put(&hikae, "x.dump", &archive);
    // The table is there already.
    let said = restore(&hikae, &file, "archive_dup");
    assert!(said.code == 1 && said.err.contains("relation \"t\" already exists"), "{}", said.err);
    assert_eq!(shared().psql("archive_dup", "SELECT count(*) FROM t"), "1");
}

/// A `pg_restore` whose connections deadlock when half of the target is made; alone it is as it always is.
const DEADLOCKS: &str = r#"case "$*" in
*--jobs=*) PATH='REAL' pg_restore --section=pre-data "$@" || exit
    echo 'pg_restore: error: could not execute query: ERROR:  deadlock detected' >&2
    echo 'DETAIL:  Process 1 waits for AccessExclusiveLock on relation 2 of database 3; blocked by process 4.' >&2
    exit 1;;
esac
PATH='REAL' exec pg_restore "$@""#;

#[test]
fn a_parallel_restore_that_deadlocks_is_loaded_anew_by_one_connection() {
    let archive = source("archive locked");
    let hikae =
        world(shared(), "jobs = 2").program("pg_restore", &DEADLOCKS.replace("REAL", &std::env::var("PATH").unwrap()));
    let file = put(&hikae, "x.dump", &archive);
    let said = restore(&hikae, &file, "archive_unlocked");
    assert_eq!(said.code, 0, "{}", said.err);
    let warning = "WARN: the connections of `pg_restore` got into each other's way; loading anew by one";
    assert!(said.err.contains(warning), "{}", said.err);
    assert_eq!(fingerprint(shared(), "archive_unlocked"), fingerprint(shared(), "archive locked"));
    // A drill loads into a throwaway, which is made anew.
    let set = [format!("file={file}"), "database=archive locked".to_owned(), "jobs=2".to_owned()];
    let args = set.iter().fold(vec!["run", "backup-test"], |args, set| [args, vec!["--set", set]].concat());
    let said = hikae.run(&args);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.err.contains(warning), "{}", said.err);
}

#[test]
fn a_target_that_stood_before_is_not_made_anew_for_a_deadlock() {
    let archive = source("archive held");
    shared().create_database("archive_mine");
    shared().psql("archive_mine", "CREATE TABLE mine (a int)");
    let hikae = world(shared(), "jobs = 2, if_exists = \"use\"");
    let hikae = hikae.program("pg_restore", &DEADLOCKS.replace("REAL", &std::env::var("PATH").unwrap()));
    let said = restore(&hikae, &put(&hikae, "x.dump", &archive), "archive_mine");
    assert!(said.code == 1 && said.err.contains("deadlock detected"), "{}", said.err);
    assert_eq!(shared().psql("archive_mine", "SELECT count(*) FROM mine"), "0");
}

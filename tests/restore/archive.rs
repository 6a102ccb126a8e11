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
    assert_eq!(shared().psql("archive_dup", "SELECT count(*) FROM t"), "1", "no row was loaded");
}

/// Many tables, with all that stands behind their rows: it comes back the same by one session and by several.
#[test]
fn what_stands_behind_the_rows_comes_back_by_several_connections() {
    let name = "archive_behind";
    shared().create_database(name);
    let tables: String = (0..20)
        .map(|n| {
            format!(
                "CREATE TABLE t{n} (a int PRIMARY KEY, b int, c text); CREATE INDEX i{n} ON t{n} (b);
                 INSERT INTO t{n} SELECT g, g, md5(g::text) FROM generate_series(1, 200) g;
                 CREATE UNIQUE INDEX u{n} ON t{n} (c); ALTER TABLE t{n} ADD CONSTRAINT k{n} UNIQUE (b, c);"
            )
        })
        .collect();
    shared().psql(name, &tables);
    shared().psql(
        name,
        "ALTER TABLE t1 ADD FOREIGN KEY (b) REFERENCES t0 (a); CREATE TABLE p (a int) PARTITION BY RANGE (a);
         CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10); CREATE INDEX pi ON p (a); INSERT INTO p VALUES (1);
         CREATE SEQUENCE s; SELECT setval('s', 77); SELECT lo_from_bytea(770077, 'abc');
         CREATE MATERIALIZED VIEW m AS SELECT count(*) FROM t0; CREATE RULE r AS ON DELETE TO t2 DO INSTEAD NOTHING",
    );
    let archive = shared().dump(name, &["--format=custom"]);
    for (how, target) in [("jobs = 1", "archive_behind_one"), ("jobs = 4", "archive_behind_many")] {
        let hikae = world(shared(), how);
        restored(&hikae, &put(&hikae, "x.dump", &archive), target);
        assert_eq!(fingerprint(shared(), target), fingerprint(shared(), name), "{target}");
        assert_eq!(shared().psql(target, "SELECT last_value FROM s"), "77");
        assert_eq!(shared().psql(target, "SELECT lo_get(770077)::text"), "\\x616263");
    }
}

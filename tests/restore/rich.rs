//! Promises that everything that a database holds is there again under another name, and nothing else has changed.

use super::{exists, fingerprint, gzip, others, put, restored, world};
use crate::support::postgres::{Cluster, shared};

/// A database with some of everything, of this name, in this cluster.
fn rich(cluster: &Cluster, name: &str, role: &str) {
    let ident = format!("\"{}\"", name.replace('"', "\"\""));
    cluster.psql("postgres", &format!("CREATE ROLE {role}"));
    cluster.create_database(name);
    let settings = format!(
        "ALTER DATABASE {ident} SET timezone = 'Asia/Tokyo'; ALTER DATABASE {ident} SET search_path = public, pg_temp;
         ALTER ROLE {role} IN DATABASE {ident} SET work_mem = '8MB'; ALTER DATABASE {ident} OWNER TO {role};
         COMMENT ON DATABASE {ident} IS 'it''s the café; DROP DATABASE postgres'; REVOKE ALL ON DATABASE {ident} FROM PUBLIC;
         GRANT CONNECT ON DATABASE {ident} TO {role}; ALTER DATABASE {ident} CONNECTION LIMIT 20;"
    );
    cluster.psql(name, &settings);
    cluster.psql(name, &include_str!("rich.sql").replace("BOB", role));
}

const NAMES: [&str; 3] = ["rich plain", "控え \"元\" = 'x'", "rich\\back"];

#[test]
fn a_rich_database_restores_under_another_name_and_touches_no_other() {
    // A cluster of its own: no other test changes a database while the fingerprints are taken.
    let cluster = Cluster::start();
    rich(&cluster, NAMES[1], "bob");
    cluster.create_database("bystander");
    cluster
        .psql("bystander", "CREATE TABLE t (a int); INSERT INTO t VALUES (1); COMMENT ON DATABASE bystander IS 'here'");
    let before = others(&cluster, &[]);
    let hikae = world(&cluster, "");
    for (format, ending) in [("plain", "sql"), ("custom", "dump")] {
        let dump = cluster.dump(NAMES[1], &["--create", "--clean", "--if-exists", &format!("--format={format}")]);
        let target = format!("復元 \"{format}\" 'o=\\");
        let file = put(&hikae, &format!("x.{ending}.gz"), &gzip(&dump));
        let done = restored(&hikae, &file, &target);
        assert_eq!(done["database"], target.as_str());
        assert_eq!(done["created"], true);
        assert_eq!(done["dump"]["name"], NAMES[1]);
        let people = done["dump"]["tables"].as_array().unwrap().iter().find(|table| table["name"] == "people").unwrap();
        assert_eq!(people["rows"], 3000);
        assert_eq!(fingerprint(&cluster, &target), fingerprint(&cluster, NAMES[1]), "{format}");
        let days = "SELECT md5(string_agg(days::text, ',' ORDER BY day)) FROM days";
        assert_eq!(
            cluster.psql(&target, days),
            cluster.psql(NAMES[1], days),
            "the settings hold while rows are loaded"
        );
        let large = "SELECT md5(lo_get(990001))";
        assert_eq!(cluster.psql(&target, large), cluster.psql(NAMES[1], large));
        assert_eq!(others(&cluster, &[&target]), before, "another database was touched");
        cluster.psql("postgres", &format!("DROP DATABASE \"{}\"", target.replace('"', "\"\"")));
    }
}

#[test]
fn a_dump_restores_beside_the_original_whatever_the_two_are_called() {
    for (number, name) in NAMES.iter().enumerate() {
        let name = format!("{name} {number}");
        shared().create_database(&name);
        shared().psql(&name, "CREATE TABLE t (a int); INSERT INTO t VALUES (1), (2)");
        let hikae = world(shared(), "");
        let file = put(&hikae, "x.sql", &shared().dump(&name, &["--create", "--clean", "--if-exists"]));
        let target = format!("beside {name}");
        restored(&hikae, &file, &target);
        shared().psql(&target, "DELETE FROM t");
        assert_eq!(shared().psql(&name, "SELECT count(*) FROM t"), "2");
        assert_eq!(shared().psql(&target, "SELECT count(*) FROM t"), "0");
    }
}

#[test]
fn a_dump_of_every_shape_restores() {
    let name = "restore_shapes";
    shared().create_database(name);
    shared().psql(name, include_str!("../support/cafe.sql"));
    let shapes: [&[&str]; 5] =
        [&[], &["--create"], &["--schema-only"], &["--inserts", "--create"], &["--disable-dollar-quoting"]];
    for (number, args) in shapes.iter().enumerate() {
        let hikae = world(shared(), "");
        let zst = zstd::encode_all(shared().dump(name, args).as_slice(), 1).unwrap();
        let target = format!("restore_shape_{number}");
        restored(&hikae, &put(&hikae, "x.sql.zst", &zst), &target);
        if !args.contains(&"--schema-only") {
            assert_eq!(fingerprint(shared(), &target), fingerprint(shared(), name), "{args:?}");
        }
    }
    // Without `--create`, what is to be replaced is dropped one by one: it must not be there.
    shared().create_database("restore_clean");
    shared().psql("restore_clean", "CREATE SCHEMA s; CREATE TABLE s.t (a int PRIMARY KEY); INSERT INTO s.t VALUES (1)");
    let hikae = world(shared(), "");
    let file = put(&hikae, "x.sql", &shared().dump("restore_clean", &["--clean", "--if-exists"]));
    restored(&hikae, &file, "restore_clean_2");
    assert_eq!(fingerprint(shared(), "restore_clean_2"), fingerprint(shared(), "restore_clean"));
}

#[test]
fn an_empty_database_restores_as_an_empty_database() {
    shared().create_database("restore_nothing");
    let hikae = world(shared(), "");
    let file = put(&hikae, "x.sql", &shared().dump("restore_nothing", &["--create"]));
    let done = restored(&hikae, &file, "restore_nothing_again");
    assert_eq!(done["dump"]["tables"].as_array().map_or(0, Vec::len), 0);
    assert!(exists(shared(), "restore_nothing_again"));
}

#[test]
fn a_template_with_another_encoding_comes_back_as_one() {
    let sql = "CREATE DATABASE restore_latin TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' IS_TEMPLATE true";
    shared().psql("postgres", sql);
    let hikae = world(shared(), "");
    let file = put(&hikae, "x.sql", &shared().dump("restore_latin", &["--create", "--clean", "--if-exists"]));
    restored(&hikae, &file, "restore_latin_2");
    let shape = |name: &str| {
        let sql = "SELECT pg_encoding_to_char(encoding), datcollate, datistemplate FROM pg_database WHERE datname";
        shared().psql("postgres", &format!("{sql} = '{name}'"))
    };
    assert_eq!(shape("restore_latin_2"), shape("restore_latin"));
    assert_eq!(shape("restore_latin_2"), "LATIN1|C|t");
}

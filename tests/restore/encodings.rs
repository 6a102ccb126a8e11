//! Promises that a database in another encoding than UTF-8 comes back in it, byte for byte, its names included.

use std::collections::BTreeMap;

use crate::support::postgres::{Cluster, shared};
use crate::support::program::{Hikae, Said};

/// A database of this encoding; what `sql` says is in UTF-8.
fn database(name: &str, encoding: &str, sql: &str) -> Hikae {
    let create = format!("CREATE DATABASE \"{name}\" TEMPLATE template0 ENCODING '{encoding}' LOCALE 'C'");
    shared().psql("postgres", &create);
    shared().psql(name, &format!("SET client_encoding = 'UTF8';\n{sql}"));
    Hikae::with_database(shared(), name)
}

/// The encoding of a database, and what is in it as `pg_dump` writes it.
fn contents(cluster: &Cluster, name: &str) -> (String, Vec<u8>) {
    let sql = format!("SELECT pg_encoding_to_char(encoding) FROM pg_database WHERE datname = '{name}'");
    let dump = cluster.dump(name, &["--inserts"]);
    let lines = dump.split(|byte| *byte == b'\n').filter(|line| !line.starts_with(b"\\"));
    (cluster.psql("postgres", &sql), lines.collect::<Vec<_>>().join(&b'\n'))
}

fn well(said: &Said) {
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
}

fn manifest(hikae: &Hikae) -> serde_json::Value {
    let name = hikae.backups().into_iter().find(|name| name.ends_with(".manifest.json")).unwrap();
    serde_json::from_slice(&std::fs::read(hikae.path("backups").join(name)).unwrap()).unwrap()
}

/// Backed up, drilled, and restored over rows that have come since.
fn comes_back(hikae: &Hikae, name: &str, shown: &[&str], since: &str) {
    let before = contents(shared(), name);
    well(&hikae.run(&["run", "db-backup"]));
    let drill = hikae.run(&["run", "backup-test"]);
    well(&drill);
    for words in shown {
        assert!(drill.out.contains(words), "no `{words}` in\n{}", drill.out);
    }
    shared().psql(name, &format!("SET client_encoding = 'UTF8';\n{since}"));
    assert_ne!(contents(shared(), name), before);
    well(&hikae.run(&["run", "db-restore", "--yes"]));
    assert_eq!(contents(shared(), name), before);
}

#[test]
fn a_database_in_euc_jp_with_japanese_names_comes_back() {
    // ～ and 徴: on the one other converters disagree, the bytes of the other are UTF-8 as well.
    let sql = "CREATE SCHEMA 予約; CREATE TABLE 予約.\"台帳 ～徴\" (番号 serial PRIMARY KEY, 名前 text UNIQUE);
        CREATE TABLE 予約.\"徴\" (a text CONSTRAINT 空でない CHECK (a <> '空')); CREATE TABLE 予約.控え (a text);
        INSERT INTO 予約.\"台帳 ～徴\" (名前) VALUES ('花子'), ('太郎～'); INSERT INTO 予約.\"徴\" VALUES ('表示'), ('能力'), ('ソ');
        CREATE VIEW 予約.一覧 AS SELECT 名前 FROM 予約.\"台帳 ～徴\"";
    let hikae = database("euc jp", "EUC_JP", sql);
    let shown = ["✓ Tables: 3", "✓ Rows (予約.\"台帳 ～徴\"): 2", "✓ Rows (予約.徴): 3", "✓ Rows (予約.控え): 0"];
    comes_back(&hikae, "euc jp", &shown, "INSERT INTO 予約.控え VALUES ('後で')");
    let database = &manifest(&hikae)["database"];
    assert_eq!(database["encoding"], "EUC_JP");
    // As the dump has it, byte for byte.
    assert_eq!(database["tables"][0]["schema"], r"\xCD\xBD\xCC\xF3");
    // A backup of the old script has no manifest.
    let file = hikae.backups().into_iter().find(|name| name.ends_with(".manifest.json")).unwrap();
    std::fs::remove_file(hikae.path("backups").join(file)).unwrap();
    let drill = hikae.run(&["run", "backup-test"]);
    well(&drill);
    assert!(drill.out.contains("✓ Rows (予約.徴): 3"), "{}", drill.out);
}

#[test]
fn a_database_in_latin1_comes_back() {
    let sql = "CREATE TABLE \"Gäste\" (id serial, \"prénom\" text); INSERT INTO \"Gäste\" (\"prénom\") VALUES ('Zoë'), ('Ã©')";
    let hikae = database("latin one", "LATIN1", sql);
    comes_back(&hikae, "latin one", &["✓ Rows (public.Gäste): 2"], "DELETE FROM \"Gäste\"");
    assert_eq!(manifest(&hikae)["database"]["tables"][0]["name"], r"G\xE4ste");
}

#[test]
fn a_database_without_an_encoding_comes_back_whatever_bytes_its_rows_have() {
    // The names are UTF-8, as they mostly are; the rows are anything.
    let sql = "CREATE TABLE 台帳 (a text); INSERT INTO 台帳 VALUES (E'\\xe9t\\xe9'), (E'\\xc6\\xfc'), ('花子')";
    let hikae = database("no encoding", "SQL_ASCII", sql);
    comes_back(&hikae, "no encoding", &["✓ Rows (public.台帳): 3"], "DELETE FROM 台帳");
    assert_eq!(manifest(&hikae)["database"]["encoding"], "SQL_ASCII");
}

#[test]
fn names_that_nobody_can_read_are_backed_up_and_the_drill_says_why_it_cannot_compare() {
    let hikae = database(
        "no names",
        "SQL_ASCII",
        "DO $$ BEGIN EXECUTE convert_from('\\x435245415445205441424c4520e9202861207465787429', 'SQL_ASCII'); END $$",
    );
    well(&hikae.run(&["run", "db-backup"]));
    let database = &manifest(&hikae)["database"];
    assert_eq!((&database["tables"][0]["name"], &database["tables"][0]["rows"]), (&r"\xE9".into(), &0.into()));
    let drill = hikae.run(&["run", "backup-test"]);
    assert_eq!(drill.code, 1, "{}", drill.out);
    assert!(
        drill.err.contains("invalid byte sequence for encoding \"UTF8\"") && drill.err.contains("hint: "),
        "{}",
        drill.err
    );
}

#[test]
fn a_cluster_whose_own_database_is_not_in_utf8_is_served_as_well() {
    let cluster = Cluster::start();
    cluster.psql("template1", "ALTER DATABASE postgres RENAME TO was; CREATE DATABASE postgres TEMPLATE template0 ENCODING 'EUC_JP' LOCALE 'C'");
    cluster.psql("postgres", "CREATE DATABASE shop TEMPLATE template0 ENCODING 'EUC_JP' LOCALE 'C'");
    cluster.psql("shop", "SET client_encoding = 'UTF8'; CREATE TABLE 客 (a text); INSERT INTO 客 VALUES ('花子')");
    let hikae = Hikae::with_database(&cluster, "shop");
    let ends: BTreeMap<&str, Said> = ["db-backup", "backup-test", "db-restore", "db-full-backup"]
        .into_iter()
        .map(|recipe| (recipe, hikae.run(&["run", recipe, "--yes"])))
        .collect();
    assert!(ends.values().all(|said| said.code == 0), "{ends:?}");
    assert_eq!(cluster.psql("shop", "SET client_encoding = 'UTF8'; SELECT a FROM 客"), "花子");
}

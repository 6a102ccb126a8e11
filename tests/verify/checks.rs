//! What `pg.verify` finds: nothing in a right restore, and each kind of damage under its own name.

use std::sync::OnceLock;

use super::{failed, logged, world};
use crate::support::postgres::shared;
use crate::support::program::Said;

const SCHEMA: &str = include_str!("shop.sql");

const VERIFY: &str = r#"
    local ok, answer = errors.try(pg.verify, at { database = p.database, manifest = pg.inspect(path.join(p.dir, "shop.sql.gz")) })
    log.info("CHECKS " .. json.encode(answer.checks))
    if not ok then error(answer) end
"#;

/// A dump of the shop as the old script made it: compressed, and without a manifest.
fn dump() -> &'static [u8] {
    static DUMP: OnceLock<Vec<u8>> = OnceLock::new();
    DUMP.get_or_init(|| {
        shared().create_database("verify shop");
        shared().psql("verify shop", SCHEMA);
        shared().dump("verify shop", &[])
    })
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut child = std::process::Command::new("gzip")
        .arg("-c")
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(move || stdin.write_all(plain).unwrap());
        child.wait_with_output().unwrap().stdout
    })
}

/// What verifying says of a database that was restored from the dump and then damaged.
fn verified(name: &str, damage: &str) -> (Said, Vec<String>) {
    let dump = dump();
    shared().create_database(name);
    shared().psql(name, std::str::from_utf8(dump).unwrap());
    shared().psql(name, damage);
    let hikae = world(name, VERIFY);
    std::fs::write(hikae.path("backups/shop.sql.gz"), gzip(dump)).unwrap();
    let said = hikae.run(&["run", "try", "--json"]);
    let bad = failed(&logged(&said.out));
    (said, bad)
}

#[test]
fn a_right_restore_holds_in_every_check() {
    let (said, bad) = verified("verify right", "");
    assert_eq!(bad, [""; 0]);
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    let checks = logged(&said.out);
    let names: Vec<&str> = checks.iter().map(|check| check["name"].as_str().unwrap()).collect();
    for name in [
        "connection",
        "tables",
        "rows",
        "readable tables",
        "indexes",
        "constraints",
        "sequence values",
        "views",
        "functions",
        "extensions",
    ] {
        assert!(names.contains(&name), "{name} was not checked: {names:?}");
    }
    assert!(checks.iter().any(|check| check["object"] == r#""予約 台帳"."a.""b"" 'c' \ ;""#), "{checks:#?}");
    let steps = said.outcome()["steps"].as_array().unwrap().clone();
    assert!(steps.iter().any(|step| step["name"] == "check rows of public.contacts: 3"), "{steps:#?}");
}

#[test]
fn each_damage_is_named_for_what_it_is() {
    let cases: &[(&str, &str, &[&str])] = &[
        ("verify row", "DELETE FROM orders WHERE id = 2", &["rows of public.orders: 3 not 4"]),
        ("verify unlogged", "TRUNCATE unlogged", &["rows of public.unlogged: 0 not 2"]),
        ("verify added", "CREATE TABLE surplus (a int)", &["tables: 8 not 7"]),
        ("verify index", "DROP INDEX contacts_name", &["indexes: 1 not 2"]),
        (
            "verify valid",
            "ALTER TABLE orders DROP CONSTRAINT amount_positive; ALTER TABLE orders ADD CONSTRAINT amount_positive CHECK (amount > 0) NOT VALID",
            &["constraints not valid: 2 not 1"],
        ),
        ("verify constraint", "ALTER TABLE orders DROP CONSTRAINT amount_positive", &["constraints: 5 not 6"]),
        (
            "verify sequence",
            "SELECT setval('contacts_id_seq', 1, false)",
            &[r#"value of public.contacts_id_seq: "1, not used" not "3""#, "sequence values: 2 not 3"],
        ),
        ("verify view", "DROP VIEW named", &["views: 1 not 2"]),
        ("verify function", "DROP FUNCTION twice(int)", &["functions: 0 not 1"]),
        ("verify extension", "DROP EXTENSION citext", &["extensions: 0 not 1"]),
        ("verify lost", r#"DROP TABLE "予約 台帳"."a.""b"" 'c' \ ;""#, &["tables: 6 not 7", "constraints: 5 not 6"]),
    ];
    for (name, damage, expected) in cases {
        let (said, bad) = verified(name, damage);
        let (data, bad): (Vec<String>, Vec<String>) = bad.into_iter().partition(|line| line.starts_with("data"));
        assert_eq!(bad, *expected, "{damage}");
        // The values of a table whose rows are not the backup's differ as well, and those of no other.
        let tables = expected.iter().filter_map(|line| line.strip_prefix("rows of ")?.split(": ").next());
        let tables: Vec<String> = tables.map(|table| format!("data of {table}: ")).collect();
        let named = data.iter().filter(|line| line.starts_with("data of "));
        assert!(
            named.clone().count() == tables.len() && named.zip(&tables).all(|(line, table)| line.starts_with(table)),
            "{data:?}"
        );
        assert_eq!(data.iter().filter(|line| line.starts_with("data: ")).count(), tables.len(), "{data:?}");
        assert_eq!(said.code, 1, "{damage}: {}", said.err);
        let error = &said.outcome()["error"];
        assert_eq!(error["kind"], "integrity", "{damage}: {error}");
        assert!(error.to_string().contains("✗"), "{damage}: {error}");
    }
}

#[test]
fn a_table_that_cannot_be_read_is_named_with_the_servers_words() {
    shared().psql("postgres", "CREATE ROLE looker LOGIN PASSWORD 'looker'");
    let dump = dump();
    shared().create_database("verify unreadable");
    shared().psql("verify unreadable", std::str::from_utf8(dump).unwrap());
    shared().psql(
        "verify unreadable",
        r#"GRANT USAGE ON SCHEMA "予約 台帳" TO looker; GRANT SELECT ON ALL TABLES IN SCHEMA public, "予約 台帳" TO looker;
           GRANT SELECT ON ALL SEQUENCES IN SCHEMA public, "予約 台帳" TO looker; REVOKE SELECT ON orders FROM looker"#,
    );
    let hikae = world("verify unreadable", VERIFY).env("DB_USER", "looker").env("DB_PASSWORD", "looker");
    std::fs::write(hikae.path("backups/shop.sql.gz"), gzip(dump)).unwrap();
    let said = hikae.run(&["run", "try", "--json"]);
    let checks = logged(&said.out);
    let bad = failed(&checks);
    assert_eq!(bad[..2], ["rows of public.orders: null not 4", "readable tables: 6 not 7"]);
    assert!(bad.len() == 4 && bad[2].starts_with("data of public.orders: null not \""), "{bad:?}");
    assert_eq!(bad[3], "data: 6 not 7");
    let detail = checks.iter().find(|check| check["object"] == "public.orders").unwrap()["detail"].to_string();
    assert!(detail.contains("permission denied for table orders"), "{detail}");
    assert_eq!(said.code, 1);
}

#[test]
fn an_empty_database_is_verified_as_empty() {
    shared().create_database("verify empty");
    let hikae = world("verify empty", VERIFY);
    std::fs::write(hikae.path("backups/shop.sql.gz"), gzip(&shared().dump("verify empty", &[]))).unwrap();
    let said = hikae.run(&["run", "try", "--json"]);
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    // An empty database is not what a dump with rows holds.
    std::fs::write(hikae.path("backups/shop.sql.gz"), gzip(dump())).unwrap();
    let said = hikae.run(&["run", "try", "--json"]);
    assert_eq!(said.code, 1);
    assert!(failed(&logged(&said.out)).contains(&"tables: 0 not 7".to_owned()));
}

#[test]
fn a_dump_that_is_cut_or_changed_is_not_inspected_as_whole() {
    let hikae = world("postgres", VERIFY);
    let whole = gzip(dump());
    let flipped = {
        let mut bytes = whole.clone();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        bytes
    };
    for broken in [&whole[..whole.len() / 2], &flipped, b"", b"garbage", &gzip(b"SELECT 1;")] {
        std::fs::write(hikae.path("backups/shop.sql.gz"), broken).unwrap();
        let said = hikae.run(&["run", "try", "--json"]);
        assert_eq!(said.code, 1);
        assert_eq!(said.outcome()["error"]["kind"], "integrity", "{}", said.outcome());
    }
}

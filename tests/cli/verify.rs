//! `hikae verify` and `hikae restore`: one backup proved, and one chosen.

use crate::support::postgres::shared;
use crate::support::program::Hikae;
use crate::support::receiver::Receiver;

/// A database with rows and a proved backup of it; gives the backup's name.
fn backed_up(database: &str) -> (Hikae, String) {
    let cluster = shared();
    cluster.create_database(database);
    cluster.psql(database, "CREATE TABLE t (n int); INSERT INTO t SELECT generate_series(1, 50)");
    let hikae = Hikae::with_database(cluster, database);
    assert_eq!(hikae.run(&["run", "db-backup"]).code, 0);
    let name = hikae.backups().into_iter().find(|name| name.ends_with(".sql.gz")).unwrap();
    (hikae, name)
}

#[test]
fn a_backup_is_whole_restorable_and_with_a_drill_restored() {
    let (hikae, name) = backed_up("verified");
    let file = format!("backups/{name}");
    let said = hikae.run(&["verify", &file]);
    assert_eq!(said.code, 0, "{said:?}");
    for words in ["Whole: ", "Restorable: a dump of the database verified with 1 tables and 50 rows"] {
        assert!(said.out.contains(words), "{words}: {said:?}");
    }
    let drilled = hikae.run(&["verify", &file, "--drill"]);
    assert!(drilled.code == 0 && drilled.out.contains("Restore test: success"), "{drilled:?}");
    assert_eq!(hikae.outcome(&["verify", &file, "--json"])["status"], "success");
}

#[test]
fn a_backup_that_was_cut_or_changed_is_not_whole() {
    let (hikae, name) = backed_up("verified_cut");
    let path = hikae.path("backups").join(&name);
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() - 9]).unwrap();
    let file = format!("backups/{name}");
    assert_eq!(hikae.run(&["verify", &file]).code, 1);
    let mut changed = bytes.clone();
    let middle = changed.len() / 2;
    changed[middle] ^= 1;
    std::fs::write(&path, &changed).unwrap();
    assert_eq!(hikae.run(&["verify", &file]).code, 1);
    assert_eq!(hikae.run(&["verify", "backups/nothing.sql.gz"]).code, 1);
    let odd = hikae.run(&["verify", "ftp://host/key"]);
    assert!(odd.code == 64 && odd.err.contains("a backup is a file, the address of an object, or"), "{odd:?}");
}

#[test]
fn a_backup_behind_an_address_is_verified_as_it_passes() {
    let (hikae, name) = backed_up("verified_far");
    let receiver = Receiver::start();
    let read = |name: &str| std::fs::read(hikae.path("backups").join(name)).unwrap();
    let manifest = format!("{name}.manifest.json");
    for file in [&name, &manifest] {
        receiver.put(&format!("GET /kept/{file}"), &[(200, &read(file))]);
    }
    let said = hikae.run(&["verify", &receiver.url(&format!("/kept/{name}"))]);
    assert!(said.code == 0 && said.out.contains("Whole: ") && said.out.contains("Restorable: "), "{said:?}");
    receiver.put(&format!("GET /kept/{name}"), &[(200, b"something else")]);
    assert_eq!(hikae.run(&["verify", &receiver.url(&format!("/kept/{name}"))]).code, 1);
}

#[test]
fn a_restore_lists_what_is_there_with_its_last_drill() {
    let (hikae, name) = backed_up("chosen");
    let said = hikae.run(&["restore", "--list"]);
    assert!(said.code == 0 && said.out.contains("no drill yet") && said.out.contains(" 50 "), "{said:?}");
    assert_eq!(hikae.run(&["verify", &format!("backups/{name}"), "--drill"]).code, 0);
    let row: serde_json::Value = serde_json::from_str(hikae.run(&["restore", "--list", "--json"]).out.trim()).unwrap();
    assert_eq!((row["rows"].as_u64(), row["drilled_at"].is_string()), (Some(50), true), "{row}");
    let none = hikae.run(&["restore", "--list", "--database", "no_such"]);
    assert!(none.code == 64 && none.err.contains("there is no backup of the database `no_such`"), "{none:?}");
    let unchosen = hikae.run(&["restore"]);
    assert!(unchosen.code == 64 && unchosen.err.contains("nobody is there to choose one"), "{unchosen:?}");
    let restored = hikae.run(&["restore", &format!("backups/{name}"), "--database", "chosen", "--yes"]);
    assert_eq!(restored.code, 0, "{restored:?}");
}

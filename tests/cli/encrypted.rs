//! Encrypted backups from outside: the drill and the restore prove the whole way, inside the kernel's wall, and no key is left.

use crate::encryption::keyring::Keyring;
use crate::support::postgres::{Cluster, shared};
use crate::support::program::Hikae;

const IDENTITY: &str = "AGE-SECRET-KEY-1N5W7FJ4S0TEAZG5A8UZ7HGT7EGHHLW2YS7SP65MQ0KGK3JPUUEHS5T3AER\n";
const RECIPIENT: &str = "age177ar7ec59df0k6f48k75nhfy2psj9092jhvwhc850vfaeh78j3gsue9s4w";

fn manifest(hikae: &Hikae) -> serde_json::Value {
    let name = hikae.backups().into_iter().find(|name| name.ends_with(".manifest.json")).unwrap();
    serde_json::from_slice(&std::fs::read(hikae.path("backups").join(name)).unwrap()).unwrap()
}

/// A database with three rows, whose backups go to `recipient`.
fn encrypting(cluster: &Cluster, database: &str, recipient: &str) -> Hikae {
    cluster.create_database(database);
    cluster.psql(database, "CREATE TABLE t (a int); INSERT INTO t VALUES (1), (2), (3)");
    Hikae::with_database(cluster, database).env("BACKUP_ENCRYPT_TO", recipient)
}

#[test]
fn a_drill_with_the_identity_proves_an_age_backup_and_without_it_says_what_is_missing() {
    let cluster = Cluster::start();
    let hikae = encrypting(&cluster, "secret_cafe", RECIPIENT).file("identity.txt", IDENTITY);
    let said = hikae.run(&["run", "db-backup"]);
    assert_eq!(said.code, 0, "{}", said.err);
    let manifest = manifest(&hikae);
    assert_eq!(manifest["encryption"]["recipients"], serde_json::json!([RECIPIENT]));
    let line = manifest["restore"].as_str().unwrap();
    assert!(
        line.starts_with("age --decrypt --identity identity.txt db_backup_") && line.contains("| gzip -dc | psql"),
        "{line}"
    );

    let said = hikae.run(&["run", "backup-test"]);
    assert_eq!(said.code, 1, "{}", said.err);
    assert!(said.err.contains("it is encrypted with `age`") && said.err.contains("give the key"), "{}", said.err);
    let identity = format!("identity={}", hikae.path("identity.txt").display());
    for recipe in ["backup-test", "db-restore"] {
        let said = hikae.run(&["run", recipe, "--yes", "--set", &identity]);
        assert_eq!(said.code, 0, "{recipe}: {}{}", said.out, said.err);
    }
    assert_eq!(cluster.psql("secret_cafe", "SELECT count(*) FROM t"), "3");
}

#[test]
fn a_gpg_backup_is_made_and_restored_inside_the_wall_and_leaves_no_key() {
    let cluster = Cluster::start();
    let keyring = Keyring::new();
    let ops = keyring.make("Ops <ops@example.com>", "", &[]);
    let secret = String::from_utf8(keyring.gpg(&["--armor", "--export-secret-keys", &ops], b"")).unwrap();
    let hikae = encrypting(&cluster, "gpg_cafe", &ops).file("secret.asc", &secret);
    let hikae = hikae.env("GNUPGHOME", &keyring.path().display().to_string());
    let before = keyring.content();
    let said = hikae.run(&["run", "db-backup"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(keyring.content() == before, "the keyring was changed");
    assert_eq!(manifest(&hikae)["encryption"]["recipients"], serde_json::json!([ops]));
    let identity = format!("identity={}", hikae.path("secret.asc").display());
    let said = hikae.run(&["run", "backup-test", "--set", &identity]);
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);

    let other = hikae.env("BACKUP_ENCRYPT_TO", "nobody@example.com");
    let said = other.run(&["run", "db-backup"]);
    assert_eq!(said.code, 1);
    assert!(
        said.err.contains("cannot encrypt to `nobody@example.com`") && said.err.contains("there is no such key"),
        "{}",
        said.err
    );
}

#[test]
fn a_full_backup_encrypts_every_part() {
    let hikae = encrypting(shared(), "full_secret", RECIPIENT).file("identity.txt", IDENTITY);
    let said = hikae.run(&["run", "db-full-backup", "--set", "databases=full_secret"]);
    assert_eq!(said.code, 0, "{}", said.err);
    let folder = hikae.backups().into_iter().find(|name| !name.contains('.')).unwrap();
    let parts = crate::support::program::names(&hikae.path("backups").join(folder));
    let plain: Vec<_> = parts.iter().filter(|name| !name.contains(".age")).collect();
    assert!(plain.is_empty() && parts.len() == 4, "{parts:?}");
}

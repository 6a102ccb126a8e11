//! Passwords and database names of every shape work against a real server, and a password is never shown.

use std::process::Output;

use crate::support::postgres::{Cluster, shared};
use crate::support::program::{Hikae, names};

/// Everything that shells, connection strings, `.env` files and JSON give a meaning to.
const PASSWORD: &str = "it's \"quo ted\" $HOME `id` \\n back\\slash #no = %s é漢字\nsecond line of it\ttab";

/// The pieces of it that would give it away, however it was escaped.
const PIECES: [&str; 6] = ["quo ted", "$HOME `id`", "slash #no", "é漢字", "second line of it", "\\u00e9\\u6f22"];

fn role(cluster: &Cluster, name: &str) {
    let quoted = PASSWORD.replace('\\', "\\\\").replace('\'', "\\'");
    cluster.psql("postgres", &format!("CREATE ROLE {name} SUPERUSER LOGIN PASSWORD E'{quoted}'"));
}

/// Everything that is left below this world after a run, but for what the test itself put there.
fn everything(hikae: &Hikae) -> Vec<u8> {
    let mut all = Vec::new();
    for folder in ["state", "backups"] {
        for entry in walkdir::WalkDir::new(hikae.path(folder)) {
            let entry = entry.unwrap();
            let is_dump = entry.path().extension().is_some_and(|ending| ending == "gz");
            if entry.file_type().is_file() && !is_dump {
                all.extend(std::fs::read(entry.path()).unwrap());
            }
        }
    }
    all
}

fn assert_silent(what: &str, bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for piece in PIECES {
        assert!(!text.contains(piece), "{what} shows `{piece}`:\n{text}");
    }
}

fn assert_unseen(hikae: &Hikae, outputs: &[Output]) {
    for output in outputs {
        assert_silent("standard output", &output.stdout);
        assert_silent("standard error", &output.stderr);
    }
    let left = everything(hikae);
    assert!(left.len() > 4096, "the catalog was read");
    assert_silent("what the run left", &left);
    for args in [["runs", "--json"], ["runs", "--limit=9"], ["audit", "--json"], ["show", "db-backup"]] {
        let output = hikae.command(&args).output().unwrap();
        assert_silent(&format!("{args:?}"), &[output.stdout, output.stderr].concat());
    }
}

#[test]
fn a_password_of_every_shape_works_from_the_environment_and_is_never_shown() {
    let cluster = shared();
    role(cluster, "cli_env_role");
    let hikae = Hikae::with_database(cluster, "postgres").env("DB_USER", "cli_env_role").env("DB_PASSWORD", PASSWORD);
    let output = hikae.command(&["run", "db-backup", "--verbose"]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(hikae.backups().len(), 2);
    assert_unseen(&hikae, &[output]);
}

#[test]
fn a_password_of_every_shape_works_from_dotenv_and_is_never_shown() {
    let cluster = shared();
    role(cluster, "cli_dotenv_role");
    let escaped = PASSWORD.replace('\\', "\\\\").replace('"', "\\\"").replace('$', "\\$");
    let hikae = Hikae::with_database(cluster, "postgres")
        .env("DB_USER", "cli_dotenv_role")
        .env("DB_PASSWORD", "")
        .file("config/.env", &format!("DB_PASSWORD=\"{escaped}\"\n"));
    let output = hikae.command(&["run", "db-backup", "--json"]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(hikae.backups().len(), 2);
    assert_unseen(&hikae, &[output]);
}

#[test]
fn a_program_that_shows_its_password_is_not_heard() {
    let hikae = Hikae::with_database(shared(), "postgres")
        .env("DB_PASSWORD", PASSWORD)
        .program("pg_dump", "printf 'pg_dump: error: bad password: %s\n' \"$PGPASSWORD\" >&2; exit 1");
    let flags: [&[&str]; 3] = [&["--verbose"], &["--json"], &[]];
    let outputs = flags.map(|flags| hikae.command(&[&["run", "db-backup"], flags].concat()).output().unwrap());
    for output in &outputs {
        let err = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(1) && err.contains("bad password: ********"), "{err}");
    }
    assert_unseen(&hikae, &outputs);
}

#[test]
fn a_database_of_every_name_is_dumped_and_named_in_the_manifest() {
    let hostile =
        ["two words", "it's \"quoted\"", "host=evil port=1", "postgresql://evil/x", "日本語 データ", "back\\slash"];
    let cluster = shared();
    for name in hostile {
        cluster.create_database(name);
        cluster.psql(name, "CREATE TABLE t (n int); INSERT INTO t VALUES (1), (2)");
        let hikae = Hikae::with_database(cluster, name);
        let said = hikae.run(&["run", "db-backup"]);
        assert_eq!((said.code, said.err.as_str()), (0, ""), "{name}: {said:?}");
        let manifest = names(&hikae.path("backups")).into_iter().find(|name| name.ends_with(".json")).unwrap();
        let text = std::fs::read_to_string(hikae.path("backups").join(manifest)).unwrap();
        let manifest: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(manifest["database"]["name"], name);
        assert_eq!(manifest["database"]["tables"][0]["rows"], 2, "{name}: {text}");
    }
}

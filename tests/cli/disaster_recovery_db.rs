//! `hikae run disaster-recovery-db` against a real server: it brings a lost database back, and leaves one that works alone.

use super::restore::{backed_up, databases, guests};
use crate::support::postgres::{Cluster, shared};
use crate::support::program::Hikae;

const RUN: [&str; 3] = ["run", "disaster-recovery-db", "--yes"];

/// Runs it with these params.
fn recover(hikae: &Hikae, set: &[&str]) -> crate::support::program::Said {
    let set: Vec<&str> = set.iter().flat_map(|set| ["--set", set]).collect();
    hikae.run(&[&RUN[..], &set].concat())
}

#[test]
fn a_database_that_works_is_left_alone() {
    let (cluster, name) = (shared(), "recover_up");
    let hikae = backed_up(cluster, name);
    let said = recover(&hikae, &[]);
    assert!(said.code == 0 && said.out.contains("The database is up: nothing is restored"), "{said:?}");
    assert_eq!(guests(cluster, name), "花子 太郎 次郎 since");

    // That the application does not work is no reason to take the rows away that came since the backup.
    let unwell = ["health_url=http://127.0.0.1:9/", "health_tries=1"];
    let said = recover(&hikae, &unwell);
    assert!(said.code == 1 && said.err.contains("force=true"), "{said:?}");
    assert_eq!((guests(cluster, name), databases(cluster, name).len()), ("花子 太郎 次郎 since".to_owned(), 1));

    let said = recover(&hikae, &["force=true"]);
    assert_eq!((said.code, guests(cluster, name)), (0, "花子 太郎 次郎".to_owned()), "{said:?}");
}

#[test]
fn a_database_that_is_gone_comes_back_from_the_newest_backup_that_proves() {
    let (cluster, name) = (shared(), "recover_gone");
    let hikae = backed_up(cluster, name);
    let good = hikae.backups()[0].clone();
    let bytes = std::fs::read(hikae.path("backups").join(&good)).unwrap();
    // Newer, and cut off: the documented script would have taken it.
    std::fs::write(hikae.path("backups/db_backup_20990101_020000.sql.gz"), &bytes[..bytes.len() / 2]).unwrap();
    cluster.psql("postgres", "DROP DATABASE recover_gone");
    let said = recover(&hikae, &[]);
    assert_eq!(said.code, 2, "{said:?}");
    assert_eq!(guests(cluster, name), "花子 太郎 次郎");
    assert!(said.err.contains("is damaged: ") && said.err.contains("an older backup was restored"), "{said:?}");
    let steps = hikae.run(&["runs", "--recipe", "disaster-recovery-db", "--json"]);
    for step in ["look at the database", "restore beside", "put it in place", "see whether the application works"] {
        assert!(steps.out.contains(step), "no `{step}` in {}", steps.out);
    }
}

#[test]
fn an_empty_database_is_taken_for_lost_and_its_name_is_kept() {
    let (cluster, name) = (shared(), "recover_empty");
    let hikae = backed_up(cluster, name);
    cluster.psql(name, "DROP TABLE guests CASCADE");
    let said = recover(&hikae, &[]);
    assert_eq!((said.code, guests(cluster, name)), (0, "花子 太郎 次郎".to_owned()), "{said:?}");
    assert_eq!(databases(cluster, name).len(), 2, "the empty one is kept");
}

#[test]
fn without_any_backup_that_proves_it_fails_and_leaves_nothing() {
    let (cluster, name) = (shared(), "recover_hopeless");
    let hikae = backed_up(cluster, name);
    std::fs::write(hikae.path("backups").join(&hikae.backups()[0]), "garbage").unwrap();
    cluster.psql("postgres", "DROP DATABASE recover_hopeless");
    let said = recover(&hikae, &[]);
    assert_eq!(said.code, 1, "{said:?}");
    assert_eq!(databases(cluster, name), Vec::<String>::new());
}

#[test]
fn a_server_that_is_down_is_started_by_the_program_that_is_named_or_told_of() {
    let cluster = Cluster::start();
    let hikae = backed_up(&cluster, "cafe");
    let hikae = hikae.program("start-it", "echo started >> \"$HOME/backups/started\"");
    let start = format!("start={}", hikae.path("bin/start-it").display());
    drop(cluster);
    let folder = format!("hook_folders={}", hikae.path("backups").display());
    let quick = ["ready_tries=2", "ready_wait=1s"];
    let said = recover(&hikae, &quick);
    assert!(said.code == 1 && said.err.contains("takes no connections") && said.err.contains("`start`"), "{said:?}");
    let said = recover(&hikae, &[&quick[..], &[&start, &folder]].concat());
    assert_eq!(said.code, 1, "{said:?}");
    assert_eq!(std::fs::read_to_string(hikae.path("backups/started")).unwrap(), "started\n");
}

#[test]
fn a_database_that_lets_nobody_in_is_no_disaster() {
    let (cluster, name) = (shared(), "recover_full");
    let hikae = backed_up(cluster, name).env("DB_USER", "recover_dr").env("DB_PASSWORD", "recover-dr-password");
    cluster.psql(
        "postgres",
        "CREATE ROLE recover_dr LOGIN CREATEDB PASSWORD 'recover-dr-password'; GRANT pg_signal_backend TO recover_dr; \
         ALTER DATABASE recover_full OWNER TO recover_dr",
    );
    for (closed, words, open) in [
        (
            "ALTER DATABASE recover_full CONNECTION LIMIT 0",
            "too many connections for database",
            "ALTER DATABASE recover_full CONNECTION LIMIT -1",
        ),
        (
            "ALTER DATABASE recover_full ALLOW_CONNECTIONS false",
            "not currently accepting connections",
            "ALTER DATABASE recover_full ALLOW_CONNECTIONS true",
        ),
        (
            "ALTER ROLE recover_dr IN DATABASE recover_full SET statement_timeout = 1",
            "canceling statement due to statement timeout",
            "ALTER ROLE recover_dr IN DATABASE recover_full RESET statement_timeout",
        ),
    ] {
        cluster.psql("postgres", closed);
        let said = recover(&hikae, &[]);
        assert!(said.code == 1 && said.err.contains(words) && said.err.contains("force=true"), "{said:?}");
        assert_eq!(databases(cluster, name).len(), 1, "{closed}");
        cluster.psql("postgres", open);
    }
    assert_eq!(guests(cluster, name), "花子 太郎 次郎 since");
}

#[test]
fn rows_that_are_damaged_are_a_disaster_although_the_catalog_can_be_read() {
    let cluster = Cluster::start();
    let hikae = backed_up(&cluster, "cafe");
    // A copy by files, of whose rows the server has nothing in its memory.
    cluster.psql("postgres", "ALTER DATABASE cafe RENAME TO away");
    cluster.psql("postgres", "CREATE DATABASE cafe TEMPLATE away STRATEGY file_copy");
    let heap = cluster.dir().join("data").join(cluster.psql("cafe", "SELECT pg_relation_filepath('guests')"));
    let noise: Vec<u8> = (0..std::fs::metadata(&heap).unwrap().len()).map(|at| (at * 131 % 251) as u8).collect();
    std::fs::write(&heap, noise).unwrap();
    let said = recover(&hikae, &[]);
    assert!(said.code == 0 && said.err.contains("it cannot be read") && said.err.contains("invalid page"), "{said:?}");
    assert_eq!(guests(&cluster, "cafe"), "花子 太郎 次郎");
}

#[test]
fn a_wrong_password_is_no_disaster() {
    let (cluster, name) = (shared(), "recover_denied");
    let hikae = backed_up(cluster, name).env("DB_PASSWORD", "wrong");
    let said = recover(&hikae, &[]);
    assert!(said.code == 1 && said.err.contains("password authentication failed"), "{said:?}");
    assert_eq!(guests(cluster, name), "花子 太郎 次郎 since");
}

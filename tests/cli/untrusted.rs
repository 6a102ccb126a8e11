//! A file that nobody vouches for: what is refused without a person to ask, and what a killed load of it leaves.

use rustix::process::Signal;

use super::restore::databases;
use crate::support::postgres::Cluster;
use crate::support::processes::{end_of, send, wait_until};
use crate::support::program::Hikae;

/// A database whose dump makes an event trigger, as only a superuser may.
fn cluster() -> Cluster {
    let cluster = Cluster::start();
    cluster.create_database("cafe");
    let sql = "CREATE TABLE naps (seconds int); INSERT INTO naps VALUES (0);
               CREATE FUNCTION f() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
               CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION f()";
    cluster.psql("cafe", sql);
    cluster
}

fn file(hikae: &Hikae, dump: &[u8]) -> String {
    let file = hikae.path("backups/x.sql");
    std::fs::write(&file, dump).unwrap();
    format!("file={}", file.display())
}

/// Nobody is asked where nobody is: the refusal says why in a sentence, and what a person may say instead.
#[test]
fn a_file_that_needs_a_superuser_is_refused_until_a_person_trusts_it() {
    let cluster = cluster();
    let hikae = Hikae::with_database(&cluster, "cafe");
    let file = file(&hikae, &cluster.dump("cafe", &["--create"]));
    for recipe in ["backup-test", "db-restore"] {
        let said = hikae.run(&["run", recipe, "--yes", "--set", &file]);
        assert_eq!(said.code, 1, "{said:?}");
        for words in
            ["no record as a backup of this catalog", "if you trust the person who made the file: `--set trust=dump`"]
        {
            assert!(said.err.contains(words), "no `{words}` in {}", said.err);
        }
        let japanese =
            hikae.command(&["run", recipe, "--yes", "--set", &file]).env("HIKAE_LANG", "ja").output().unwrap();
        let japanese = String::from_utf8(japanese.stderr).unwrap();
        assert!(japanese.contains("`--set trust=dump`") && !japanese.contains("the file has no record"), "{japanese}");
        let said = hikae.run(&["run", recipe, "--yes", "--set", &file, "--set", "trust=dump"]);
        assert_eq!(said.code, 0, "{said:?}");
    }
}

/// A load that is killed leaves its database and its role; the next run drops both.
#[test]
fn the_role_of_a_killed_load_is_dropped_by_the_next_run() {
    let cluster = Cluster::start();
    cluster.create_database("cafe");
    let sql = "CREATE TABLE naps (seconds int); CREATE MATERIALIZED VIEW rest AS SELECT pg_sleep(seconds)::text AS nap FROM naps;
               INSERT INTO naps VALUES (600)";
    cluster.psql("cafe", sql);
    let hikae = Hikae::with_database(&cluster, "cafe");
    let file = file(&hikae, &cluster.dump("cafe", &["--create"]));
    let roles = || cluster.psql("postgres", "SELECT count(*) FROM pg_roles WHERE rolname LIKE 'hikae_throwaway_%'");
    let drill = hikae.start(&["run", "backup-test", "--set", &file]);
    let asleep =
        "SELECT count(*) FROM pg_stat_activity WHERE usename LIKE 'hikae_throwaway_%' AND wait_event = 'PgSleep'";
    wait_until("the load", || cluster.psql("postgres", asleep) == "1");
    // Nobody can log in as the role while the code of the dump runs.
    let limit = "SELECT rolconnlimit FROM pg_roles WHERE rolname LIKE 'hikae_throwaway_%'";
    assert_eq!(cluster.psql("postgres", limit), "0");
    send(&drill, Signal::KILL);
    end_of(drill);
    assert_eq!((roles().as_str(), databases(&cluster, "hikae_throwaway_").len()), ("1", 1));
    cluster.psql("cafe", "TRUNCATE naps");
    assert_eq!(hikae.run(&["run", "db-backup"]).code, 0);
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'hikae' AND usename = 'postgres'";
    wait_until("the end of the killed run's sessions", || cluster.psql("postgres", waiting) == "0");
    let said = hikae.run(&["run", "backup-test"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!((roles().as_str(), databases(&cluster, "hikae_throwaway_").len()), ("0", 0), "{said:?}");
}

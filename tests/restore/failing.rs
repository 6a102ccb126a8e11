//! Promises that a restore that fails half-way tells the first error with its line, drops what it made, and nothing else.

use super::{RECIPE, exists, gzip, put, restore, restored, world};
use crate::support::postgres::{Cluster, shared};
use crate::support::program::Hikae;
use crate::support::proxy::{Act, Proxy, has};

fn dump(name: &str, rows: u32) -> String {
    shared().create_database(name);
    let sql = format!(
        "CREATE TABLE t (a int PRIMARY KEY, b text); INSERT INTO t SELECT n, md5(n::text) FROM generate_series(1, {rows}) n"
    );
    shared().psql(name, &sql);
    String::from_utf8(shared().dump(name, &["--create", "--clean", "--if-exists"])).unwrap()
}

#[test]
fn the_first_error_is_told_with_its_line_and_the_target_is_dropped() {
    let dump = dump("failing_source", 20).replace("\n7\t", "\nseven\t");
    let line = dump.lines().position(|line| line.starts_with("COPY public.t")).unwrap();
    let hikae = world(shared(), "");
    let file = put(&hikae, "x.sql.gz", &gzip(dump.as_bytes()));
    let said = restore(&hikae, &file, "failing_target");
    assert_eq!(said.code, 1);
    let error = "ERROR: invalid input syntax for type integer: \"seven\" (SQLSTATE 22P02)";
    assert!(said.err.contains(&format!("line {}: {error}\n", line + 1)), "{}", said.err);
    assert!(said.err.contains("CONTEXT: COPY t, line 7, column a: \"seven\""), "{}", said.err);
    assert!(said.err.contains("STATEMENT: COPY public.t (a, b) FROM stdin;"), "{}", said.err);
    assert!(!exists(shared(), "failing_target"));
    assert_eq!(shared().psql("failing_source", "SELECT count(*) FROM t"), "20");
}

#[test]
fn a_target_that_stood_before_is_never_created_nor_dropped() {
    let good = dump("standing_source", 20);
    shared().create_database("standing");
    shared().psql(
        "standing",
        "CREATE TABLE mine (a int); INSERT INTO mine VALUES (1); COMMENT ON DATABASE standing IS 'mine'",
    );
    let hikae = world(shared(), "");
    let said = restore(&hikae, &put(&hikae, "x.sql", good.as_bytes()), "standing");
    assert!(said.code == 1 && said.err.contains("the database `standing` is there already"), "{}", said.err);

    let hikae = world(shared(), "if_exists = \"use\"");
    let bad = good.replace("\n7\t", "\nseven\t");
    let said = restore(&hikae, &put(&hikae, "x.sql", bad.as_bytes()), "standing");
    assert!(said.code == 1 && said.err.contains("invalid input syntax"), "{}", said.err);
    assert_eq!(shared().psql("standing", "SELECT count(*) FROM mine"), "1");
    shared().psql("standing", "DROP TABLE t");
    let done = restored(&hikae, &put(&hikae, "x.sql", good.as_bytes()), "standing");
    assert_eq!(done["created"], false);
    assert_eq!(shared().psql("standing", "SELECT count(*) FROM mine, t"), "20");
    let comment = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = 'standing'";
    assert_eq!(shared().psql("postgres", comment), "mine");
}

#[test]
fn two_restores_at_once_do_not_harm_each_other() {
    let dump = dump("racing_source", 2000);
    let worlds: Vec<Hikae> = (0..3).map(|_| world(shared(), "")).collect();
    let ends: Vec<i32> = std::thread::scope(|scope| {
        let runs = worlds.iter().map(|hikae| {
            let file = put(hikae, "x.sql", dump.as_bytes());
            scope.spawn(move || restore(hikae, &file, "racing_target").code)
        });
        runs.collect::<Vec<_>>().into_iter().map(|run| run.join().unwrap()).collect()
    });
    assert_eq!(ends.iter().filter(|code| **code == 0).count(), 1, "{ends:?}");
    assert_eq!(shared().psql("racing_target", "SELECT count(*) FROM t"), "2000");
}

#[test]
fn what_the_server_lacks_is_told_and_leaves_nothing() {
    let owned = dump("owned_source", 3).replace("OWNER TO postgres", "OWNER TO nobody_here");
    let hikae = world(shared(), "");
    let said = restore(&hikae, &put(&hikae, "x.sql", owned.as_bytes()), "owned_target");
    assert!(said.code == 1 && said.err.contains("role \"nobody_here\" does not exist"), "{}", said.err);
    assert!(said.err.contains("hint: create the role first"), "{}", said.err);
    assert!(!exists(shared(), "owned_target"));
    let locale = dump("locale_source", 3).replace("LOCALE = 'C.UTF-8'", "LOCALE = 'xx_XX'");
    let said = restore(&hikae, &put(&hikae, "x.sql", locale.as_bytes()), "locale_target");
    assert!(said.code == 1 && said.err.contains("invalid locale name: \"xx_XX\""), "{}", said.err);
    assert!(!said.err.contains("LOCATION:"), "{}", said.err);
}

#[test]
fn a_server_that_goes_away_half_way_is_told() {
    let cluster = Cluster::start();
    cluster.create_database("gone_source");
    cluster.psql("gone_source", "CREATE TABLE t (a int)");
    let dump = String::from_utf8(cluster.dump("gone_source", &["--create"])).unwrap();
    // The first row that is loaded ends the session that loads it.
    let evil = "CREATE FUNCTION public.die() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_catalog.pg_terminate_backend(pg_catalog.pg_backend_pid()); RETURN NEW; END';\nCREATE TRIGGER die BEFORE INSERT ON public.t FOR EACH ROW EXECUTE FUNCTION public.die();\nCOPY public.t";
    let dump = dump.replacen("COPY public.t", evil, 1).replace("FROM stdin;\n", "FROM stdin;\n1\n");
    let hikae = world(&cluster, "");
    let said = restore(&hikae, &put(&hikae, "x.sql", dump.as_bytes()), "gone_target");
    assert!(said.code == 1 && said.err.contains("terminating connection"), "{}", said.err);
    assert!(!exists(&cluster, "gone_target"));
}

/// A restore that is interrupted drops what it has made, and never what stood.
#[test]
fn an_interrupted_restore_drops_its_target() {
    let slow = dump("slow_source", 20).replacen(
        "COPY public.t",
        "CREATE FUNCTION public.wait() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_catalog.pg_sleep(600); RETURN NEW; END';\n\
         CREATE TRIGGER wait BEFORE INSERT ON public.t FOR EACH ROW EXECUTE FUNCTION public.wait();\nCOPY public.t",
        1,
    );
    let hikae = world(shared(), "");
    let file = put(&hikae, "x.sql", slow.as_bytes());
    let args = ["run", "restore", "--yes", "--set", &format!("file={file}"), "--set", "target=slow_target"];
    let mut child = hikae.start(&args);
    let busy = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'slow_target' AND wait_event = 'PgSleep'";
    let end = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while shared().psql("postgres", busy) != "1" {
        assert!(std::time::Instant::now() < end, "the restore never came to its rows");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    rustix::process::kill_process(rustix::process::Pid::from_child(&child), rustix::process::Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(143));
    assert!(!exists(shared(), "slow_target"));
    assert_eq!(shared().psql("slow_source", "SELECT count(*) FROM t"), "20");
}

/// What is loaded is what was proved: a file that changes between the two readings is not believed.
#[test]
fn a_file_that_changes_behind_the_proof_is_not_believed() {
    let good = dump("swapped_source", 20);
    let bad = good.replace("\n7\t", "\n70\t").replacen(
        "COPY public.t",
        "\\! touch \"$HOME/backups/owned\"\nCOPY public.t",
        1,
    );
    let hikae =
        Hikae::with_database(shared(), "postgres").file("config/recipes/restore.lua", &RECIPE.replace("HOW", ""));
    let file = put(&hikae, "x.sql", good.as_bytes());
    let other = put(&hikae, "other.sql", bad.as_bytes());
    // The server is asked for the first time when everything is proved.
    let (from, to) = (other.clone(), file.clone());
    let proxy = Proxy::start(shared().port(), move |data| {
        if has(data, "CREATE DATABASE") {
            std::fs::copy(&from, &to).unwrap();
        }
        Act::Pass
    });
    let hikae = hikae.env("DB_PORT", &proxy.port.to_string());
    let said = restore(&hikae, &file, "swapped_target");
    assert!(said.code == 1 && said.err.contains("which has the psql command `\\!`"), "{}", said.err);
    assert!(!hikae.path("backups/owned").exists());
    assert!(!exists(shared(), "swapped_target"));
}

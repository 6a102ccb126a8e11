//! A `pg_dump` that dies, lies, hangs or talks too much gives no backup, and is told as what it was.

use super::{BEGINS, DUMPS, PASSWORD, contents, fails, kind, night};
use crate::support::postgres::shared;
use crate::support::processes::{end_of, group_below, group_runs, wait_for};
use crate::support::program::Hikae;

/// A world where the real `pg_dump` dumps a real database through `script`, which calls it as `real`.
fn through(database: &str, script: &str) -> Hikae {
    let cluster = shared();
    cluster.create_database(database);
    cluster.psql(database, "CREATE TABLE contacts AS SELECT md5(n::text) AS name FROM generate_series(1, 1000) AS n");
    let hikae = Hikae::with_database(cluster, database);
    super::plant(&hikae.path("backups"), super::LONG_AGO);
    hikae.program("pg_dump", &format!("real() {{ /usr/bin/pg_dump \"$@\"; }}\n{script}"))
}

#[test]
fn one_that_fails_half_way_gives_no_backup() {
    let hikae = through("damage_fails", "real \"$@\" | head -c 9000; echo 'lost the server' >&2; exit 1");
    let said = fails(&hikae, &[]);
    assert!(said.err.contains("cannot dump the database `damage_fails`"), "{said:?}");
    assert!(said.err.contains("lost the server"), "{said:?}");
    assert_eq!(kind(&hikae), "command");
}

#[test]
fn one_that_is_killed_half_way_gives_no_backup() {
    let hikae = through("damage_killed", "real \"$@\" | head -c 9000; kill -9 $$");
    let said = fails(&hikae, &[]);
    assert!(said.err.contains("`pg_dump` was ended by signal 9"), "{said:?}");
    assert_eq!(kind(&hikae), "command");
}

#[test]
fn output_that_is_cut_gives_no_backup_though_the_program_says_success() {
    let hikae = through("damage_cut", "real \"$@\" | head -c 9000; exit 0");
    let said = fails(&hikae, &[]);
    assert!(said.err.contains("ends inside the rows of `public.contacts`"), "{said:?}");
    assert_eq!(kind(&hikae), "integrity");
}

#[test]
fn a_dump_without_its_last_line_gives_no_backup_though_the_program_says_success() {
    let hikae = through("damage_trailer", "real \"$@\" | grep -v 'database dump complete'; exit 0");
    let said = fails(&hikae, &[]);
    assert!(said.err.contains("ends without its completion trailer"), "{said:?}");
    assert_eq!(kind(&hikae), "integrity");
}

#[test]
fn a_whole_dump_of_a_program_that_fails_in_the_end_gives_no_backup() {
    let hikae = through("damage_late", "real \"$@\"; exit 3");
    let said = fails(&hikae, &[]);
    assert!(said.err.contains("exit code 3"), "{said:?}");
    assert_eq!(kind(&hikae), "command");
}

#[test]
fn a_dump_of_another_database_gives_no_backup() {
    let hikae = through(
        "damage_asked",
        "real --create --clean --if-exists --dbname=postgres --host=127.0.0.1 \\\n\
        --port=$DAMAGE_PORT --username=postgres",
    );
    let port = shared().port().to_string();
    let script = std::fs::read_to_string(hikae.path("bin/pg_dump")).unwrap().replace("$DAMAGE_PORT", &port);
    std::fs::write(hikae.path("bin/pg_dump"), script).unwrap();
    let said = fails(&hikae, &[]);
    assert!(said.err.contains("cannot accept a dump of `postgres` as a dump of `damage_asked`"), "{said:?}");
    assert_eq!(kind(&hikae), "integrity");
}

#[test]
fn no_output_at_all_gives_no_backup() {
    let hikae = night("exit 0");
    let said = fails(&hikae, &[]);
    assert!(said.err.contains("cannot accept the dump of `shop`, which is empty"), "{said:?}");
    assert_eq!(kind(&hikae), "integrity");
}

#[test]
fn garbage_gives_no_backup() {
    let hikae = night("head -c 3000000 /dev/urandom");
    let said = fails(&hikae, &[]);
    assert!(said.err.contains("does not start as `pg_dump` starts"), "{said:?}");
    assert_eq!(kind(&hikae), "integrity");
}

#[test]
fn one_that_falls_silent_is_ended() {
    let hikae = night(&format!("{BEGINS}; exec sleep 300"));
    let said = fails(&hikae, &["--set", "idle_timeout=1s"]);
    assert!(said.err.contains("`pg_dump` moved no byte for 1.0s"), "{said:?}");
    assert_eq!(kind(&hikae), "timeout");
}

#[test]
fn one_that_never_comes_to_an_end_is_ended() {
    let hikae = night(&format!("{BEGINS}; while :; do echo 'CREATE TABLE t ();'; done"));
    let said = fails(&hikae, &["--set", "timeout=1s"]);
    assert!(said.err.contains("`pg_dump` took longer than 1.0s"), "{said:?}");
    assert_eq!(kind(&hikae), "timeout");
}

#[test]
fn one_that_ignores_sigterm_is_ended_with_everything_that_it_started() {
    let hikae = night(&format!("trap '' TERM; {BEGINS}; sleep 300 & sleep 300 & wait"));
    let before = contents(&hikae.path("backups"));
    let run = hikae.start(&["run", "db-backup", "--set", "idle_timeout=1s"]);
    let group = wait_for("the start of pg_dump", || group_below(&run));
    let said = hikae.said(end_of(run));
    assert!(!group_runs(group), "something of the program still runs: {said:?}");
    assert_eq!(said.code, 1, "{said:?}");
    assert_eq!((contents(&hikae.path("backups")), kind(&hikae)), (before, "timeout".to_owned()), "{said:?}");
}

#[test]
fn what_a_program_that_failed_had_started_ends_with_it() {
    let hikae = night(&format!("{BEGINS}; sleep 300 >/dev/null 2>&1 & sleep 0.3; exit 1"));
    let run = hikae.start(&["run", "db-backup"]);
    let group = wait_for("the start of pg_dump", || group_below(&run));
    let said = hikae.said(end_of(run));
    assert_eq!(said.code, 1, "{said:?}");
    assert!(!group_runs(group), "something of the program still runs: {said:?}");
}

#[test]
fn a_flood_on_standard_error_neither_blocks_nor_hides_the_end() {
    let hikae =
        night("yes 'pg_dump: warning: the same again' | head -c 100000000 >&2; echo 'the end of it' >&2; exit 1");
    let said = fails(&hikae, &[]);
    assert!(said.err.contains("the end of it"), "{}", &said.err[..1000]);
    assert!(said.err.len() < 10_000, "{} bytes are told of it", said.err.len());
    assert_eq!(kind(&hikae), "command");
}

#[test]
fn a_flood_on_standard_error_does_not_stop_a_good_backup_and_leaves_it_in_doubt() {
    let hikae = night(&format!("yes 'pg_dump: warning: again' | head -c 20000000 >&2; {DUMPS}"));
    let said = hikae.run(&["run", "db-backup"]);
    // Not all of the warnings could be kept: one that is lost may have said that a table was left out.
    assert_eq!((said.code, hikae.backups().len()), (2, 2), "{said:?}");
    assert!(said.err.contains("more warnings than are kept"), "{said:?}");
}

#[test]
fn a_password_on_standard_error_is_never_shown() {
    for args in [vec!["--verbose"], vec!["--json", "--verbose"], vec![]] {
        let hikae = night("echo \"connecting as $PGPASSWORD\" >&2; printf %s \"$PGPASSWORD\" >&2; exit 1");
        let said = hikae.run(&[&["run", "db-backup"], args.as_slice()].concat());
        let told =
            [&said.out, &said.err, &hikae.run(&["runs", "show", "BKP"]).out, &hikae.run(&["audit", "--json"]).out];
        let told: String = told.map(String::as_str).concat();
        assert!(told.contains("connecting as ********"), "{told}");
        assert!(!told.contains("hunter2"), "{told}");
        for (name, bytes) in contents(&hikae.path("state")) {
            assert!(!bytes.windows(7).any(|bytes| bytes == b"hunter2"), "it is in `{name}`");
        }
        assert_eq!(said.code, 1);
        assert!(PASSWORD.contains("hunter2"));
    }
}

#[test]
fn what_one_says_on_its_standard_error_is_shown_when_verbose() {
    let hikae = night(&format!("echo 'reading the contacts' >&2\n{DUMPS}"));
    let shown = |flags: &[&str]| {
        let said = hikae.run(&[&["run", "db-backup"], flags].concat());
        format!("{}{}", said.out, said.err)
    };
    assert!(!shown(&[]).contains("reading the contacts"));
    let said = shown(&["--verbose"]);
    assert!(said.contains("pg_dump: reading the contacts"), "{said}");
}

//! `hikae run db-restore` against a real server: what it brings back, what it keeps, whom it asks.

use std::process::{Command, Stdio};

use crate::support::postgres::{Cluster, shared};
use crate::support::processes::{end_of, wait_until};
use crate::support::program::Hikae;

/// A database with three guests and a backup of it, in which a fourth has come since.
pub fn backed_up(cluster: &Cluster, database: &str) -> Hikae {
    cluster.create_database(database);
    let sql = "CREATE TABLE guests (id serial PRIMARY KEY, name text UNIQUE NOT NULL);
               INSERT INTO guests (name) VALUES ('花子'), ('太郎'), ('次郎');
               CREATE VIEW known AS SELECT name FROM guests";
    cluster.psql(database, sql);
    let hikae = Hikae::with_database(cluster, database);
    let said = hikae.run(&["run", "db-backup", "--quiet"]);
    assert_eq!((said.code, said.err.as_str()), (0, ""));
    cluster.psql(database, "INSERT INTO guests (name) VALUES ('since')");
    hikae
}

pub fn guests(cluster: &Cluster, database: &str) -> String {
    cluster.psql(database, "SELECT string_agg(name, ' ' ORDER BY id) FROM guests")
}

/// The databases whose names begin with this, and every throwaway of hikae's.
pub fn databases(cluster: &Cluster, like: &str) -> Vec<String> {
    let sql = format!("SELECT datname FROM pg_database WHERE starts_with(datname, '{like}') ORDER BY 1");
    cluster.psql("postgres", &sql).lines().map(str::to_owned).collect()
}

const BEFORE: &str = "花子 太郎 次郎";
const SINCE: &str = "花子 太郎 次郎 since";

#[test]
fn it_brings_the_backup_back_and_keeps_the_database_that_was_there() {
    let (cluster, name) = (shared(), "restore \"me\" please");
    let hikae = backed_up(cluster, name);
    cluster.psql("postgres", r#"COMMENT ON DATABASE "restore ""me"" please" IS 'ours'"#);
    let said = hikae.run(&["run", "db-restore", "--yes"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert_eq!(guests(cluster, name), BEFORE);
    let there = databases(cluster, name);
    assert!(there.len() == 2 && there[1].starts_with(&format!("{name}_before_")), "{there:?}");
    assert_eq!(guests(cluster, &there[1]), SINCE);
    for words in [
        "✓ Tables: 1",
        "✓ Rows (public.guests): 3",
        "The old database is kept as restore \"me\" please_before_",
        "DROP DATABASE \"restore \"\"me\"\" please_before_",
    ] {
        assert!(said.out.contains(words), "no `{words}` in\n{}", said.out);
    }
    let comment =
        "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = 'restore \"me\" please'";
    assert_eq!(cluster.psql("postgres", comment), "ours");

    let audit = hikae.run(&["audit", "--operation", "restore", "--json"]);
    let rows: Vec<serde_json::Value> = audit.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows.iter().map(|row| row["status"].as_str().unwrap()).collect::<Vec<_>>(), ["success", "running"]);
    assert_eq!(rows[0]["username"], "backup");
    let details = &rows[0]["details"];
    assert_eq!(details["params"]["database"], name);
    assert!(details["databases"][0]["restored"].as_str().unwrap().contains("/backups/db_backup_"), "{details}");
    assert_eq!(details["databases"][1]["live"], name);
    assert!(!audit.out.contains(&cluster.password) && details["host"].is_string(), "{}", audit.out);
}

#[test]
fn the_way_back_that_it_prints_works() {
    let (cluster, name) = (shared(), "restore_back");
    let hikae = backed_up(cluster, name);
    let output = hikae.command(&["run", "db-restore", "--yes"]).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let line =
        said.lines().find_map(|line| line.split_once("To go back to it: ")).unwrap_or_else(|| panic!("{said}")).1;
    cluster.psql("postgres", line);
    assert_eq!(guests(cluster, name), SINCE);
    assert!(databases(cluster, name).iter().any(|other| other.starts_with("restore_back_restored_")));
}

#[test]
fn a_database_that_is_gone_is_made_under_its_name_as_the_dump_says_it() {
    let (cluster, name) = (shared(), "restore_gone");
    cluster.psql("postgres", "CREATE DATABASE restore_gone TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'");
    cluster.psql(name, "CREATE TABLE guests (id int, name text); INSERT INTO guests VALUES (1, 'Zoë')");
    let hikae = Hikae::with_database(cluster, name);
    assert_eq!(hikae.run(&["run", "db-backup"]).code, 0);
    cluster.psql("postgres", "DROP DATABASE restore_gone");
    let said = hikae.run(&["run", "db-restore", "--yes"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert_eq!(databases(cluster, name), [name]);
    let told = "SELECT pg_encoding_to_char(encoding), datcollate, shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = 'restore_gone'";
    assert_eq!((cluster.psql("postgres", told), guests(cluster, name)), ("LATIN1|C|".to_owned(), "Zoë".to_owned()));
}

#[test]
fn without_a_terminal_and_without_yes_it_is_misuse_and_nothing_is_touched() {
    let (cluster, name) = (shared(), "restore_unasked");
    let hikae = backed_up(cluster, name);
    let said = hikae.run(&["run", "db-restore"]);
    assert_eq!(said.code, 64, "{}", said.err);
    assert!(said.err.contains("nobody is there to confirm it") && said.err.contains("--yes"), "{}", said.err);
    assert_eq!((guests(cluster, name), databases(cluster, name)), (SINCE.to_owned(), vec![name.to_owned()]));
    assert_eq!(hikae.run(&["runs"]).out.matches("db-restore").count(), 0);
}

/// Runs the restore on a terminal of its own, where a person types this.
fn typed(hikae: &Hikae, answer: &str) -> (i32, String) {
    let run = format!("{} run db-restore", env!("CARGO_BIN_EXE_hikae"));
    let like = hikae.command(&[]);
    let mut command = Command::new("script");
    command.args(["--quiet", "--return", "--command", &run, "/dev/null"]);
    command.env_clear().envs(like.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("this test needs `script`; install it with: apt-get install bsdutils");
    std::io::Write::write_all(child.stdin.as_mut().unwrap(), format!("{answer}\n").as_bytes()).unwrap();
    let output = end_of(child);
    (output.status.code().unwrap(), String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn a_person_is_asked_with_what_will_be_done_and_only_yes_lets_it_go_on() {
    let (cluster, name) = (shared(), "restore_asked");
    let hikae = backed_up(cluster, name);
    for answer in ["no", "", "y", "yes please"] {
        let (code, said) = typed(&hikae, answer);
        assert_eq!(code, 1, "{answer}: {said}");
        assert!(said.contains("database = restore_asked") && said.contains("nothing was changed"), "{said}");
        assert!(!said.contains(&cluster.password), "{said}");
    }
    assert_eq!((guests(cluster, name), databases(cluster, name)), (SINCE.to_owned(), vec![name.to_owned()]));
    let (code, said) = typed(&hikae, "yes");
    assert_eq!((code, guests(cluster, name)), (0, BEFORE.to_owned()), "{said}");
    for words in ["restores: ", "db_backup_", " tables, ", " rows", "replaces: the database restore_asked, "] {
        assert!(said.contains(words), "{words}: {said}");
    }
}

#[test]
fn a_plan_shows_what_is_restored_and_what_is_replaced() {
    let (cluster, name) = (shared(), "restore_previewed");
    let hikae = backed_up(cluster, name);
    let said = hikae.run(&["run", "db-restore", "--dry-run"]);
    let file = hikae.path("backups").join(&hikae.backups()[0]);
    assert!(said.out.contains(&hikae.steady(&format!("restores: {}", file.display()))), "{said:?}");
    assert!(said.out.contains(&format!("replaces: the database {name}, [SIZE], ")), "{said:?}");
    let planned = hikae.outcome(&["run", "db-restore", "--dry-run", "--json"]);
    assert_eq!(planned["preview"].as_array().map(Vec::len), Some(9), "{planned}");
    for words in [
        " tables, 3 rows\n",
        "loses: what was written to it after 20",
        "more on the disk of the server",
        "  1. read the backup to its end",
        "  2. restore it into a database of its own, and compare every value",
        "  3. end the open sessions (now: 0), and swap the two names",
        &format!("  4. keep the old database as `{name}_before_[STAMP]`"),
        "nobody looks at the application",
    ] {
        assert!(said.out.contains(words), "{words}: {said:?}");
    }
    // A database that is gone is made.
    cluster.psql("postgres", &format!("DROP DATABASE {name}"));
    let said = hikae.run(&["run", "db-restore", "--dry-run"]);
    assert!(said.out.contains(&format!("makes: the database {name}, which is not there")), "{said:?}");
    assert!(said.out.contains(&format!("  3. give it the name {name}")) && !said.out.contains("loses: "), "{said:?}");
}

#[test]
fn a_person_is_asked_before_an_older_backup_is_restored() {
    let (cluster, name) = (shared(), "restore_older_asked");
    let hikae = backed_up(cluster, name);
    // The newest one is damaged.
    let newest = hikae.path("backups").join("db_backup_20990101_020000.sql.gz");
    std::fs::write(&newest, "no gzip").unwrap();
    let (code, said) = typed(&hikae, "yes\nno");
    assert_eq!((code, guests(cluster, name)), (1, SINCE.to_owned()), "{said}");
    for words in
        ["2099-01-01 02:00:00", "the backup before it: ", "lose what came after it? (yes/no)", "fallback=older"]
    {
        assert!(said.contains(words), "{words}: {said}");
    }
    // Nobody who said `--yes` has agreed to that.
    let refused = hikae.run(&["run", "db-restore", "--yes"]);
    assert!(refused.code == 1 && refused.err.contains("fallback=older"), "{refused:?}");
    let (code, said) = typed(&hikae, "yes\nyes");
    assert_eq!((code, guests(cluster, name)), (2, BEFORE.to_owned()), "{said}");
}

#[test]
fn a_person_is_asked_before_a_file_that_is_not_on_record_gets_the_rights_of_a_superuser() {
    let (cluster, name) = (shared(), "restore_unrecorded_asked");
    let hikae = backed_up(cluster, name);
    // What no record vouches for is loaded without a superuser's rights, where that does; a cast needs them.
    cluster.psql(name, "CREATE CAST (text AS box) WITH INOUT");
    let other = Hikae::with_database(cluster, name);
    assert_eq!(other.run(&["run", "db-backup"]).code, 0);
    let made = other.backups().into_iter().find(|name| name.ends_with(".sql.gz")).unwrap();
    let file = hikae.path("backups").join("db_backup_20990101_020000.sql.gz");
    std::fs::copy(other.path("backups").join(made), &file).unwrap();
    let (code, said) = typed(&hikae, "yes\nno");
    assert!(code == 1 && said.contains("Trust the person who made it? (yes/no)"), "{said}");
    let (code, said) = typed(&hikae, "yes\nyes");
    assert_eq!(code, 0, "{said}");
}

#[test]
fn a_plan_asks_nobody_and_changes_nothing() {
    let (cluster, name) = (shared(), "restore_planned");
    let hikae = backed_up(cluster, name);
    let said = hikae.run(&["run", "db-restore", "--dry-run"]);
    assert!(said.code == 2 && said.out.contains("connect  postgres on 127.0.0.1"), "{said:?}");
    assert!(said.out.contains("nothing was changed"), "{said:?}");
    assert_eq!((guests(cluster, name), databases(cluster, name)), (SINCE.to_owned(), vec![name.to_owned()]));
}

#[test]
fn sessions_that_are_open_do_not_keep_it_from_restoring() {
    let (cluster, name) = (shared(), "restore_busy");
    let hikae = backed_up(cluster, name);
    let mut session = Command::new("psql");
    session.envs(cluster.env()).env("PGDATABASE", name).args([
        "-X",
        "-c",
        "BEGIN; LOCK TABLE guests; SELECT pg_sleep(600)",
    ]);
    let session = session.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let asleep = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'restore_busy' AND wait_event = 'PgSleep'";
    wait_until("the session", || cluster.psql("postgres", asleep) == "1");
    let said = hikae.run(&["run", "db-restore", "--yes"]);
    assert_eq!((said.code, guests(cluster, name)), (0, BEFORE.to_owned()), "{}", said.err);
    assert!(!end_of(session).status.success());
}

#[test]
fn a_second_restore_keeps_out_while_one_is_under_way() {
    let (cluster, name) = (shared(), "restore_twice");
    let hikae = backed_up(cluster, name).program("slow", "until [ -e \"$HOME/backups/go\" ]; do sleep 0.1; done");
    let slow = format!("health_command={}", hikae.path("bin/slow").display());
    let first = hikae.start(&["run", "db-restore", "--yes", "--set", &slow]);
    wait_until("the swap", || databases(cluster, name).len() == 2);
    let said = hikae.run(&["run", "db-restore", "--yes"]);
    std::fs::write(hikae.path("backups/go"), "").unwrap();
    assert_eq!(said.code, 75, "{}", said.err);
    assert!(end_of(first).status.success());
    assert_eq!((guests(cluster, name), databases(cluster, name).len()), (BEFORE.to_owned(), 2));
}

#[test]
fn the_old_database_is_live_again_when_the_application_does_not_work() {
    let (cluster, name) = (shared(), "restore_unwell");
    let hikae = backed_up(cluster, name);
    let args = [
        "run",
        "db-restore",
        "--yes",
        "--set",
        "health_url=http://127.0.0.1:9/health",
        "--set",
        "health_tries=2",
        "--set",
        "health_wait=1s",
    ];
    let said = hikae.run(&args);
    assert_eq!((said.code, guests(cluster, name)), (1, SINCE.to_owned()), "{}", said.err);
    assert!(
        said.err.contains("the old database is live again") && said.err.contains("if_unhealthy=keep"),
        "{}",
        said.err
    );
    let kept = databases(cluster, name);
    assert!(kept.len() == 2 && guests(cluster, &kept[1]) == BEFORE, "{kept:?}");
    assert_eq!(hikae.outcome(&["runs", "--recipe", "db-restore", "--json"])["status"], "failure");

    let said = hikae.run(&[&args[..], &["--set", "if_unhealthy=keep"]].concat());
    assert_eq!((said.code, guests(cluster, name)), (1, BEFORE.to_owned()), "{}", said.err);
}

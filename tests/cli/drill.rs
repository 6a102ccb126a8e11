//! `hikae run backup-test` against a real server: the drill proves the backup, and no other database notices.

use std::collections::BTreeMap;

use rustix::process::Signal;

use super::restore::{backed_up, databases, guests};
use crate::support::postgres::{Cluster, shared};
use crate::support::processes::{end_of, send, wait_until};
use crate::support::program::Hikae;
use crate::support::proxy::{Act, Proxy, has};

/// What the server has beside throwaways: every database with what belongs to it, and all that is in it.
fn fingerprint(cluster: &Cluster) -> BTreeMap<String, String> {
    let names = cluster.psql("postgres", "SELECT datname FROM pg_database WHERE datname NOT LIKE 'template%'");
    let one = |name: &str| {
        let about = format!(
            "SELECT d.oid, datdba, datacl, datallowconn, datconnlimit, shobj_description(d.oid, 'pg_database'), setconfig
             FROM pg_database d LEFT JOIN pg_db_role_setting ON setdatabase = d.oid WHERE datname = '{name}'"
        );
        let dump = String::from_utf8(cluster.dump(name, &["--create"])).unwrap();
        let lines = dump.lines().filter(|line| !line.starts_with('\\'));
        lines.fold(cluster.psql("postgres", &about), |text, line| text + "\n" + line)
    };
    names.lines().map(|name| (name.to_owned(), one(name))).collect()
}

#[test]
fn it_proves_the_backup_and_no_other_database_notices() {
    let cluster = Cluster::start();
    for name in ["other", "test_restore_db"] {
        cluster.create_database(name);
        cluster.psql(name, "CREATE TABLE t (a int); INSERT INTO t VALUES (1), (2)");
    }
    let hikae = backed_up(&cluster, "cafe");
    let before = fingerprint(&cluster);
    let outcome = hikae.outcome(&["run", "backup-test", "--json"]);
    assert_eq!(outcome["status"], "success", "{outcome}");
    // The documented test dropped and recreated the live database: what had come since the backup was gone.
    assert_eq!(guests(&cluster, "cafe"), "花子 太郎 次郎 since");
    assert_eq!(fingerprint(&cluster), before);
    let steps = outcome["steps"].as_array().unwrap();
    let rto = steps.iter().find(|step| step["name"] == "RTO reached").unwrap_or_else(|| panic!("{outcome}"));
    assert!(rto["duration_secs"].as_f64().unwrap() > 0.0 && rto["status"] == "success", "{rto}");
    let objective = steps.iter().find(|step| step["name"] == "RTO objective").unwrap_or_else(|| panic!("{outcome}"));
    assert_eq!(objective["duration_secs"].as_f64(), Some(4.0 * 3600.0));
    assert!(steps.iter().any(|step| step["name"] == "check rows of public.guests: 3"), "{outcome}");
    let shown = hikae.run(&["runs", "show", outcome["id"].as_str().unwrap()]).out;
    for words in ["✓ rows of public.guests: 3\n", "✓ constraints: 2\n", "RTO reached ", "RTO objective "] {
        assert!(shown.contains(words), "no `{words}` in\n{shown}");
    }
    let objective = shown.lines().find(|line| line.starts_with("RTO objective")).unwrap();
    assert!(objective.contains("4h") && !shown.contains("check rows"), "{shown}");

    let said = hikae.run(&["run", "backup-test"]);
    for words in [
        "✓ Connection to the database: ",
        "✓ Tables: 1",
        "✓ Rows (public.guests): 3",
        "✓ Constraints: 2",
        "✓ Sequences: 1",
        "Restore test: success",
    ] {
        assert!(said.out.contains(words), "no `{words}` in\n{}", said.out);
    }
    let shown = hikae.env("HIKAE_LANG", "ja").run(&["run", "backup-test"]);
    for words in ["✓ データベース接続確認", "✓ 制約確認: 2", "復旧テスト: 成功"] {
        assert!(shown.out.contains(words), "no `{words}` in\n{}", shown.out);
    }
}

#[test]
fn what_a_killed_drill_left_is_dropped_by_the_next_one() {
    let cluster = Cluster::start();
    let hikae = backed_up(&cluster, "cafe");
    let before = fingerprint(&cluster);
    // The load waits in its middle.
    let proxy = Proxy::start(cluster.port(), |data| if has(data, "COPY public.") { Act::Hold } else { Act::Pass });
    let hikae = hikae.env("DB_PORT", &proxy.port.to_string());
    let drill = hikae.start(&["run", "backup-test"]);
    let group = || databases(&cluster, "hikae_throwaway_");
    let told =
        "SELECT count(*) FROM pg_database WHERE shobj_description(oid, 'pg_database') LIKE 'made by hikae run %'";
    wait_until("the throwaway", || cluster.psql("postgres", told) == "1");
    wait_until("the load", || proxy.held() > 0);
    send(&drill, Signal::KILL);
    end_of(drill);
    assert_eq!(group().len(), 1);
    let hikae = hikae.env("DB_PORT", &cluster.port().to_string());
    wait_until("the end of the killed run's sessions", || {
        cluster.psql("postgres", "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'hikae'") == "0"
    });
    let said = hikae.run(&["run", "backup-test"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.out.contains("left-over database dropped: hikae_throwaway_"), "{}", said.out);
    assert_eq!((group(), fingerprint(&cluster)), (Vec::new(), before));
    assert_eq!(hikae.run(&["runs", "--status", "interrupted"]).out.matches("backup-test").count(), 1);
}

/// A backup whose restore comes to a statement that lasts for ten minutes.
fn slow(cluster: &Cluster, name: &str) -> Hikae {
    cluster.create_database(name);
    let sql = "CREATE TABLE naps (seconds int); CREATE MATERIALIZED VIEW rest AS SELECT pg_sleep(seconds)::text AS nap FROM naps;
               INSERT INTO naps VALUES (600)";
    cluster.psql(name, sql);
    let hikae = Hikae::with_database(cluster, name);
    assert_eq!(hikae.run(&["run", "db-backup"]).code, 0);
    hikae
}

#[test]
fn an_interrupted_drill_or_restore_drops_what_it_made_before_it_ends() {
    let cluster = Cluster::start();
    let hikae = slow(&cluster, "slow");
    let before = fingerprint(&cluster);
    let asleep =
        "SELECT count(*) FROM pg_stat_activity WHERE datname LIKE 'hikae_throwaway_%' AND wait_event = 'PgSleep'";
    for (recipe, signals, code) in [
        ("backup-test", &[Signal::TERM][..], 143),
        ("backup-test", &[Signal::INT, Signal::INT], 130),
        ("db-restore", &[Signal::TERM, Signal::TERM], 143),
    ] {
        let run = hikae.start(&["run", recipe, "--yes"]);
        wait_until("the long statement", || cluster.psql("postgres", asleep) == "1");
        signals.iter().for_each(|signal| send(&run, *signal));
        let said = hikae.said(end_of(run));
        assert_eq!(said.code, code, "{recipe}: {said:?}");
        assert!(said.out.contains("the unfinished database hikae_throwaway_"), "{recipe}: {said:?}");
        // At once: no later run is needed for it.
        assert_eq!(databases(&cluster, "hikae_throwaway_"), Vec::<String>::new(), "{recipe}: {said:?}");
        assert_eq!(fingerprint(&cluster), before, "{recipe}");
        let recorded = hikae.outcome(&["runs", "--recipe", recipe, "--limit", "1", "--json"]);
        assert_eq!(recorded["status"], "interrupted", "{recorded}");
    }
}

#[test]
fn a_throwaway_whose_creation_failed_half_way_is_dropped() {
    let cluster = Cluster::start();
    cluster.create_database("half");
    // The connection breaks behind CREATE DATABASE.
    let proxy = Proxy::start(cluster.port(), |data| match has(data, "COMMENT ON DATABASE \"hikae_throwaway") {
        true => Act::Cut,
        false => Act::Pass,
    });
    let hikae = Hikae::with_database(&cluster, "half");
    assert_eq!(hikae.run(&["run", "db-backup"]).code, 0);
    let hikae = hikae.env("DB_PORT", &proxy.port.to_string());
    let said = hikae.run(&["run", "backup-test"]);
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.err.contains("the server closed the connection"), "{said:?}");
    assert!(said.out.contains("the unfinished database hikae_throwaway_"), "{said:?}");
    assert_eq!(databases(&cluster, "hikae_throwaway_"), Vec::<String>::new(), "{said:?}");
}

#[test]
fn a_drill_whose_time_is_over_drops_what_it_made() {
    let cluster = Cluster::start();
    let hikae = slow(&cluster, "late");
    let recipe = include_str!("../../recipes/backup-test.lua")
        .replace("type = \"weekly\",", "type = \"weekly\", timeout = \"8s\",");
    let hikae = hikae.file("config/recipes/hurried.lua", &recipe);
    let said = hikae.run(&["run", "hurried"]);
    assert_eq!(said.code, 1, "{said:?}");
    assert_eq!(databases(&cluster, "hikae_throwaway_"), Vec::<String>::new(), "{said:?}");
}

/// Fails, says so everywhere, and leaves no database.
fn fails(hikae: &Hikae, args: &[&str], words: &str) {
    let said = hikae.run(&[&["run", "backup-test"], args].concat());
    assert_eq!(said.code, 1, "{}", said.err);
    assert!(said.err.contains(words), "no `{words}` in\n{}", said.err);
    let run = hikae.outcome(&["runs", "--recipe", "backup-test", "--limit", "1", "--json"]);
    assert_eq!(run["status"], "failure");
    assert!(!said.out.contains("Restore test: success"), "{}", said.out);
}

#[test]
fn a_newest_backup_that_is_broken_fails_the_drill_though_an_older_one_is_good() {
    let hikae = backed_up(shared(), "drill_broken");
    let good = std::fs::read(hikae.path("backups").join(&hikae.backups()[0])).unwrap();
    std::fs::write(hikae.path("backups/db_backup_29990101_020000.sql.gz"), &good[..good.len() / 2]).unwrap();
    fails(&hikae, &[], "the gzip data ends too early");
}

#[test]
fn a_manifest_that_has_more_than_the_backup_fails_the_drill_check_by_check() {
    let hikae = backed_up(shared(), "drill_less");
    let manifest = hikae.path("backups").join(&hikae.backups()[1]);
    let text = std::fs::read_to_string(&manifest).unwrap();
    std::fs::write(&manifest, text.replace("\"rows\": 3", "\"rows\": 4")).unwrap();
    fails(&hikae, &[], "✗ Rows (public.guests): expected 4, found 3");
    let run = hikae.outcome(&["runs", "--recipe", "backup-test", "--json"]);
    let shown = hikae.run(&["runs", "show", run["id"].as_str().unwrap()]).out;
    assert!(shown.contains("\n✗ rows of public.guests: expected 4, found 3\n"), "{shown}");
    assert!(shown.contains("\n✓ constraints: 2\n"), "{shown}");
}

#[test]
fn a_restore_that_takes_longer_than_its_objective_fails_the_drill() {
    let hikae = backed_up(shared(), "drill_late");
    fails(&hikae, &["--set", "objective_rto=1ms"], "must be done within");
    let run = hikae.outcome(&["runs", "--recipe", "backup-test", "--json"]);
    let shown = hikae.run(&["runs", "show", run["id"].as_str().unwrap()]);
    assert!(shown.out.contains("\n✗ RTO reached: the restore took "), "{}", shown.out);
}

#[test]
fn a_backup_of_the_old_script_is_read_first_where_it_has_no_manifest() {
    let hikae = backed_up(shared(), "drill_old");
    std::fs::remove_file(hikae.path("backups").join(&hikae.backups()[1])).unwrap();
    let said = hikae.run(&["run", "backup-test"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.err.contains("has no manifest") && said.out.contains("✓ Rows (public.guests): 3"), "{said:?}");
    assert_eq!(hikae.run(&["run", "db-restore", "--yes"]).code, 0);
}

#[test]
fn a_file_that_lies_elsewhere_is_drilled_when_it_is_named() {
    let hikae = backed_up(shared(), "drill_elsewhere");
    std::fs::create_dir(hikae.path("elsewhere")).unwrap();
    let files = hikae.backups();
    for name in &files {
        std::fs::rename(hikae.path("backups").join(name), hikae.path("elsewhere").join(name)).unwrap();
    }
    let file = format!("file={}", hikae.path("elsewhere").join(&files[0]).display());
    let said = hikae.run(&["run", "backup-test", "--set", &file]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(!said.err.contains("has no manifest"), "{}", said.err);
    std::fs::remove_file(hikae.path("elsewhere").join(&files[1])).unwrap();
    let said = hikae.run(&["run", "backup-test", "--set", &file]);
    assert_eq!(said.code, 0, "{}", said.err);
}

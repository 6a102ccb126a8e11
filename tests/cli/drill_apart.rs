//! `hikae run backup-test` on a temporary cluster: it needs no server, touches none, and leaves neither a process nor a folder.

use std::path::Path;

use rustix::process::Signal;

use super::restore::{backed_up, guests};
use crate::support::postgres::{Cluster, shared};
use crate::support::processes::{end_of, send, wait_until};
use crate::support::program::{Hikae, names, set_mode};

/// A folder that the server's user may pass through to, also where the tests run as root.
fn with_clusters(hikae: Hikae) -> Hikae {
    let hikae = hikae.file("clusters/x", "").file("config/hikae.toml", "[drill]\ncluster = \"temporary\"\n");
    std::fs::remove_file(hikae.path("clusters/x")).unwrap();
    set_mode(&hikae.path(""), 0o711);
    set_mode(&hikae.path("clusters"), 0o711);
    hikae.env("BACKUP_DRILL_CLUSTER", "temporary")
}

fn drill(hikae: &Hikae) -> [String; 3] {
    ["run".to_owned(), "backup-test".to_owned(), format!("--set=cluster_dir={}", hikae.path("clusters").display())]
}

/// The processes that were started with a path below `folder`.
fn at_work(folder: &Path) -> Vec<String> {
    let folder = folder.display().to_string();
    let lines = std::fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| {
        let line = String::from_utf8_lossy(&std::fs::read(entry.path().join("cmdline")).ok()?).replace('\0', " ");
        (line.contains(&folder) && !line.contains("backup-test")).then_some(line)
    });
    lines.collect()
}

fn nothing_left(hikae: &Hikae) {
    let folder = hikae.path("clusters");
    assert_eq!(names(&folder), Vec::<String>::new());
    assert_eq!(at_work(&folder), Vec::<String>::new());
}

#[test]
fn it_proves_the_backup_while_the_live_server_is_down() {
    let cluster = Cluster::start();
    cluster.psql("postgres", "CREATE ROLE \"the \"\"owner\"\"\"; CREATE ROLE reader; CREATE ROLE writer");
    let hikae = with_clusters(backed_up(&cluster, "cafe"));
    cluster.psql(
        "cafe",
        "ALTER TABLE guests OWNER TO \"the \"\"owner\"\"\"; GRANT SELECT ON guests TO reader, writer;
         ALTER DEFAULT PRIVILEGES FOR ROLE writer GRANT SELECT ON TABLES TO reader;
         ALTER TABLE guests ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON guests TO writer, reader USING (true)",
    );
    std::thread::sleep(std::time::Duration::from_secs(1));
    assert_eq!(hikae.run(&["run", "db-backup", "--quiet"]).code, 0);
    drop(cluster);
    let args = drill(&hikae);
    let said = hikae.run(&args.each_ref().map(String::as_str));
    assert_eq!(said.code, 0, "{}", said.err);
    for words in ["A temporary cluster was started: ", "✓ Rows (public.guests): 4", "Restore test: success"] {
        assert!(said.out.contains(words), "no `{words}` in\n{}", said.out);
    }
    nothing_left(&hikae);
}

#[test]
fn it_makes_nothing_on_the_live_server() {
    let (cluster, name) = (shared(), "drill_apart");
    let hikae = with_clusters(backed_up(cluster, name));
    // Whoever would reach the live server would have to say this password.
    let hikae = hikae.env("DB_PASSWORD", "unbekanntes-kennwort").env("DB_PORT", "1");
    let args = drill(&hikae);
    let said = hikae.run(&args.each_ref().map(String::as_str));
    assert_eq!(said.code, 0, "{}", said.err);
    assert_eq!(guests(cluster, name), "花子 太郎 次郎 since");
    nothing_left(&hikae);
}

#[test]
fn a_broken_backup_fails_it_and_leaves_nothing() {
    let hikae = with_clusters(backed_up(shared(), "drill_apart_broken"));
    let good = std::fs::read(hikae.path("backups").join(&hikae.backups()[0])).unwrap();
    std::fs::write(hikae.path("backups/db_backup_29990101_020000.sql.gz"), &good[..good.len() / 2]).unwrap();
    let args = drill(&hikae);
    let said = hikae.run(&args.each_ref().map(String::as_str));
    assert_eq!(said.code, 1, "{}", said.err);
    assert!(said.err.contains("the gzip data ends too early"), "{}", said.err);
    nothing_left(&hikae);
}

/// A backup that takes for ever to load, newer than all others.
const SLOW: &str = "backups/db_backup_29990101_020000.sql";

/// What the processes of this machine call themselves.
fn titles() -> Vec<String> {
    let titles = std::fs::read_dir("/proc").unwrap().flatten();
    titles.filter_map(|entry| String::from_utf8(std::fs::read(entry.path().join("cmdline")).ok()?).ok()).collect()
}

/// Whether a server loads the slow backup for this drill.
fn is_asleep(title: &str, drill: u32) -> bool {
    title.contains("hikae_throwaway_")
        && title.contains(&format!("_{drill} "))
        && title.contains("REFRESH MATERIALIZED VIEW")
}

/// A drill that waits while it loads, on a cluster that stands.
fn held_up(name: &str) -> (Hikae, std::process::Child) {
    let hikae = with_clusters(backed_up(shared(), name));
    // However slow the machine is: the test ends it, not the time.
    let naps = format!("{name}_naps");
    shared().create_database(&naps);
    let sql = "CREATE TABLE naps (seconds int); CREATE MATERIALIZED VIEW rest AS SELECT pg_sleep(seconds)::text AS nap FROM naps;
               INSERT INTO naps VALUES (600)";
    shared().psql(&naps, sql);
    let dump = String::from_utf8(shared().dump(&naps, &["--create"])).unwrap().replace(&naps, name);
    std::fs::write(hikae.path(SLOW), dump).unwrap();
    let args = drill(&hikae);
    let child = hikae.start(&args.each_ref().map(String::as_str));
    // Step by step, for each has its own wall of time on a busy machine.
    wait_until("the cluster", || names(&hikae.path("clusters")).len() == 2);
    wait_until("the server", || at_work(&hikae.path("clusters")).iter().any(|line| line.contains("listen_addresses=")));
    wait_until("the load", || titles().iter().any(|title| is_asleep(title, child.id())));
    (hikae, child)
}

#[test]
fn a_drill_that_is_interrupted_leaves_nothing() {
    let (hikae, child) = held_up("drill_apart_term");
    send(&child, Signal::TERM);
    assert_eq!(end_of(child).status.code(), Some(143));
    nothing_left(&hikae);
}

#[test]
fn what_a_killed_drill_left_is_removed_by_the_next_one() {
    let (hikae, child) = held_up("drill_apart_kill");
    send(&child, Signal::KILL);
    end_of(child);
    // The server dies with hikae; its folder and the lock stay.
    wait_until("the end of the server", || at_work(&hikae.path("clusters")).is_empty());
    assert_eq!(names(&hikae.path("clusters")).len(), 2);
    std::fs::remove_file(hikae.path(SLOW)).unwrap();
    let args = drill(&hikae);
    let said = hikae.run(&args.each_ref().map(String::as_str));
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.out.contains("left-over cluster removed: "), "{}", said.out);
    nothing_left(&hikae);
}

#[test]
fn a_cluster_that_another_run_still_needs_is_left_alone() {
    let (hikae, child) = held_up("drill_apart_two");
    let other = with_clusters(backed_up(shared(), "drill_apart_other"));
    let args = drill(&hikae);
    let said = other.run(&args.each_ref().map(String::as_str));
    assert_eq!(said.code, 0, "{}", said.err);
    assert_eq!(names(&hikae.path("clusters")).len(), 2, "{}", said.out);
    send(&child, Signal::TERM);
    end_of(child);
    nothing_left(&hikae);
}

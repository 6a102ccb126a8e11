//! `hikae run render-db-backup` on a disk that fills up, and killed at any moment: what was there stays, and nothing half is visible.

use std::time::Duration;

use super::render_db_backup::{args, export, render, run};
use crate::support::disk::Disk;
use crate::support::postgres::shared;
use crate::support::program::{Hikae, names};

const OLD: &str = "backup_20200101_020000.dir.tar.gz";

/// An export of some megabytes that do not compress.
fn large(database: &str) -> Vec<u8> {
    shared().create_database(database);
    let rows = "SELECT n, md5(n::text) || md5((n + 1)::text) || md5((n + 2)::text) FROM generate_series(1, 30000) n";
    shared().psql(database, &format!("CREATE TABLE rooms AS {rows}"));
    export(shared(), database)
}

/// The backups that are visible; each has its manifest.
fn visible(hikae: &Hikae) -> Vec<String> {
    let all = hikae.backups();
    let made = all.iter().filter(|name| name.starts_with("backup_") && name.ends_with(".gz") && *name != OLD);
    made.inspect(|name| assert!(all.contains(&format!("{name}.manifest.json")), "{all:?}")).cloned().collect()
}

#[test]
fn an_export_that_does_not_fit_on_the_disk_leaves_nothing_and_takes_nothing() {
    let name = "render_full";
    let export = large(name);
    let (first, hikae) = render(&export, name);
    let disk = Disk::mount(&hikae.path("backups"), 64 << 20);
    std::fs::write(hikae.path("backups").join(OLD), "old").unwrap();
    // Unpacked beside the backups, as by default.
    let hikae = hikae.env("BACKUP_WORK_DIR", "");
    for free in [64 << 10, 300 << 10] {
        disk.resize(disk.used_bytes() + free);
        let (server, _) = render(&export, name);
        let said = run(&hikae, &server, &[]);
        assert_eq!(said.code, 1, "{free}: {said:?}");
        assert!(said.err.contains("No space left on device"), "{free}: {said:?}");
        let left: Vec<String> = hikae.backups().into_iter().filter(|name| name != ".work").collect();
        assert_eq!(left, [OLD], "{free}");
        let work = hikae.path("backups/.work");
        assert!(!work.exists() || names(&work).is_empty(), "{free}: {:?}", names(&work));
    }
    disk.resize(64 << 20);
    let said = run(&hikae, &first, &[]);
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(visible(&hikae).len(), 1);
    drop(disk);
}

#[test]
fn whenever_it_is_killed_what_is_visible_is_whole_and_the_next_run_clears_up() {
    let name = "render_kills";
    let export = large(name);
    let (_, hikae) = render(&export, name);
    std::fs::write(hikae.path("backups").join(OLD), "old").unwrap();
    for step in 1..8_u64 {
        let (server, _) = render(&export, name);
        let begun = args(&server, &[]);
        let mut child = hikae.start(&begun.iter().map(String::as_str).collect::<Vec<_>>());
        std::thread::sleep(Duration::from_millis(step * 90));
        child.kill().unwrap();
        child.wait().unwrap();
        let whole = visible(&hikae).len();
        assert!(
            hikae.path("backups").join(OLD).exists() || whole > 0,
            "the old backup has gone, and there is no new one"
        );
    }
    std::thread::sleep(Duration::from_millis(1000)); // the stamps have seconds
    let (server, _) = render(&export, name);
    let said = run(&hikae, &server, &[]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(!visible(&hikae).is_empty());
    assert!(!hikae.backups().iter().any(|name| name.ends_with(".hikae-part")), "{:?}", hikae.backups());
    assert_eq!(names(&hikae.path("work")), Vec::<String>::new());
}

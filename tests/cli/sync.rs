//! `hikae run s3-backup` for real: what a database backup made goes to an object store, and a drill restores it from there.

use std::path::Path;

use super::restore::backed_up;
use crate::support::objects::with_store;
use crate::support::postgres::{Cluster, shared};
use crate::support::program::{Hikae, Said, names};

fn sync(hikae: &Hikae, bucket: &str, more: &[&str]) -> Said {
    let source = format!("source={}", hikae.path("backups").display());
    let bucket = format!("bucket={bucket}");
    let mut args = vec!["run", "s3-backup", "--set", &source, "--set", &bucket];
    args.extend(more);
    hikae.run(&args)
}

fn dumps(folder: &Path) -> Vec<String> {
    names(folder).into_iter().filter(|name| name.ends_with(".sql.gz")).collect()
}

#[test]
fn backups_go_to_a_bucket_and_a_drill_restores_them_from_there() {
    let cluster = Cluster::start();
    let hikae = with_store(backed_up(&cluster, "cafe"));
    let planned = sync(&hikae, "sync-drill", &["--dry-run"]);
    assert_eq!(planned.code, 0, "{}{}", planned.out, planned.err);
    assert!(planned.out.contains("make_bucket") && planned.out.contains("it is new"), "{}", planned.out);

    let said = sync(&hikae, "sync-drill", &[]);
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    assert!(said.out.contains("2 uploaded, 0 unchanged, 0 deleted"), "{}", said.out);
    let again = sync(&hikae, "sync-drill", &[]);
    assert!(again.code == 0 && again.out.contains("0 to upload, 2 to skip, 0 to delete"), "{}{}", again.out, again.err);

    // The bucket alone restores: nothing is left on this machine.
    let dump = dumps(&hikae.path("backups")).remove(0);
    let url = format!("s3://sync-drill/production/{dump}");
    let there = hikae.path("fetched");
    let fetched = hikae.run(&["fetch", &url, &there.display().to_string()]);
    assert_eq!(fetched.code, 0, "{}{}", fetched.out, fetched.err);
    assert_eq!(names(&there), [dump.clone(), format!("{dump}.manifest.json")]);
    std::fs::remove_dir_all(hikae.path("backups")).unwrap();
    let drill = hikae.outcome(&["run", "backup-test", "--json", "--set", "dir=s3://sync-drill/production"]);
    assert_eq!(drill["status"], "success", "{drill}");
}

#[test]
fn an_emptied_folder_and_a_disk_that_is_not_mounted_empty_no_bucket() {
    shared().create_database("synced");
    shared().psql("synced", "CREATE TABLE guests (name text); INSERT INTO guests VALUES ('花子')");
    let hikae = with_store(Hikae::with_database(shared(), "synced"));
    assert_eq!(hikae.run(&["run", "db-backup", "--quiet"]).code, 0);
    assert_eq!(sync(&hikae, "sync-emptied", &[]).code, 0);
    let dump = dumps(&hikae.path("backups")).remove(0);
    std::fs::rename(hikae.path("backups"), hikae.path("elsewhere")).unwrap();
    for _mounted in [false, true] {
        let said = sync(&hikae, "sync-emptied", &[]);
        assert_eq!(said.code, 1, "{}{}", said.out, said.err);
        assert!(said.err.contains("is the disk mounted?"), "{}", said.err);
        std::fs::create_dir_all(hikae.path("backups")).unwrap();
    }
    let fetched = hikae.run(&["fetch", &format!("s3://sync-emptied/production/{dump}"), "fetched"]);
    assert_eq!(fetched.code, 0, "{}{}", fetched.out, fetched.err);
}

#[test]
fn fetch_refuses_what_nothing_proves() {
    let hikae = with_store(Hikae::new());
    assert_eq!(hikae.run(&["fetch", "/some/path"]).code, 64);
    let said = hikae.run(&["fetch", "s3://many/some/0000"]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("there is no manifest beside it"), "{}", said.err);
    assert!(hikae.run(&["fetch", "s3://many/none"]).err.contains("nothing is stored there"));
}

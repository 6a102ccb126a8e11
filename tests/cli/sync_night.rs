//! The backups of a whole night go to stores, and everything comes back from there alone: drill, restore, verification, monitor.

use super::nightly::{only, site};
use super::restore::{backed_up, databases, guests};
use crate::support::objects::with_store;
use crate::support::postgres::{Cluster, shared};
use crate::support::program::{Hikae, Said, names};
use crate::support::receiver::Receiver;
use crate::support::stores;

fn run(hikae: &Hikae, args: &[&str]) -> Said {
    let said = hikae.run(args);
    assert_eq!(said.code, 0, "{args:?}\n{}{}", said.out, said.err);
    said
}

/// The name of the only file with this ending in the folder of the backups.
fn named(hikae: &Hikae, folder: &str, ending: &str) -> String {
    only(&hikae.path("backups").join(folder), ending).file_name().unwrap().to_str().unwrap().to_owned()
}

#[test]
fn a_whole_night_goes_to_a_bucket_and_comes_back_from_it() {
    let slack = Receiver::start();
    let hikae = with_store(site("nightly_synced", &slack));
    run(&hikae, &["run", "full-backup", "--quiet"]);
    let source = format!("source={}", hikae.path("backups").display());
    let s3_backup = ["run", "s3-backup", "--set", &source, "--set", "bucket=whole-night"];
    run(&hikae, &s3_backup);
    let again = run(&hikae, &[&s3_backup[..], &["--dry-run"]].concat());
    assert!(again.out.contains("0 to upload") && again.out.contains("skip: database/db_backup_"), "{}", again.out);
    let dump = named(&hikae, "database", ".sql.gz");
    let (config, logs) = (named(&hikae, "config", ".tar.gz"), named(&hikae, "logs", ".tar.gz"));
    std::fs::remove_dir_all(hikae.path("backups")).unwrap();

    let bucket = "s3://whole-night/production";
    for file in [format!("database/{dump}"), format!("config/{config}"), format!("logs/{logs}")] {
        let said = run(&hikae, &["verify", &format!("{bucket}/{file}")]);
        assert!(said.out.contains("Whole: ") && said.out.contains("Restorable: "), "{}", said.out);
    }
    let (dir, database) = (format!("dir={bucket}"), format!("dir={bucket}/database"));
    let drill = hikae.outcome(&["run", "backup-test", "--json", "--set", &database]);
    assert_eq!(drill["status"], "success", "{drill}");
    let database_dir = format!("database_dir={bucket}/database");
    let monitor = run(&hikae, &["run", "backup-monitor", "--set", &dir, "--set", &database_dir]);
    assert!(monitor.out.contains("Backup monitor: nothing is wrong"), "{}", monitor.out);
}

#[test]
fn a_database_is_restored_from_a_bucket() {
    let cluster = Cluster::start();
    let hikae = with_store(backed_up(&cluster, "far_cafe"));
    let source = format!("source={}", hikae.path("backups").display());
    run(&hikae, &["run", "s3-backup", "--quiet", "--set", &source, "--set", "bucket=far-cafe"]);
    std::fs::remove_dir_all(hikae.path("backups")).unwrap();
    assert_eq!(guests(&cluster, "far_cafe"), "花子 太郎 次郎 since");
    run(&hikae, &["run", "db-restore", "--yes", "--set", "dir=s3://far-cafe/production"]);
    assert_eq!(guests(&cluster, "far_cafe"), "花子 太郎 次郎");
    assert!(databases(&cluster, "far_cafe").len() <= 2);
}

#[test]
fn backups_go_to_google_and_a_drill_restores_them_from_there() {
    shared().create_database("gcs_cafe");
    shared().psql("gcs_cafe", "CREATE TABLE guests (name text); INSERT INTO guests VALUES ('花子')");
    let hikae = Hikae::with_database(shared(), "gcs_cafe")
        .env("STORAGE_EMULATOR_HOST", &format!("127.0.0.1:{}", stores::google_port()))
        .env("GOOGLE_CLOUD_PROJECT", "our-project");
    run(&hikae, &["run", "db-backup", "--quiet"]);
    let source = format!("source={}", hikae.path("backups").display());
    let gcs_backup = ["run", "gcs-backup", "--set", &source, "--set", "bucket=gcs-cafe"];
    let said = run(&hikae, &gcs_backup);
    assert!(said.out.contains("2 uploaded, 0 unchanged, 0 deleted"), "{}", said.out);
    let again = run(&hikae, &gcs_backup);
    assert!(again.out.contains("0 to upload, 2 to skip, 0 to delete"), "{}", again.out);
    let dump = names(&hikae.path("backups")).into_iter().find(|name| name.ends_with(".sql.gz")).unwrap();
    std::fs::remove_dir_all(hikae.path("backups")).unwrap();
    let verified = run(&hikae, &["verify", &format!("gs://gcs-cafe/production/{dump}")]);
    assert!(verified.out.contains("Restorable: "), "{}", verified.out);
    let drill = hikae.outcome(&["run", "backup-test", "--json", "--set", "dir=gs://gcs-cafe/production"]);
    assert_eq!(drill["status"], "success", "{drill}");
}

#[test]
fn a_drill_of_verify_reads_from_a_bucket() {
    shared().create_database("verified_far_away");
    shared().psql("verified_far_away", "CREATE TABLE guests (name text); INSERT INTO guests VALUES ('花子')");
    let hikae = with_store(Hikae::with_database(shared(), "verified_far_away"));
    run(&hikae, &["run", "db-backup", "--quiet"]);
    let source = format!("source={}", hikae.path("backups").display());
    run(&hikae, &["run", "s3-backup", "--quiet", "--set", &source, "--set", "bucket=verified-far-away"]);
    let dump = names(&hikae.path("backups")).into_iter().find(|name| name.ends_with(".sql.gz")).unwrap();
    std::fs::remove_dir_all(hikae.path("backups")).unwrap();
    let address = format!("s3://verified-far-away/production/{dump}");
    run(&hikae, &["verify", &address, "--drill"]);
    let none = hikae.run(&["verify", "s3://verified-far-away/production/none.sql.gz"]);
    assert_eq!(none.code, 1, "{none:?}");
}

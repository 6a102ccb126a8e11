//! Promises that the line in a manifest brings a database back, as it stands there, whatever the database is called.

use std::process::Command;

use crate::support::postgres::Cluster;
use crate::support::program::Hikae;

/// Runs the line of the newest manifest in a shell, in the folder of the backup, as a person does who has no hikae.
fn run_line(cluster: &Cluster, hikae: &Hikae) {
    let folder = hikae.path("backups");
    let name = hikae.backups().into_iter().rfind(|name| name.ends_with(".manifest.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_slice(&std::fs::read(folder.join(name)).unwrap()).unwrap();
    let line = manifest["restore"].as_str().unwrap();
    let output = Command::new("sh").args(["-c", line]).current_dir(&folder).envs(cluster.env()).output().unwrap();
    assert!(output.status.success(), "{line}\n{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn the_line_of_a_manifest_brings_the_database_back_whatever_it_is_called() {
    let cluster = Cluster::start();
    for name in ["postgres", "my shop", r#"o'ne "two" \three"#, "控え $HOME `x` dbname=y"] {
        if name != "postgres" {
            cluster.create_database(name);
        }
        cluster.psql(
            name,
            "CREATE TABLE guests (id int PRIMARY KEY, name text); INSERT INTO guests VALUES (1, '花子'), (2, '太郎')",
        );
        let hikae = Hikae::with_database(&cluster, name);
        let said = hikae.run(&["run", "db-backup"]);
        assert_eq!(said.code, 0, "{name}: {}", said.err);
        cluster.psql(name, "DELETE FROM guests; CREATE TABLE since (a int)");
        run_line(&cluster, &hikae);
        let there = "SELECT string_agg(name, ' ' ORDER BY id), to_regclass('since') FROM guests";
        assert_eq!(cluster.psql(name, there), "花子 太郎|", "{name}");
        let drill = hikae.run(&["run", "backup-test"]);
        assert_eq!(drill.code, 0, "{name}: {}", drill.err);
    }
}

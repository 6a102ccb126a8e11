//! A run that ends green has a backup that is worth something, or says in plain words how little is in it.

use super::{DUMPS, night};
use crate::support::postgres::shared;
use crate::support::program::Hikae;

/// A recipe that saves a dump, and then does something else before it ends.
fn recipe(then: &str) -> String {
    format!(
        "return recipe {{ type = 'daily', params = {{ dir = {{ env = 'BACKUP_DIR', type = 'path' }} }},\n\
         needs = {{ run = {{ 'pg_dump' }}, write = {{ '{{dir}}' }} }},\n\
         run = function(p)\n\
           local backup = pg.dump {{ host = 'localhost', database = 'shop' }}:gzip():save(path.join(p.dir, 'x.sql.gz'))\n\
           {then}\n\
           return backup\n\
         end }}\n"
    )
}

#[test]
fn an_empty_database_is_backed_up_and_said_to_have_no_tables() {
    let cluster = shared();
    cluster.create_database("damage_empty");
    let hikae = Hikae::with_database(cluster, "damage_empty");
    let said = hikae.run(&["run", "db-backup"]);
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{said:?}");
    assert!(said.out.contains("Integrity of the backup: OK (0 tables, 0 rows)"), "{said:?}");
}

#[test]
fn a_backup_that_the_recipe_removes_again_is_no_success() {
    let hikae = night(DUMPS).file("config/recipes/gone.lua", &recipe("fs.remove(backup.path)"));
    let said = hikae.run(&["run", "gone"]);
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.err.contains("error: `[WORLD]/backups/x.sql.gz` is gone at the end of the run"), "{said:?}");
}

#[test]
fn a_backup_that_is_overwritten_before_the_end_is_no_success() {
    let spoil = "fs.write(backup.path, 'nothing', { replace = true })";
    let hikae = night(DUMPS).file("config/recipes/spoilt.lua", &recipe(spoil));
    let said = hikae.run(&["run", "spoilt"]);
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.err.contains("error: `[WORLD]/backups/x.sql.gz` is another file at the end of the run"), "{said:?}");
}

#[test]
fn a_backup_without_its_manifest_is_no_success() {
    let hikae = night(DUMPS).file("config/recipes/bare.lua", &recipe("fs.remove(backup.manifest)"));
    let said = hikae.run(&["run", "bare"]);
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.err.contains("x.sql.gz.manifest.json` is gone at the end of the run"), "{said:?}");
}

#[test]
fn the_file_that_is_proved_is_the_file_that_restores() {
    let cluster = shared();
    cluster.create_database("damage_worth");
    cluster.psql("damage_worth", "CREATE TABLE t AS SELECT n, '控え ' || n AS name FROM generate_series(1, 5000) AS n");
    let hikae = Hikae::with_database(cluster, "damage_worth");
    assert_eq!(hikae.run(&["run", "db-backup"]).code, 0);
    let manifest = std::fs::read(hikae.path("backups").join(&hikae.backups()[1])).unwrap();
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
    cluster.psql("damage_worth", "DELETE FROM t");
    let restore = manifest["restore"].as_str().unwrap();
    let mut command = std::process::Command::new("bash");
    command.args(["-o", "pipefail", "-c", restore]).current_dir(hikae.path("backups")).envs(cluster.env());
    let output = command.output().unwrap();
    assert!(output.status.success(), "{restore}: {}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(cluster.psql("damage_worth", "SELECT count(*), max(name) FROM t"), "5000|控え 999");
    assert_eq!(manifest["database"]["tables"][0]["rows"], 5000);
}

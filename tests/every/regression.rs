//! PostgreSQL's own regression database, with everything that its developers test, comes back the same.

use std::path::PathBuf;
use std::process::Command;

use crate::support::postgres::Cluster;
use crate::support::program::Hikae;

/// The folder that `scripts/test-long` has made ready: the tests of the installed server, and their libraries.
fn prepared() -> PathBuf {
    PathBuf::from(
        std::env::var_os("HIKAE_REGRESSION_DIR").expect("`scripts/test-long` makes HIKAE_REGRESSION_DIR ready"),
    )
}

#[test]
#[ignore = "scripts/test-long fetches the sources of PostgreSQL for it"]
fn the_regression_database_comes_back_the_same() {
    let (cluster, folder) = (Cluster::start(), prepared());
    let results = tempfile::tempdir().unwrap();
    let at = |name: &str, value: &std::path::Path| format!("--{name}={}", value.display());
    let mut tests = Command::new(folder.join("pg_regress"));
    tests.current_dir(&folder).envs(cluster.env()).args(["--schedule=parallel_schedule", "--max-connections=8"]);
    tests.args(["--host=127.0.0.1", "--user=postgres", &format!("--port={}", cluster.port())]);
    tests.args([at("inputdir", &folder), at("dlpath", &folder), at("outputdir", results.path())]);
    tests.arg(at("bindir", cluster.bin()));
    // Some of the tests expect another configuration. What matters is the database that they leave.
    let output = tests.output().unwrap();
    let made = cluster.psql("regression", "SELECT count(*) FROM pg_class WHERE oid >= 16384");
    assert!(made.parse::<u32>().unwrap() > 1000, "{}", String::from_utf8_lossy(&output.stdout));
    let hikae = Hikae::with_database(&cluster, "regression");
    let before = cluster.dump("regression", &["--schema-only"]);
    for recipe in ["db-backup", "backup-test", "db-restore"] {
        let said = hikae.run(&["run", recipe, "--yes"]);
        assert_eq!(said.code, 0, "{recipe}: {}\n{}", said.err, said.out);
    }
    // Restored, it is dumped and drilled once more.
    let after = cluster.dump("regression", &["--schema-only"]);
    assert!(after.len() * 100 > before.len() * 99, "{} and {} bytes", before.len(), after.len());
    for recipe in ["db-backup", "backup-test"] {
        let said = hikae.run(&["run", recipe]);
        assert_eq!(said.code, 0, "{recipe} once more: {}\n{}", said.err, said.out);
    }
}

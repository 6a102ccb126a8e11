//! `hikae run db-backup` against a real server.

use crate::support::postgres::shared;
use crate::support::program::{Hikae, names};

#[test]
fn it_writes_a_proved_backup_and_records_the_run() {
    let cluster = shared();
    cluster.create_database("cli_plain");
    cluster.psql("cli_plain", "CREATE TABLE contacts (name text); INSERT INTO contacts VALUES ('花子'), ('太郎')");
    let hikae = Hikae::with_database(cluster, "cli_plain");
    let said = hikae.run(&["run", "db-backup"]);
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{said:?}");
    let backups = hikae.backups();
    assert_eq!(backups.len(), 2, "{backups:?}");
    assert!(backups[0].starts_with("db_backup_") && backups[0].ends_with(".sql.gz"), "{backups:?}");
    assert_eq!(backups[1], format!("{}.manifest.json", backups[0]));

    let runs = hikae.outcome(&["runs", "--json"]);
    assert_eq!((runs["status"].as_str(), runs["recipe"].as_str()), (Some("success"), Some("db-backup")));
    assert_eq!(runs["backups"][0]["path"], hikae.path("backups").join(&backups[0]).display().to_string());
    assert_eq!(names(&hikae.path("state/runs")), Vec::<String>::new(), "the run let go of its lock");
}

#[test]
fn a_run_right_after_another_gives_its_backup_another_name() {
    let recipe = r#"
        return recipe {
          type = "daily",
          params = { dir = { env = "BACKUP_DIR", type = "path" }, wait = { default = 0, min = 0 } },
          needs = { run = { "echo" }, write = { "{dir}" } },
          run = function(p)
            clock.sleep(p.wait)
            local words = process.stream { program = "echo", args = { "hello" } }
            return words:save(path.join(p.dir, "x_" .. clock.stamp()))
          end,
        }"#;
    let hikae = Hikae::new().file("config/recipes/x.lua", recipe);
    // The first one ends in the second after the one that its id names: that second is free for the next id.
    for wait in ["wait=1", "wait=0"] {
        let said = hikae.run(&["run", "x", "--set", wait]);
        assert_eq!((said.code, said.err.as_str()), (0, ""), "{wait}: {said:?}");
    }
    assert_eq!(hikae.backups().len(), 4, "{:?}", hikae.backups());
}

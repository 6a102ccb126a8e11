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

/// A database with a subscription, and somebody who may read all of it without being a superuser.
fn with_subscription(name: &str) -> Hikae {
    let cluster = shared();
    cluster.create_database(name);
    let sql = "CREATE TABLE contacts (name text); INSERT INTO contacts VALUES ('花子'); \
               CREATE SUBSCRIPTION NAME CONNECTION 'host=192.0.2.1' PUBLICATION p WITH (connect = false); \
               CREATE ROLE NAME LOGIN PASSWORD 'reader-of-all-7'; GRANT pg_read_all_data TO NAME;";
    cluster.psql(name, &sql.replace("NAME", name));
    Hikae::with_database(cluster, name).env("DB_USER", name).env("DB_PASSWORD", "reader-of-all-7")
}

#[test]
fn what_pg_dump_leaves_out_makes_the_run_partial_and_is_kept_in_the_manifest() {
    let hikae = with_subscription("cli_left_out");
    let said = hikae.run(&["run", "db-backup"]);
    let words = "pg_dump of `cli_left_out`: subscriptions not dumped because current user is not a superuser";
    assert!(said.code == 2 && said.err.contains(words) && said.err.contains("accept_warnings"), "{said:?}");
    let manifest = manifest_of(&hikae);
    assert_eq!(manifest["warnings"][0]["level"], "incomplete", "{manifest}");
    assert_eq!(
        (&manifest["warnings"][0]["kind"], &manifest["warnings"][0]["message"]),
        (&"left_out".into(), &words.into())
    );
    let run = hikae.outcome(&["runs", "--json"]);
    assert!(run["status"] == "partial" && run["steps"].to_string().contains("subscriptions not dumped"), "{run}");
    shared()
        .psql("cli_left_out", "ALTER SUBSCRIPTION cli_left_out SET (slot_name = NONE); DROP SUBSCRIPTION cli_left_out");
}

#[test]
fn a_warning_is_accepted_by_a_pattern() {
    let hikae = with_subscription("cli_accepted");
    let said = hikae.run(&["run", "db-backup", "--set", "accept_warnings=*subscriptions not dumped*"]);
    assert_eq!(said.code, 0, "{said:?}");
    let steps = hikae.outcome(&["runs", "--json"])["steps"].to_string();
    assert!(steps.contains("accepted by `*subscriptions not dumped*`: left_out"), "{steps}");
    shared()
        .psql("cli_accepted", "ALTER SUBSCRIPTION cli_accepted SET (slot_name = NONE); DROP SUBSCRIPTION cli_accepted");
}

#[test]
fn a_warning_that_leaves_nothing_out_is_told_and_the_run_is_a_success() {
    let cluster = shared();
    cluster.create_database("cli_circular");
    cluster.psql(
        "cli_circular",
        "CREATE TABLE a (id int PRIMARY KEY, b int); CREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a); \
         ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b; INSERT INTO a VALUES (1)",
    );
    let recipe = r#"
        return recipe {
          type = "daily",
          params = { dir = { env = "BACKUP_DIR", type = "path" }, password = { env = "DB_PASSWORD", secret = true } },
          needs = { run = { "pg_dump" }, write = { "{dir}" } },
          run = function(p)
            local dump = process.stream {
              program = "pg_dump", args = { "--data-only", "-h", "127.0.0.1", "-p", "PORT", "-U", "postgres", "cli_circular" },
              env = { PGPASSWORD = p.password },
            }
            return dump:save(path.join(p.dir, "data.sql"))
          end,
        }"#
    .replace("PORT", &cluster.port().to_string());
    let hikae = Hikae::with_database(cluster, "cli_circular").file("config/recipes/data.lua", &recipe);
    let said = hikae.run(&["run", "data"]);
    assert!(said.code == 0 && said.err.contains("circular foreign-key constraints"), "{said:?}");
    let manifest = manifest_of(&hikae);
    let kept = manifest["warnings"][0]["message"].as_str().unwrap();
    assert!(manifest["warnings"][0]["level"] == "warning" && kept.contains("--disable-triggers"), "{manifest}");
    // Cron mails what `--quiet` prints.
    std::fs::remove_dir_all(hikae.path("backups")).unwrap();
    std::fs::create_dir(hikae.path("backups")).unwrap();
    let said = hikae.run(&["run", "data", "--quiet"]);
    assert!(said.code == 0 && said.err.contains("circular foreign-key constraints"), "{said:?}");
}

/// The manifest of the only backup.
fn manifest_of(hikae: &Hikae) -> serde_json::Value {
    let name = hikae.backups().into_iter().find(|name| name.ends_with(".manifest.json")).unwrap();
    serde_json::from_slice(&std::fs::read(hikae.path("backups").join(name)).unwrap()).unwrap()
}

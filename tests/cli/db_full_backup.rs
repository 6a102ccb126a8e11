//! `hikae run db-full-backup` against a real cluster, and its restore with standard tools in another one.

use std::process::Command;

use crate::support::postgres::Cluster;
use crate::support::program::{Hikae, names};

const NAMES: [&str; 5] = ["店 \"東京\"", "a/b 'c' = $d", "empty", "golden", "shop"];

/// A cluster with some databases and roles; one database has no table, and one is a template.
fn cluster() -> Cluster {
    let cluster = Cluster::start();
    cluster.psql(
        "postgres",
        "CREATE ROLE \"販売 担当\" LOGIN PASSWORD 'geheim'; CREATE ROLE readers; GRANT readers TO \"販売 担当\";
         COMMENT ON ROLE readers IS 'may read;
CREATE ROLE is not what this line does'; ALTER ROLE readers SET statement_timeout = '5s'; CREATE TABLE own (id int)",
    );
    for name in NAMES {
        cluster.create_database(name);
        if name != "empty" {
            cluster.psql(name, "CREATE TABLE t (id int, name text); INSERT INTO t SELECT i, '控え' FROM generate_series(1, 500) i; ALTER TABLE t OWNER TO \"販売 担当\"; GRANT SELECT ON t TO readers");
        }
    }
    cluster.psql("postgres", "ALTER DATABASE golden IS_TEMPLATE true");
    cluster
}

fn sets(hikae: &Hikae) -> Vec<String> {
    hikae.backups().into_iter().filter(|name| name.ends_with(".sha256")).collect()
}

#[test]
fn a_set_holds_the_whole_cluster_and_its_line_restores_it_elsewhere() {
    let from = cluster();
    let hikae = Hikae::with_database(&from, "");
    let said = hikae.run(&["run", "db-full-backup"]);
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{said:?}");
    let sets = sets(&hikae);
    assert_eq!(sets.len(), 1, "{sets:?}");
    let folder = hikae.path("backups").join(sets[0].strip_suffix(".sha256").unwrap());
    let files = names(&folder);
    assert_eq!(files.len(), 2 * (1 + NAMES.len() + 1), "globals, the databases and `postgres`: {files:?}");
    assert!(!files.contains(&"INCOMPLETE.txt".to_owned()), "{files:?}");
    let manifest = std::fs::read_to_string(hikae.path("backups").join(format!("{}.manifest.json", sets[0]))).unwrap();
    let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    let kept: Vec<&str> =
        manifest["databases"].as_array().unwrap().iter().map(|d| d["name"].as_str().unwrap()).collect();
    assert!(NAMES.iter().all(|name| kept.contains(name)), "{kept:?}");
    assert_eq!(manifest["globals"]["roles"], 3, "{manifest}");
    assert_eq!(manifest["left_out"], serde_json::json!(["template1"]), "{manifest}");

    let to = Cluster::start();
    // The roles come with their passwords: from then on, the superuser's is that of the old cluster.
    to.psql("postgres", &format!("ALTER ROLE postgres PASSWORD '{}'", from.password));
    let mut shell = Command::new("sh");
    shell.args(["-c", manifest["restore"].as_str().unwrap()]).current_dir(hikae.path("backups"));
    shell.envs(to.env()).env("PGPASSWORD", &from.password);
    let output = shell.output().unwrap();
    assert!(output.status.success(), "{output:?}");

    let ask = |cluster: &Cluster, db: &str, sql: &str| {
        let env = [("PGPASSWORD".to_owned(), from.password.clone())];
        let mut psql = Command::new("psql");
        psql.args(["-XAtq", "-v", "ON_ERROR_STOP=1", "-c", sql]).envs(cluster.env()).envs(env).env("PGDATABASE", db);
        let output = psql.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    for name in NAMES {
        let sql = if name == "empty" {
            "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
        } else {
            "SELECT count(*), pg_get_userbyid(relowner), relacl::text FROM t, pg_class WHERE relname = 't' GROUP BY 2, 3"
        };
        assert_eq!(ask(&to, name, sql), ask(&from, name, sql), "{name}");
    }
    assert_eq!(ask(&to, "postgres", "SELECT count(*) FROM own"), "0\n");
    let templates = "SELECT datname FROM pg_database WHERE datistemplate ORDER BY 1";
    assert_eq!(ask(&to, "postgres", templates), "golden\ntemplate0\ntemplate1\n");
    let roles = "SELECT rolname, rolcanlogin, rolpassword, shobj_description(oid, 'pg_authid'),
                 (SELECT array_agg(setconfig::text) FROM pg_db_role_setting WHERE setrole = oid) FROM pg_authid
                 WHERE rolname !~ '^pg_' ORDER BY 1";
    assert_eq!(ask(&to, "postgres", roles), ask(&from, "postgres", roles));
}

#[test]
fn a_database_that_cannot_be_dumped_is_told_and_the_set_is_not_complete() {
    let cluster = cluster();
    cluster.psql("postgres", "UPDATE pg_database SET datallowconn = false WHERE datname = 'shop'");
    let hikae = Hikae::with_database(&cluster, "");
    let said = hikae.run(&["run", "db-full-backup"]);
    assert_eq!(said.code, 2, "{said:?}");
    assert!(said.err.contains("`shop`") && said.err.contains("takes no connections"), "{said:?}");
    assert_eq!(sets(&hikae), Vec::<String>::new());
    let folder = hikae.path("backups").join(&hikae.backups()[0]);
    let note = std::fs::read_to_string(folder.join("INCOMPLETE.txt")).unwrap();
    assert!(note.contains("- shop: "), "{note}");
    assert!(names(&folder).contains(&"db_empty.sql.gz".to_owned()), "the others are there");

    let said = hikae.run(&["run", "db-full-backup", "--set", "exclude=shop"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(sets(&hikae).len(), 1);
}

#[test]
fn a_damaged_part_stops_the_restore_before_anything_is_touched() {
    let cluster = cluster();
    let hikae = Hikae::with_database(&cluster, "");
    assert_eq!(hikae.run(&["run", "db-full-backup"]).code, 0);
    let list = sets(&hikae).remove(0);
    let part = hikae.path("backups").join(list.strip_suffix(".sha256").unwrap()).join("db_shop.sql.gz");
    let mut bytes = std::fs::read(&part).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&part, bytes).unwrap();
    let manifest = std::fs::read_to_string(hikae.path("backups").join(format!("{list}.manifest.json"))).unwrap();
    let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    let mut shell = Command::new("sh");
    shell.args(["-c", manifest["restore"].as_str().unwrap()]).current_dir(hikae.path("backups")).envs(cluster.env());
    let output = shell.output().unwrap();
    assert!(!output.status.success(), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("sha256sum"), "{output:?}");
    assert_eq!(cluster.psql("shop", "SELECT count(*) FROM t"), "500");
}

//! What looks like a difference and is none: a drill says that it was not compared, and does not fail.

use crate::support::postgres::Cluster;
use crate::support::program::{Hikae, Said};

fn backed_up(cluster: &Cluster, name: &str, sql: &str) -> Hikae {
    cluster.create_database(name);
    cluster.psql(name, sql);
    let hikae = Hikae::with_database(cluster, name);
    let said = hikae.run(&["run", "db-backup"]);
    assert!([0, 2].contains(&said.code), "{said:?}");
    hikae
}

/// A folder for temporary clusters, which the user of a server may enter.
fn clusters(hikae: &Hikae) -> String {
    let folder = hikae.path("clusters");
    std::fs::create_dir(&folder).unwrap();
    for path in [hikae.path(""), folder.clone()] {
        crate::support::program::set_mode(&path, 0o711);
    }
    format!("cluster_dir={}", folder.display())
}

fn well(said: &Said, words: &[&str]) {
    assert_eq!(said.code, 0, "{said:?}");
    assert!(!said.out.contains('✗'), "{}", said.out);
    for words in words {
        assert!(said.out.contains(words), "no `{words}` in\n{}", said.out);
    }
}

/// Who is subject to the policies of a table can neither count nor read its rows. Whoever restored it is no exception.
#[test]
fn rows_that_a_policy_hides_are_not_compared() {
    let cluster = Cluster::start();
    cluster.psql("postgres", "CREATE ROLE keeper LOGIN CREATEDB PASSWORD 'kennwort-der-keeper'; CREATE ROLE guest");
    let sql = "SET ROLE keeper; CREATE SCHEMA s; SET search_path = s; CREATE TABLE t (a int PRIMARY KEY); INSERT INTO t VALUES (1), (2);
               CREATE POLICY p ON t TO guest USING (a = 1); ALTER TABLE t ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY";
    cluster.psql("postgres", "CREATE DATABASE forced OWNER keeper");
    cluster.psql("forced", sql);
    let hikae = Hikae::with_database(&cluster, "forced");
    assert_eq!(hikae.run(&["run", "db-backup"]).code, 0);
    let hikae = hikae.env("DB_USER", "keeper").env("DB_PASSWORD", "kennwort-der-keeper");
    well(&hikae.run(&["run", "backup-test"]), &["Restore test: success"]);
}

/// What an event trigger writes while the database is restored is in no backup.
#[test]
fn rows_that_an_event_trigger_writes_are_no_difference() {
    let cluster = Cluster::start();
    let sql = "CREATE TABLE ddl_log (id serial PRIMARY KEY, tag text); CREATE TABLE t (a int); INSERT INTO t VALUES (1);
               CREATE MATERIALIZED VIEW m AS SELECT * FROM t;
               CREATE FUNCTION note() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN INSERT INTO public.ddl_log (tag) VALUES (tg_tag); END$$;
               CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION note();
               CREATE TABLE u (a int)";
    let hikae = backed_up(&cluster, "logged", sql);
    well(&hikae.run(&["run", "backup-test"]), &["Restore test: success"]);
    // What is missing is missing all the same.
    let hikae = hikae.env("BACKUP_DRILL_CLUSTER", "temporary");
    let at = clusters(&hikae);
    well(&hikae.run(&["run", "backup-test", "--set", &at]), &["Restore test: success"]);
}

/// The system sorts text in another way than when the database was made.
#[test]
fn another_version_of_a_collation_is_no_difference() {
    let cluster = Cluster::start();
    let hikae = backed_up(&cluster, "sorted", "CREATE TABLE t (a text PRIMARY KEY); INSERT INTO t VALUES ('a'), ('b')");
    cluster.psql("postgres", "UPDATE pg_database SET datcollversion = '1.0' WHERE datname IN ('sorted', 'template1')");
    well(&hikae.run(&["run", "backup-test"]), &["Restore test: success"]);
    std::thread::sleep(std::time::Duration::from_secs(1));
    let said = hikae.run(&["run", "db-backup"]);
    assert!([0, 2].contains(&said.code), "{said:?}");
    well(&hikae.run(&["run", "backup-test"]), &["Restore test: success"]);
}

/// What the source has set for its extensions, and the places of its files, follow from the backup.
#[test]
fn a_temporary_cluster_has_what_the_database_needs() {
    let cluster = Cluster::start();
    let make = "SET allow_in_place_tablespaces = on; CREATE TABLESPACE \"fast disk\" LOCATION ''";
    for sql in make.split("; ") {
        let both = format!("SET allow_in_place_tablespaces = on;\n{sql}");
        cluster.psql("postgres", &both);
    }
    let sql = "CREATE EXTENSION pg_stat_statements; CREATE FUNCTION here() RETURNS boolean LANGUAGE sql AS
               $$ SELECT coalesce(current_setting('cron.database_name', true), current_database()) = current_database() $$;
               CREATE TABLE t (a int CHECK (here())) TABLESPACE \"fast disk\"; INSERT INTO t VALUES (1);
               CREATE INDEX i ON t (a) TABLESPACE \"fast disk\";
               CREATE FUNCTION known() RETURNS bigint LANGUAGE plpgsql AS $$BEGIN
                 IF current_database() = 'placed' THEN RETURN 0; END IF; RETURN (SELECT count(*) FROM public.pg_stat_statements); END$$;
               CREATE MATERIALIZED VIEW m AS SELECT known() >= 0 AS known";
    let hikae = backed_up(&cluster, "placed", sql).env("BACKUP_DRILL_CLUSTER", "temporary");
    let at = clusters(&hikae);
    let named = "cluster_settings=cron.database_name={database}";
    well(&hikae.run(&["run", "backup-test", "--set", &at, "--set", named]), &["Restore test: success"]);
}

//! Attacks by a database whose code reaches for the live server, in every format, on a temporary cluster and under a throwaway role.

use std::path::Path;
use std::process::Command;

use super::dumps::server;
use crate::support::postgres::Cluster;
use crate::support::program::{Hikae, Said, set_mode};

/// Makes a database whose code does its worst where it was restored, with this password of the live superuser. In the database
/// itself it rests.
fn evil_shop(cluster: &Cluster, owned: &Path, password: &str) {
    let port = cluster.port();
    let sockets = cluster.dir().display();
    let tcp = format!("host=127.0.0.1 port={port} dbname=victim user=postgres password={password}");
    let socket = format!("host={sockets} port={port} dbname=victim user=postgres password={password}");
    let tries = [
        "DELETE FROM public.far".to_owned(),
        "INSERT INTO public.far_by_socket VALUES (7)".to_owned(),
        format!("PERFORM public.dblink_exec('{tcp}', 'DROP TABLE t')"),
        format!("PERFORM public.dblink_exec('{socket}', 'DROP TABLE t')"),
        format!("EXECUTE $q$COPY (SELECT 1) TO PROGRAM 'psql -X \"{tcp}\" -c \"DROP TABLE t\"'$q$"),
        format!("EXECUTE $q$COPY (SELECT 1) TO PROGRAM 'psql -X \"{socket}\" -c \"DROP TABLE t\"'$q$"),
        format!("EXECUTE $q$COPY (SELECT 1) TO PROGRAM 'touch {}'$q$", owned.display()),
        format!("EXECUTE $q$COPY (SELECT 1) TO '{}'$q$", owned.display()),
        format!("PERFORM lo_export(lo_from_bytea(0, 'x'), '{}')", owned.display()),
        format!("EXECUTE $q$ALTER SYSTEM SET archive_command = 'touch {}'$q$", owned.display()),
        "EXECUTE 'DROP DATABASE victim'".to_owned(),
    ];
    let each: Vec<String> =
        tries.iter().map(|sql| format!("BEGIN {sql}; EXCEPTION WHEN others THEN NULL; END;")).collect();
    let each = each.join("\n");
    let sql = format!(
        r#"
CREATE EXTENSION postgres_fdw; CREATE EXTENSION dblink;
CREATE ROLE keeper;
CREATE SERVER over_tcp FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '127.0.0.1', port '{port}', dbname 'victim');
CREATE SERVER by_socket FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '{sockets}', port '{port}', dbname 'victim');
CREATE USER MAPPING FOR PUBLIC SERVER over_tcp OPTIONS (user 'postgres', password '{password}');
CREATE USER MAPPING FOR postgres SERVER by_socket OPTIONS (user 'postgres', password '{password}');
CREATE FOREIGN TABLE far (a int) SERVER over_tcp OPTIONS (schema_name 'public', table_name 't');
CREATE FOREIGN TABLE far_by_socket (a int) SERVER by_socket OPTIONS (schema_name 'public', table_name 't');
CREATE FUNCTION worst() RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER AS $worst$BEGIN
IF current_database() = 'shop' THEN RETURN true; END IF;
{each}
RETURN true; END$worst$;
CREATE FUNCTION touched() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN PERFORM public.worst(); RETURN NEW; END$$;
CREATE FUNCTION happened() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN PERFORM public.worst(); END$$;
CREATE FUNCTION calm() RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$BEGIN PERFORM public.worst(); RETURN true; END$$;
CREATE DOMAIN checked AS int CHECK (public.worst() OR VALUE > 0);
CREATE TABLE goods (a int CHECK (public.worst()), b checked DEFAULT 1, c boolean GENERATED ALWAYS AS (public.calm()) STORED);
INSERT INTO goods VALUES (1, 2), (2, 3);
CREATE INDEX i ON goods (a) WHERE public.calm();
CREATE TRIGGER tr BEFORE INSERT ON goods FOR EACH ROW EXECUTE FUNCTION touched();
ALTER TABLE goods ENABLE ALWAYS TRIGGER tr;
CREATE MATERIALIZED VIEW seen AS SELECT public.worst() AS worst;
CREATE POLICY p ON goods USING (public.worst()); ALTER TABLE goods ENABLE ROW LEVEL SECURITY;
CREATE PUBLICATION everything FOR ALL TABLES;
CREATE SUBSCRIPTION s CONNECTION '{tcp}' PUBLICATION everything WITH (connect = false);
ALTER DEFAULT PRIVILEGES FOR ROLE postgres GRANT ALL ON TABLES TO keeper;
ALTER DEFAULT PRIVILEGES FOR ROLE keeper REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
GRANT USAGE ON FOREIGN SERVER over_tcp TO keeper; GRANT ALL ON goods TO keeper WITH GRANT OPTION;
CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION happened();
"#
    );
    cluster.psql("shop", &sql);
}

/// The dump of the shop in every format.
fn formats(cluster: &Cluster, folder: &Path) -> Vec<(&'static str, Vec<u8>)> {
    let dump = folder.join("dump");
    let mut program = Command::new("pg_dump");
    program.args(["--format=directory", "--file"]).arg(&dump).envs(cluster.env()).env("PGDATABASE", "shop");
    assert!(program.status().unwrap().success());
    let mut tar = Command::new("tar");
    tar.arg("-cf").arg(folder.join("x.tar")).arg("-C").arg(folder).arg("dump");
    assert!(tar.status().unwrap().success());
    vec![
        ("x.sql", cluster.dump("shop", &["--create"])),
        ("x.dump", cluster.dump("shop", &["--format=custom"])),
        ("x_tar.tar", cluster.dump("shop", &["--format=tar"])),
        ("x_folder.tar", std::fs::read(folder.join("x.tar")).unwrap()),
    ]
}

fn unharmed(cluster: &Cluster, owned: &Path, what: &str, said: &Said) {
    assert_eq!(cluster.psql("victim", "SELECT string_agg(a::text, '' ORDER BY a) FROM t"), "12", "{what}: {said:?}");
    assert_eq!(cluster.psql("shop", "SELECT count(*) FROM goods"), "2", "{what}: {said:?}");
    assert!(!owned.exists(), "{what}: {said:?}");
}

/// A world with the dump of the shop in one format; runs a recipe on it.
struct Attack {
    hikae: Hikae,
    file: String,
}

impl Attack {
    fn new(cluster: &Cluster, name: &str, bytes: &[u8]) -> Attack {
        let hikae = Hikae::with_database(cluster, "shop");
        set_mode(&hikae.path(""), 0o711);
        std::fs::create_dir(hikae.path("clusters")).unwrap();
        set_mode(&hikae.path("clusters"), 0o711);
        std::fs::write(hikae.path("backups").join(name), bytes).unwrap();
        let file = format!("file={}", hikae.path("backups").join(name).display());
        Attack { hikae, file }
    }

    fn run(&self, recipe: &str, more: &[&str]) -> Said {
        let work = format!("work_dir={}", self.hikae.path("work").display());
        let at = format!("cluster_dir={}", self.hikae.path("clusters").display());
        let at = ["--set", &at];
        let at = if recipe == "backup-test" { &at[..] } else { &[] };
        self.hikae.run(&[&["run", recipe, "--yes", "--set", &self.file, "--set", &work], at, more].concat())
    }
}

/// A person vouches for it: its code has all rights on the temporary cluster, knows every password, and stays there.
#[test]
fn code_on_a_temporary_cluster_reaches_no_other_server() {
    let cluster = server();
    let folder = tempfile::tempdir().unwrap();
    let owned = folder.path().join("owned");
    evil_shop(&cluster, &owned, &cluster.password);
    set_mode(folder.path(), 0o777);
    for (name, bytes) in formats(&cluster, folder.path()) {
        let attack = Attack::new(&cluster, name, &bytes);
        let said = attack.run("backup-test", &["--set", "cluster=temporary", "--set", "trust=dump"]);
        unharmed(&cluster, &owned, name, &said);
        assert_eq!(said.code, 0, "{name}: {said:?}");
        assert!(said.out.contains("Restored into the database"), "its code was to run: {said:?}");
    }
}

/// Nobody vouches for it: what needs a superuser is refused, wherever it is.
#[test]
fn foreign_tables_and_the_like_are_loaded_by_nobody_without_rights() {
    let cluster = server();
    let folder = tempfile::tempdir().unwrap();
    let owned = folder.path().join("owned");
    evil_shop(&cluster, &owned, "unbekannt");
    set_mode(folder.path(), 0o777);
    for (name, bytes) in formats(&cluster, folder.path()) {
        let attack = Attack::new(&cluster, name, &bytes);
        for (recipe, more) in [
            ("backup-test", &["--set", "cluster=temporary"][..]),
            ("backup-test", &["--set", "cluster=server"]),
            ("db-restore", &[]),
            ("disaster-recovery-db", &["--set", "force=true"]),
        ] {
            let said = attack.run(recipe, more);
            unharmed(&cluster, &owned, &format!("{recipe} {name}"), &said);
            assert_eq!(said.code, 1, "{recipe} {name}: {said:?}");
            assert!(said.err.contains("trust=dump"), "{recipe} {name}: {}", said.err);
        }
    }
}

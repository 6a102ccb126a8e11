//! Attacks by the code that a dump defines: it runs while the dump is loaded, and reaches nothing but its own database.

use super::dumps::{dumps, server, survived};
use crate::support::postgres::Cluster;
use crate::support::program::{Hikae, Said};

/// Code that a dump defines runs while it is loaded, without the rights of the user.
#[test]
fn the_code_of_a_dump_runs_no_program() {
    let cluster = server();
    let owned = tempfile::tempdir().unwrap();
    std::fs::set_permissions(owned.path(), std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
    let owned = owned.path().join("owned");
    let run = format!("EXECUTE 'COPY (SELECT 1) TO PROGRAM ''touch {}'''", owned.display());
    let function = |body: &str| {
        format!(
            "CREATE FUNCTION public.inner() RETURNS void LANGUAGE plpgsql AS $_$BEGIN {body}; END$_$;\n\
             CREATE FUNCTION public.evil() RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $_$BEGIN PERFORM public.inner(); RETURN true; END$_$;\n\
             ALTER FUNCTION public.evil() OWNER TO postgres;\n"
        )
    };
    let table = "CREATE TABLE public.t (\n    a integer\n);\nALTER TABLE public.t OWNER TO postgres;\n";
    let rows = "COPY public.t (a) FROM stdin;\n1\n\\.\n";
    let check =
        "CREATE TABLE public.t (\n    a integer,\n    CONSTRAINT c CHECK (public.evil())\n);\n".to_owned() + rows;
    let default =
        "CREATE TABLE public.t (\n    a integer,\n    b boolean DEFAULT public.evil()\n);\n".to_owned() + rows;
    let index = format!("{table}{rows}CREATE INDEX i ON public.t USING btree (a) WHERE public.evil();\n");
    let generated =
        "CREATE TABLE public.t (\n    a integer,\n    b boolean GENERATED ALWAYS AS (public.evil()) STORED\n);\n"
            .to_owned()
            + rows;
    let view = "CREATE MATERIALIZED VIEW public.v AS\n SELECT public.evil() AS evil\n  WITH NO DATA;\nREFRESH MATERIALIZED VIEW public.v;\n".to_owned();
    let owner =
        format!("{table}{rows}ALTER TABLE public.t ADD CONSTRAINT c CHECK (public.evil()), OWNER TO postgres;\n");
    for body in [
        run.clone(),
        format!("EXECUTE 'RESET SESSION AUTHORIZATION'; {run}"),
        format!("EXECUTE 'SET ROLE postgres'; {run}"),
    ] {
        for (what, load) in [
            ("a check", &check),
            ("a default", &default),
            ("an index", &index),
            ("a generated column", &generated),
            ("a materialized view", &view),
            ("a second change", &owner),
        ] {
            let settings = "SET client_encoding = 'UTF8';\nSET standard_conforming_strings = on;\nSET check_function_bodies = false;\n";
            let [dump, _] = dumps(format!("{settings}{}{load}", function(&body)).as_bytes());
            let hikae = Hikae::with_database(&cluster, "shop");
            let file = hikae.path("backups/x.sql");
            std::fs::write(&file, dump).unwrap();
            let file = format!("file={}", file.display());
            for recipe in ["backup-test", "db-restore"] {
                let said = hikae.run(&["run", recipe, "--yes", "--set", &file]);
                assert!(!owned.exists(), "{what} ran a program in {recipe} ({body}): {said:?}");
                survived(&cluster, what, &said);
                assert_ne!(said.code, 0, "{what}: {said:?}");
                assert!(
                    said.err.contains("trust=dump") || said.err.contains("permission denied"),
                    "{what}: {}",
                    said.err
                );
            }
        }
    }
}

/// A file on record is loaded with all rights of the user, and one of somebody else is when a person says so.
#[test]
fn a_file_on_record_or_vouched_for_is_loaded_with_all_rights() {
    let cluster = server();
    cluster.psql("shop", "CREATE FUNCTION f() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'; CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION f()");
    let hikae = Hikae::with_database(&cluster, "shop");
    assert_eq!(hikae.run(&["run", "db-backup"]).code, 0);
    assert_eq!(hikae.run(&["run", "backup-test"]).code, 0, "it is on record");
    let other = Hikae::with_database(&cluster, "shop");
    let file = other.path("backups/x.sql");
    std::fs::write(&file, cluster.dump("shop", &["--create"])).unwrap();
    let file = format!("file={}", file.display());
    let said = other.run(&["run", "backup-test", "--set", &file]);
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.err.contains("--set trust=dump"), "{}", said.err);
    survived(&cluster, "an event trigger", &said);
    let said = other.run(&["run", "backup-test", "--set", &file, "--set", "trust=dump"]);
    assert_eq!(said.code, 0, "{said:?}");
}

/// What needs no more than the rights to its own objects comes back with its owners, though nobody vouches for it.
#[test]
fn a_file_of_somebody_else_comes_back_with_its_owners() {
    let cluster = server();
    cluster.psql(
        "shop",
        "CREATE ROLE alice; CREATE TABLE hers (a int PRIMARY KEY); ALTER TABLE hers OWNER TO alice; CREATE SCHEMA s;
         CREATE VIEW s.v AS SELECT * FROM hers; GRANT SELECT ON hers TO PUBLIC; CREATE EXTENSION pg_trgm SCHEMA s;
         CREATE INDEX i ON t USING gin ((a::text) s.gin_trgm_ops); INSERT INTO hers VALUES (7)",
    );
    // Nor does a setting that forbids writing keep anybody from giving it back.
    cluster.psql("postgres", "ALTER DATABASE shop SET default_transaction_read_only = on");
    let hikae = Hikae::with_database(&cluster, "shop");
    let file = hikae.path("backups/x.sql");
    std::fs::write(&file, cluster.dump("shop", &["--create"])).unwrap();
    let owners =
        "SELECT string_agg(relname || pg_get_userbyid(relowner) || coalesce(relacl::text, ''), ',' ORDER BY relname)
                  FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname IN ('public', 's')";
    let before = cluster.psql("shop", owners);
    let said = hikae.run(&["run", "db-restore", "--yes", "--set", &format!("file={}", file.display())]);
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(cluster.psql("shop", owners), before);
    assert_eq!(cluster.psql("shop", "SELECT a FROM hers"), "7");
    survived(&cluster, "a file of somebody else", &said);
}

/// A dump whose tables call `first` and then `second` for a row: what the first did is committed before.
fn calling(head: &str, first: &str, second: &str) -> Vec<u8> {
    let function = |name: &str, body: &str| {
        format!(
            "CREATE FUNCTION public.{name}() RETURNS boolean LANGUAGE plpgsql AS $_$BEGIN {body}; RETURN true; \
             EXCEPTION WHEN others THEN RETURN true; END$_$;\n"
        )
    };
    let table = |name: &str, call: &str| {
        format!(
            "CREATE TABLE public.{name} (\n    a integer,\n    CONSTRAINT c CHECK (public.{call}())\n);\n\
             ALTER TABLE public.{name} OWNER TO app;\nCOPY public.{name} (a) FROM stdin;\n1\n\\.\n"
        )
    };
    let lines = [
        "SET client_encoding = 'UTF8';\nSET standard_conforming_strings = on;\nSET check_function_bodies = false;\n",
        head,
        &function("first", first),
        &function("second", second),
        &table("t", "first"),
        &table("u", "second"),
    ];
    let [dump, _] = dumps(lines.concat().as_bytes());
    dump
}

/// Drills and restores by this dump, for which nobody vouches.
fn loaded(cluster: &Cluster, dump: &[u8]) -> [Said; 2] {
    ["backup-test", "db-restore"].map(|recipe| {
        let hikae = Hikae::with_database(cluster, "shop");
        let file = hikae.path("backups/x.sql");
        std::fs::write(&file, dump).unwrap();
        hikae.run(&["run", recipe, "--yes", "--set", &format!("file={}", file.display())])
    })
}

/// The owner of what is in a dump may own another database as well: the role of a load acts as none of them.
#[test]
fn the_code_of_a_dump_acts_as_no_owner() {
    let cluster = server();
    cluster.psql("postgres", "CREATE ROLE app LOGIN PASSWORD 'kennwort-der-app'; ALTER DATABASE victim OWNER TO app");
    let state = || {
        let sql = "SELECT datallowconn, datconnlimit, datacl, (SELECT setconfig FROM pg_db_role_setting s WHERE setdatabase = d.oid),
                   (SELECT rolpassword FROM pg_authid WHERE rolname = 'app') FROM pg_database d WHERE datname = 'victim'";
        cluster.psql("postgres", sql)
    };
    let before = state();
    for evil in [
        "EXECUTE 'SET ROLE app'; EXECUTE 'ALTER DATABASE victim ALLOW_CONNECTIONS false'",
        "EXECUTE 'SET ROLE app'; EXECUTE 'REVOKE CONNECT ON DATABASE victim FROM PUBLIC'",
        "EXECUTE 'SET ROLE app'; EXECUTE 'ALTER ROLE app PASSWORD ''known'''",
        "EXECUTE 'ALTER DATABASE victim SET default_transaction_read_only = on'",
    ] {
        for said in loaded(&cluster, &calling("", evil, evil)) {
            assert_eq!(state(), before, "{evil}: {said:?}");
            assert!(said.out.contains("Restored into the database"), "the code was to run: {said:?}");
        }
    }
}

/// An extension that connects would let the code of a dump into every database that lets in its role, whose password the
/// role may change. Nobody can log in as the role while that code runs.
#[test]
fn the_code_of_a_dump_connects_to_no_other_database() {
    let cluster = server();
    cluster.psql("postgres", "CREATE ROLE app");
    let to = format!("host=127.0.0.1 port={} dbname=victim user=' || session_user || ' password=known", cluster.port());
    let first = "EXECUTE format('ALTER ROLE %I PASSWORD ''known''', session_user)";
    let second = format!("PERFORM * FROM public.dblink('{to}', 'SELECT lo_create(4711)') AS t (a oid)");
    let head = "CREATE EXTENSION IF NOT EXISTS dblink WITH SCHEMA public;\n";
    for said in loaded(&cluster, &calling(head, first, &second)) {
        assert_eq!(cluster.psql("victim", "SELECT count(*) FROM pg_largeobject_metadata"), "0", "{said:?}");
        assert!(said.out.contains("Restored into the database"), "the code was to run: {said:?}");
        let left = "SELECT count(*) FROM pg_roles WHERE rolname LIKE 'hikae_throwaway_%'";
        assert_eq!(cluster.psql("postgres", left), "0", "{said:?}");
    }
}

/// What the code of a dump sets for its database and its role decides nothing in the sessions of the user.
#[test]
fn the_code_of_a_dump_chooses_no_schema_for_the_user() {
    let cluster = server();
    cluster.psql("postgres", "CREATE ROLE app");
    let evil = "EXECUTE format('ALTER DATABASE %I SET search_path = public, pg_catalog', current_database()); \
                EXECUTE format('ALTER ROLE %I SET search_path = public, pg_catalog', session_user)";
    let function = |signature: &str, answer: &str| {
        format!(
            "CREATE FUNCTION public.{signature} LANGUAGE plpgsql AS $_$BEGIN EXECUTE 'CREATE ROLE evil'; \
             RETURN {answer}; EXCEPTION WHEN others THEN RETURN {answer}; END$_$;\n"
        )
    };
    let head = [
        function("same(name, text) RETURNS boolean", "true"),
        function("count(anyelement) RETURNS bigint", "1"),
        "CREATE OPERATOR public.= (\n    FUNCTION = public.same,\n    LEFTARG = name,\n    RIGHTARG = text\n);\n"
            .to_owned(),
    ];
    for said in loaded(&cluster, &calling(&head.concat(), evil, evil)) {
        assert_eq!(cluster.psql("postgres", "SELECT count(*) FROM pg_roles WHERE rolname = 'evil'"), "0", "{said:?}");
    }
}

/// A setting of the database that only a superuser may make would reach into the sessions of everybody.
#[test]
fn a_dump_makes_no_settings_that_only_a_superuser_may() {
    let cluster = server();
    cluster.psql("postgres", "CREATE ROLE app");
    let dump = |settings: &str| {
        let create = "CREATE DATABASE shop WITH TEMPLATE = template0 ENCODING = 'UTF8' LOCALE = 'C.UTF-8';\n";
        let lines = format!(
            "{create}{settings}\n\\connect shop\nCREATE TABLE public.t (\n    a integer\n);\nCOPY public.t (a) FROM stdin;\n1\n2\n\\.\n"
        );
        let [dump, _] = dumps(lines.as_bytes());
        dump
    };
    for evil in [
        "ALTER DATABASE shop SET session_preload_libraries TO 'evil';",
        "alter database shop\nset session_replication_role to replica;",
        "ALTER ROLE app IN DATABASE shop SET session_preload_libraries TO 'evil';",
    ] {
        for said in loaded(&cluster, &dump(evil)) {
            assert_eq!(said.code, 1, "{evil}: {said:?}");
            assert!(said.err.contains("--set trust=dump"), "{evil}: {said:?}");
            survived(&cluster, evil, &said);
        }
    }
    for said in loaded(&cluster, &dump("ALTER DATABASE shop SET work_mem TO '5MB';")) {
        assert!(said.out.contains("Restored into the database"), "{said:?}");
    }
}

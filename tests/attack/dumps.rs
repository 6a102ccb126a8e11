//! Attacks other databases and the server by the contents of a dump, in every format, in restore, drill and recovery.

use std::path::Path;
use std::process::Command;

use crate::support::postgres::Cluster;
use crate::support::program::{Hikae, Said};

const HEADER: &str = "--\n-- PostgreSQL database dump\n--\n\n-- Dumped from database version 15.18\n-- Dumped by pg_dump version 15.18\n\n";
const TRAILER: &str = "--\n-- PostgreSQL database dump complete\n--\n\n";
/// What stands in for the statement in an archive: as long as the longest that takes its place.
const PLACE: &str = "COMMENT ON SCHEMA public IS 'pppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp';";

/// A server with a database that must survive, and a shop that is restored.
fn server() -> Cluster {
    let cluster = Cluster::start();
    for name in ["victim", "shop"] {
        cluster.create_database(name);
        cluster.psql(name, "CREATE TABLE t (a int); INSERT INTO t VALUES (1), (2)");
    }
    cluster
}

fn survived(cluster: &Cluster, what: &str, said: &Said) {
    let there = "SELECT count(*) FROM pg_database WHERE datname = 'victim'";
    assert_eq!(cluster.psql("postgres", there), "1", "{what} dropped the victim: {said:?}");
    assert_eq!(cluster.psql("victim", "SELECT count(*) FROM t"), "2", "{what}: {said:?}");
    assert_eq!(cluster.psql("shop", "SELECT count(*) FROM t"), "2", "{what}: {said:?}");
    let left = "SELECT count(*) FROM pg_database WHERE datname LIKE 'hikae_throwaway_%'";
    assert_eq!(cluster.psql("postgres", left), "0", "{what} left a throwaway: {said:?}");
    let roles = "SELECT count(*) FROM pg_roles WHERE rolname LIKE 'hikae_throwaway_%'";
    assert_eq!(cluster.psql("postgres", roles), "0", "{what} left a role: {said:?}");
}

/// Restores, drills and recovers by this file; each is refused, and says one of these reasons.
fn refused(cluster: &Cluster, what: &str, name: &str, bytes: &[u8], reasons: &[&str]) {
    let hikae = Hikae::with_database(cluster, "shop");
    let file = hikae.path("backups").join(name);
    std::fs::write(&file, bytes).unwrap();
    let file = format!("file={}", file.display());
    let work = format!("work_dir={}", hikae.path("backups/work").display());
    for recipe in ["db-restore", "backup-test", "disaster-recovery-db"] {
        for trust in ["recorded", "dump"] {
            let mut args = vec!["run", recipe, "--yes", "--set", &file, "--set", &work];
            let trust = format!("trust={trust}");
            args.extend(["--set", &trust]);
            if recipe == "disaster-recovery-db" {
                args.extend(["--set", "force=true"]);
            }
            let said = hikae.run(&args);
            let what = format!("{what} ({recipe}, {trust})");
            survived(cluster, &what, &said);
            assert_ne!(said.code, 0, "{what} was no failure: {said:?}");
            assert!(reasons.iter().any(|reason| said.err.contains(reason)), "{what} gave another reason: {}", said.err);
        }
    }
}

/// A dump with these lines in it, with and without the lock of psql.
fn dumps(lines: &[u8]) -> [Vec<u8>; 2] {
    let lock = ("\\restrict abc\n\n", "\\unrestrict abc\n\n");
    [("", ""), lock].map(|(before, behind)| {
        [HEADER.as_bytes(), before.as_bytes(), lines, b"\n", TRAILER.as_bytes(), behind.as_bytes()].concat()
    })
}

/// A comment that ends its string behind the first quote, for one who takes `\x83\` for one character.
fn half_character(byte: u8) -> Vec<u8> {
    [b"COMMENT ON SCHEMA public IS E'", &[byte][..], b"\\'; DROP DATABASE victim; --';"].concat()
}

#[test]
fn an_encoding_in_which_a_backslash_is_half_a_character_is_refused() {
    let cluster = server();
    let names = [
        "WIN932",
        "WIN936",
        "WIN949",
        "WIN950",
        "SJIS",
        "BIG5",
        "GBK",
        "UHC",
        "GB18030",
        "JOHAB",
        "SHIFT_JIS_2004",
        "MSKANJI",
        "WIN",
        "EUC_",
        "win932",
        "Windows932",
        "ShiftJIS",
    ];
    for name in names {
        let head = format!("SET client_encoding = '{name}';\nSET standard_conforming_strings = on;\n");
        let [plain, locked] = dumps(&[head.as_bytes(), &half_character(0x83)].concat());
        let dump = if name.len() % 2 == 0 { plain } else { locked };
        refused(&cluster, name, "x.sql", &dump, &["has the statement `SET CLIENT_ENCODING"]);
    }
}

#[test]
fn settings_of_the_database_that_end_strings_elsewhere_are_refused() {
    let cluster = server();
    let off = b"COMMENT ON SCHEMA public IS '\\''; DROP DATABASE victim; --';".to_vec();
    let create = "CREATE DATABASE shop WITH TEMPLATE = template0 ENCODING = 'UTF8' LOCALE = 'C.UTF-8';\n";
    for (setting, evil, reason) in [
        ("ALTER DATABASE shop SET standard_conforming_strings TO 'off';", &off, "which its strings end elsewhere"),
        ("ALTER DATABASE shop SET \"standard_conforming_strings\" TO off;", &off, "which its strings end elsewhere"),
        ("ALTER DATABASE shop SET standard_conforming_strings = false;", &off, "which its strings end elsewhere"),
        ("ALTER ROLE postgres IN DATABASE shop SET standard_conforming_strings TO 'off';", &off, "end elsewhere"),
        ("ALTER DATABASE shop SET client_encoding TO 'SJIS';", &half_character(0x83), "ends its strings elsewhere"),
        ("ALTER DATABASE shop SET client_encoding TO 'big-5';", &half_character(0xa3), "ends its strings elsewhere"),
        ("ALTER ROLE postgres IN DATABASE shop SET client_encoding TO 'WIN936';", &half_character(0x83), "elsewhere"),
    ] {
        let lines = [create.as_bytes(), setting.as_bytes(), b"\n\\connect shop\n", evil].concat();
        let reasons = [reason, "end elsewhere", "strings end elsewhere"];
        for dump in dumps(&lines) {
            refused(&cluster, setting, "x.sql", &dump, &reasons);
        }
    }
}

#[test]
fn archives_are_judged_as_plain_dumps_are() {
    let cluster = server();
    cluster.psql("shop", PLACE);
    let placed = |evil: &[u8]| {
        let mut evil = evil.to_vec();
        assert!(evil.len() <= PLACE.len());
        evil.extend(std::iter::repeat_n(b' ', PLACE.len() - evil.len()));
        evil
    };
    let folder = tempfile::tempdir().unwrap();
    for (what, old, new, evil) in [
        ("an encoding", "'UTF8'", "'SJIS'", placed(&half_character(0x83))),
        ("an escape", "'UTF8'", "'UTF8'", placed(b"COMMENT ON SCHEMA public IS E'\\''; DROP DATABASE victim; --';")),
        ("a second command", "'UTF8'", "'UTF8'", placed(b"COMMENT ON SCHEMA public IS ''; DROP DATABASE victim;")),
        ("another command", "'UTF8'", "'UTF8'", placed(b"DROP DATABASE victim;")),
    ] {
        let evil = |bytes: &[u8]| swap(&swap(bytes, PLACE.as_bytes(), &evil), old.as_bytes(), new.as_bytes());
        let custom = evil(&cluster.dump("shop", &["--format=custom"]));
        // An escape that ends no string is none: that one restores, and does no harm.
        let harmless = what == "an escape";
        let files = [("x.dump", custom), ("x.tar", evil_folder(&cluster, folder.path(), &evil))];
        for (name, bytes) in files {
            match harmless {
                true => harmless_file(&cluster, what, name, &bytes),
                false => refused(&cluster, &format!("{what} in {name}"), name, &bytes, &["cannot accept", "SQLSTATE"]),
            }
        }
    }
}

fn harmless_file(cluster: &Cluster, what: &str, name: &str, bytes: &[u8]) {
    let hikae = Hikae::with_database(cluster, "shop");
    let file = hikae.path("backups").join(name);
    std::fs::write(&file, bytes).unwrap();
    let work = format!("work_dir={}", hikae.path("backups/work").display());
    let said = hikae.run(&["run", "backup-test", "--set", &format!("file={}", file.display()), "--set", &work]);
    survived(cluster, what, &said);
}

/// A dump by `--format=directory` in a tar file, changed by `evil`.
fn evil_folder(cluster: &Cluster, folder: &Path, evil: &dyn Fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let at = folder.join("dump");
    drop(std::fs::remove_dir_all(&at));
    let mut dump = Command::new("pg_dump");
    dump.args(["--format=directory", "--file"]).arg(&at).envs(cluster.env()).env("PGDATABASE", "shop");
    assert!(dump.status().unwrap().success());
    let toc = at.join("toc.dat");
    std::fs::write(&toc, evil(&std::fs::read(&toc).unwrap())).unwrap();
    let mut tar = Command::new("tar");
    tar.arg("-cf").arg(folder.join("x.tar")).arg("-C").arg(folder).arg("dump");
    assert!(tar.status().unwrap().success());
    std::fs::read(folder.join("x.tar")).unwrap()
}

/// The bytes with each `old` replaced by `new`, which is as long.
fn swap(bytes: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    assert_eq!(old.len(), new.len());
    let mut bytes = bytes.to_vec();
    let mut at = 0;
    while let Some(found) = bytes[at..].windows(old.len()).position(|window| window == old) {
        bytes[at + found..at + found + old.len()].copy_from_slice(new);
        at += found + old.len();
    }
    bytes
}

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

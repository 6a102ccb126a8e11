//! Attacks other databases by dumps in every format, and by those that are kept as cases.

use std::path::Path;
use std::process::Command;

use super::dumps::{dumps, half_character, refused, server, survived};
use crate::support::postgres::Cluster;
use crate::support::program::Hikae;

/// What stands in for the evil statement when the dump is made: as long as the longest that takes its place.
const PLACE: &str = "COMMENT ON SCHEMA public IS 'pppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp';";

/// Evil statements, and why each is refused.
fn evil() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    vec![
        ("half a character", half_character(0x83), "SQLSTATE"),
        ("a second command", b"COMMENT ON SCHEMA public IS ''; DROP DATABASE victim;".to_vec(), "cannot accept"),
        ("another command", b"DROP DATABASE victim;".to_vec(), "cannot accept"),
        ("a role", b"CREATE ROLE evil SUPERUSER LOGIN;".to_vec(), "cannot accept"),
        ("a system setting", b"ALTER SYSTEM SET archive_command = 'touch /tmp/x';".to_vec(), "cannot accept"),
        ("a program", b"COPY t FROM PROGRAM 'touch /tmp/hikae_evil';".to_vec(), "cannot accept"),
        ("a block", b"DO $$ BEGIN EXECUTE 'CREATE ROLE evil'; END $$;".to_vec(), "cannot accept"),
    ]
}

/// A statement as long as the one in whose place it comes.
fn padded(evil: &[u8]) -> Vec<u8> {
    assert!(evil.len() <= PLACE.len());
    let mut evil = evil.to_vec();
    evil.resize(PLACE.len(), b' ');
    evil
}

/// Drills by this file, for which a person vouches: it is refused all the same.
fn drilled(cluster: &Cluster, what: &str, name: &str, bytes: &[u8], reasons: &[&str]) {
    let hikae = Hikae::with_database(cluster, "shop");
    let file = hikae.path("backups").join(name);
    std::fs::write(&file, bytes).unwrap();
    let (file, work) = (format!("file={}", file.display()), format!("work_dir={}", hikae.path("work").display()));
    let said = hikae.run(&["run", "backup-test", "--set", &file, "--set", &work, "--set", "trust=dump"]);
    survived(cluster, what, &said);
    assert_ne!(said.code, 0, "{what}: {said:?}");
    assert!(reasons.iter().any(|reason| said.err.contains(reason)), "{what} gave another reason: {}", said.err);
}

fn swapped(bytes: &[u8], evil: &[u8]) -> Vec<u8> {
    let at =
        bytes.windows(PLACE.len()).position(|window| window == PLACE.as_bytes()).expect("the place is in the dump");
    let mut bytes = bytes.to_vec();
    bytes[at..at + PLACE.len()].copy_from_slice(&padded(evil));
    bytes
}

/// The dump as a folder in a tar file.
fn folder(cluster: &Cluster, at: &Path, evil: &[u8]) -> Vec<u8> {
    let dump = at.join("dump");
    drop(std::fs::remove_dir_all(&dump));
    let mut program = Command::new("pg_dump");
    program.args(["--format=directory", "--file"]).arg(&dump).envs(cluster.env()).env("PGDATABASE", "shop");
    assert!(program.status().unwrap().success());
    let toc = dump.join("toc.dat");
    std::fs::write(&toc, swapped(&std::fs::read(&toc).unwrap(), evil)).unwrap();
    let mut tar = Command::new("tar");
    tar.arg("-cf").arg(at.join("x.tar")).arg("-C").arg(at).arg("dump");
    assert!(tar.status().unwrap().success());
    std::fs::read(at.join("x.tar")).unwrap()
}

/// The size of a file in a tar file is the same, and so is its place: only its bytes change.
#[test]
fn the_same_statement_is_refused_in_every_format() {
    let cluster = server();
    cluster.psql("shop", PLACE);
    let work = tempfile::tempdir().unwrap();
    for (what, evil, reason) in evil() {
        let plain = swapped(&cluster.dump("shop", &["--create"]), &evil);
        let files = [
            ("x.sql", plain),
            ("x.dump", swapped(&cluster.dump("shop", &["--format=custom"]), &evil)),
            ("x_tar.tar", swapped(&cluster.dump("shop", &["--format=tar"]), &evil)),
            ("x_folder.tar", folder(&cluster, work.path(), &evil)),
        ];
        for (name, bytes) in files {
            let shown = format!("{what} in {name}");
            match what {
                // In restore, drill and recovery.
                "a second command" => refused(&cluster, &shown, name, &bytes, &[reason]),
                _ => drilled(&cluster, &shown, name, &bytes, &[reason, "cannot accept"]),
            }
        }
    }
    assert_eq!(cluster.psql("postgres", "SELECT count(*) FROM pg_roles WHERE rolname = 'evil'"), "0");
    assert!(!Path::new("/tmp/hikae_evil").exists());
}

/// A dump by `--format=tar` that has no evil comes back.
#[test]
fn a_tar_archive_restores() {
    let cluster = server();
    cluster.psql("shop", "SELECT lo_from_bytea(77, 'abc')");
    let hikae = Hikae::with_database(&cluster, "shop");
    let file = hikae.path("backups/x.tar");
    std::fs::write(&file, cluster.dump("shop", &["--format=tar"])).unwrap();
    let file = format!("file={}", file.display());
    cluster.psql("shop", "INSERT INTO t VALUES (3)");
    for recipe in ["backup-test", "db-restore"] {
        let said = hikae.run(&["run", recipe, "--yes", "--set", &file, "--set", "trust=dump"]);
        assert_eq!(said.code, 0, "{said:?}");
    }
    assert_eq!(
        cluster.psql("shop", "SELECT string_agg(a::text, '' ORDER BY a) || encode(lo_get(77), 'escape') FROM t"),
        "12abc"
    );
}

/// Ways out of a database by statements that `pg_dump` writes nowhere, or not like this.
#[test]
fn statements_that_reach_outside_are_refused() {
    let cluster = server();
    let statements = [
        "\\! touch /tmp/hikae_evil",
        "\\connect victim",
        "\\connect \"dbname=victim host=127.0.0.1\"",
        "\\copy t from program 'touch /tmp/hikae_evil'",
        "COPY public.t (a) FROM stdin;\n1\n\\. ; DROP DATABASE victim;",
        "COPY public.t (a) FROM stdin;\n1\n\\.\r\nDROP DATABASE victim;",
        "ALTER DATABASE victim RENAME TO gone;",
        "ALTER ROLE postgres IN DATABASE victim SET search_path TO 'evil';",
        "CREATE DATABASE shop WITH TEMPLATE = victim;",
        "CREATE SUBSCRIPTION s CONNECTION 'host=127.0.0.1 dbname=victim' PUBLICATION p;",
        "SELECT pg_catalog.lo_export(1, '/tmp/hikae_evil');",
        "SELECT pg_catalog.set_config('search_path', '', false), public.evil();",
        "INSERT INTO public.t VALUES (public.evil());",
        "SECURITY LABEL ON ROLE postgres IS 'x';",
        "GRANT postgres TO PUBLIC;",
        "CREATE FUNCTION public.f() RETURNS void LANGUAGE sql AS $a$ SELECT 1 $b$; $a$; DROP DATABASE victim;",
        "CREATE TABLE public.x AS SELECT public.evil();",
    ];
    for (number, statement) in statements.iter().enumerate() {
        let create =
            "CREATE DATABASE shop WITH TEMPLATE = template0 ENCODING = 'UTF8' LOCALE = 'C.UTF-8';\n\\connect shop\n";
        let head = format!("{create}CREATE TABLE public.t (\n    a integer\n);\n");
        let [plain, locked] = dumps(format!("{head}{statement}\n").as_bytes());
        let dump = if number % 2 == 0 { plain } else { locked };
        drilled(&cluster, statement, "x.sql", &dump, &["cannot accept", "syntax error"]);
    }
    assert!(!Path::new("/tmp/hikae_evil").exists());
}

/// A zero byte, at which a reader in C would stop, wherever it is.
#[test]
fn a_zero_byte_is_refused() {
    let cluster = server();
    let dump = dumps(b"COMMENT ON SCHEMA public IS 'a\0'; DROP DATABASE victim; --';")[0].clone();
    refused(&cluster, "a zero byte", "x.sql", &dump, &["zero byte"]);
}

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
pub fn server() -> Cluster {
    let cluster = Cluster::start();
    for name in ["victim", "shop"] {
        cluster.create_database(name);
        cluster.psql(name, "CREATE TABLE t (a int); INSERT INTO t VALUES (1), (2)");
    }
    cluster
}

pub fn survived(cluster: &Cluster, what: &str, said: &Said) {
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
pub fn refused(cluster: &Cluster, what: &str, name: &str, bytes: &[u8], reasons: &[&str]) {
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
pub fn dumps(lines: &[u8]) -> [Vec<u8>; 2] {
    let lock = ("\\restrict abc\n\n", "\\unrestrict abc\n\n");
    [("", ""), lock].map(|(before, behind)| {
        [HEADER.as_bytes(), before.as_bytes(), lines, b"\n", TRAILER.as_bytes(), behind.as_bytes()].concat()
    })
}

/// A comment that ends its string behind the first quote, for one who takes `\x83\` for one character.
pub fn half_character(byte: u8) -> Vec<u8> {
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

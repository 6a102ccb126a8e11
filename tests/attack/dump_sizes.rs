//! Attacks by dumps of statements without end, and of brackets in brackets: refused small and soon, and nothing else is harmed.

use std::time::Duration;

use super::bombs::{MOST_RESIDENT_KIB, measured};
use super::dumps::{dumps, server, survived};
use crate::restore::gzip;
use crate::support::program::Hikae;

const SETTINGS: &str = "SET client_encoding = 'UTF8';\nSET standard_conforming_strings = on;\n";

/// A hundred thousand, each in the one before.
fn nested(open: &str, close: &str) -> String {
    format!("{}1{}", open.repeat(100_000), close.repeat(100_000))
}

#[test]
fn statements_of_any_depth_end_in_the_servers_refusal() {
    let cluster = server();
    let body = "$a$ BEGIN ATOMIC ".repeat(10_000);
    for (what, sql) in [
        ("brackets", format!("CREATE VIEW public.v AS\n SELECT {};\n", nested("(", ")"))),
        ("arrays", format!("CREATE VIEW public.v AS\n SELECT {};\n", nested("ARRAY[", "]"))),
        ("cases", format!("CREATE VIEW public.v AS\n SELECT {};\n", nested("CASE WHEN true THEN ", " END"))),
        ("functions", format!("CREATE FUNCTION public.f() RETURNS integer LANGUAGE sql\n AS {body}")),
        ("names", format!("CREATE TABLE public.t (\n{}\n);\n", "    a integer,\n".repeat(50_000))),
    ] {
        let [dump, _] = dumps(format!("{SETTINGS}{sql}").as_bytes());
        let hikae = Hikae::with_database(&cluster, "shop");
        let file = hikae.path("backups/x.sql.gz");
        std::fs::write(&file, gzip(&dump)).unwrap();
        let file = format!("file={}", file.display());
        for recipe in ["backup-test", "db-restore"] {
            let (said, resident, took) = measured(&hikae, &["run", recipe, "--yes", "--set", &file]);
            // The dump holds nothing of the shop: nothing of it is a success.
            assert_ne!(said.code, 0, "{what} ({recipe}): {said:?}");
            assert!(resident < MOST_RESIDENT_KIB, "{what}: {} MiB", resident >> 10);
            assert!(took < Duration::from_secs(60), "{what}: {took:?}");
            survived(&cluster, what, &said);
        }
    }
}

/// A quarter of a gigabyte of one statement, packed to almost nothing: what never ends is read, and not kept.
#[test]
fn a_statement_without_end_is_not_kept() {
    let cluster = server();
    let long = "x".repeat(256 << 20);
    for (what, begin) in [
        ("a comment", "COMMENT ON SCHEMA public IS '"),
        ("a view", "CREATE VIEW public.v AS\n SELECT '"),
        ("a function", "CREATE FUNCTION public.f() RETURNS text LANGUAGE sql\n    AS $_$"),
        ("a setting", "SET search_path = '"),
        ("the database", "ALTER DATABASE shop SET work_mem TO '"),
        ("rows", "COPY public.t (a) FROM stdin;\n"),
        ("a row of an insert", "INSERT INTO public.t VALUES ('"),
        ("a word", "SELECT "),
    ] {
        let packed = gzip(format!("{SETTINGS}{begin}{long}").as_bytes());
        let [dump, _] = dumps(SETTINGS.as_bytes());
        let head = gzip(&dump[..dump.len() / 2]);
        let hikae = Hikae::with_database(&cluster, "shop");
        let file = hikae.path("backups/x.sql.gz");
        std::fs::write(&file, [head, packed].concat()).unwrap();
        let (said, resident, took) =
            measured(&hikae, &["run", "backup-test", "--set", &format!("file={}", file.display())]);
        assert_eq!(said.code, 1, "{what}: {said:?}");
        assert!(resident < MOST_RESIDENT_KIB, "{what}: {} MiB: {}", resident >> 10, said.err);
        assert!(took < Duration::from_secs(120), "{what}: {took:?}");
        survived(&cluster, what, &said);
    }
}

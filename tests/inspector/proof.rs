//! Promises that only one whole dump of the expected database is believed, and that a refusal says what is wrong.

use bytes::Bytes;
use hikae::error::{Error, Kind};

use super::{database, inspect, pass, small, small_unrestricted, wrapped};
use crate::support::postgres::shared;

const CUT: &str = "the dump was cut off: look for a full disk, a killed `pg_dump` or a lost connection, and dump again";

fn refusal(dump: &[u8]) -> Error {
    let error = inspect(dump).expect_err("the dump must be refused");
    assert_eq!(error.kind(), Kind::Integrity);
    error
}

fn says(dump: &[u8], what: &str, hint: &str) {
    let error = refusal(dump);
    assert_eq!((error.what(), error.hint_text()), (what, Some(hint)));
}

#[test]
fn a_dump_cut_at_any_byte_is_refused() {
    for dump in [small().to_owned(), small_unrestricted()] {
        // Only blank lines at the very end may be missing.
        let whole = dump.trim_end().len() + 1;
        for cut in 0..whole {
            let error = refusal(&dump.as_bytes()[..cut]);
            assert!(error.hint_text().is_some(), "{error:?}");
        }
        for cut in whole..=dump.len() {
            assert!(inspect(&dump.as_bytes()[..cut]).is_ok(), "cut at {cut} of {}", dump.len());
        }
    }
}

#[test]
fn a_cut_dump_says_where_it_was_cut() {
    let cut_behind = |text: &str| &small().as_bytes()[..small().find(text).unwrap() + text.len()];
    let empty = "`pg_dump` wrote nothing: run it by hand and read what it says";
    says(b"", "cannot accept the output of `pg_dump`, which is empty", empty);
    says(b"--\n-- Post", "cannot accept the output of `pg_dump`, which ends in its first lines", CUT);
    let no_trailer = "cannot accept the dump of `small`, which ends without its completion trailer";
    says(cut_behind("AS $$SELECT '--\n-- PostgreSQL database dump complete\n--\n"), no_trailer, CUT);
    let in_rows = "cannot accept the dump of `small`, which ends inside the rows of `public.t;`, after 1 of them";
    says(cut_behind("FROM stdin;\n\\\\.\nb"), in_rows, CUT);
    let locked = "cannot accept the dump of `small`, which ends before its `\\unrestrict` line";
    says(small().trim_end().as_bytes(), locked, CUT);
}

#[test]
fn what_is_no_dump_is_refused_by_what_it_is() {
    let plain = "give the plain SQL of `pg_dump`, and compress it afterwards";
    let gzip = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xab, 0x56];
    says(&gzip, "cannot accept the output of `pg_dump`, which is compressed already", plain);
    says(
        &shared().dump("postgres", &["--format=custom"]),
        "cannot accept the output of `pg_dump`, which is in the custom format",
        "let `pg_dump` write plain SQL: `--format=plain`",
    );
    let cluster = "--\n-- PostgreSQL database cluster dump\n--\n\nSELECT 1;\n";
    let hint = "dump one database with `pg_dump`";
    says(cluster.as_bytes(), "cannot accept the output of `pg_dump`, which is by `pg_dumpall`", hint);
    let hint = "look at its first lines: they are not a dump's";
    for other in ["SELECT 1;\n", "\n", " --\n-- PostgreSQL database dump\n--\n", "pg_dump: error: connection failed\n"]
    {
        let other = [other, small()].concat();
        says(other.as_bytes(), "cannot accept the output of `pg_dump`, which does not start as `pg_dump` starts", hint);
    }
}

#[test]
fn nothing_may_follow_a_whole_dump() {
    let hint = "keep one dump in a file, with nothing written behind it";
    for dump in [small().to_owned(), small_unrestricted()] {
        for junk in ["SELECT 1;\n", "x", "\\connect other\n", "\\!", "\0", "'", "/*", "\\restrict k\n", small()] {
            let long = [&dump, junk].concat();
            says(
                long.as_bytes(),
                "cannot accept the dump of `small`, which goes on after its completion trailer",
                hint,
            );
        }
        for harmless in ["\n\n \t\r\n", "-- written by cron\n", "--", "/* the end */\n"] {
            assert!(inspect([&dump, harmless].concat().as_bytes()).is_ok(), "{harmless:?}");
        }
    }
}

#[test]
fn a_trailer_counts_only_between_statements() {
    for begun in ["SELECT 1", "SELECT '", "SELECT \"", "/* ", "/* /* */", "DO $a$ $$ $a", "COPY t (a) FROM stdin;\n"] {
        assert!(inspect(wrapped(&format!("{begun}\n")).as_bytes()).is_err(), "{begun:?}");
    }
    for ended in ["", "SELECT 1;", "SELECT '''';", "/* /* */ */", "DO $a$ $$ $a $a$;", "COPY t FROM stdin;\n\\."] {
        assert!(inspect(wrapped(&format!("{ended}\n")).as_bytes()).is_ok(), "{ended:?}");
    }
    let other_key = small().replace("\n\\unrestrict ", "\n\\unrestrict x");
    assert!(inspect(other_key.as_bytes()).is_err());
}

#[test]
fn a_dump_of_another_database_is_refused() {
    let error = pass([Bytes::from(small())], Some("english_cafe_db")).unwrap_err();
    assert_eq!(error.what(), "cannot accept a dump of `small` as a dump of `english_cafe_db`");
    assert_eq!(error.hint_text(), Some("check the name of the database that `pg_dump` was given"));
    // Without `--create` a dump does not name its database.
    let unnamed = Bytes::from(shared().dump("small", &[]));
    assert_eq!(database(&pass([unnamed], Some("english_cafe_db")).unwrap().1).name, None);
}

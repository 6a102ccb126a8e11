//! Promises that a file that is not one whole dump is refused with its reason, and that the server never hears of it.

use super::{exists, gzip, put, restore, watched, world};
use crate::support::postgres::shared;

/// A dump of a database with a thousand rows, made once.
fn dump() -> &'static str {
    static DUMP: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    DUMP.get_or_init(|| {
        shared().create_database("refused_source");
        let sql = "CREATE TABLE t (a int PRIMARY KEY, b text); INSERT INTO t SELECT n, md5(n::text) FROM generate_series(1, 1000) n";
        shared().psql("refused_source", sql);
        String::from_utf8(shared().dump("refused_source", &["--create", "--clean", "--if-exists"])).unwrap()
    })
}

/// The server is never asked for `bytes`, and the refusal says `words`.
fn refuses(name: &str, bytes: &[u8], words: &str) {
    refuses_with("", name, bytes, words);
}

fn refuses_with(how: &str, name: &str, bytes: &[u8], words: &str) {
    let (hikae, server) = watched(how);
    let file = put(&hikae, name, bytes);
    let said = restore(&hikae, &file, "refused_target");
    assert_eq!(said.code, 1, "{name}: {}", said.err);
    assert!(said.err.contains("cannot restore `[WORLD]/backups/"), "{name}: {}", said.err);
    assert!(said.err.contains(words), "{name}: wanted `{words}` in\n{}", said.err);
    assert!(said.err.contains("hint: "), "{name}: {}", said.err);
    assert_eq!(server.connections(), 0, "{name}: the server was asked");
    assert!(!exists(shared(), "refused_target"), "{name}");
}

/// The dump with one more line or statement before its data.
fn with(evil: &str) -> String {
    dump().replacen("COPY public.t", &format!("{evil}\nCOPY public.t"), 1)
}

#[test]
fn a_damaged_file_is_refused_before_the_server_is_asked() {
    let plain = dump().as_bytes();
    let packed = gzip(plain);
    let mut flipped = packed.clone();
    flipped[packed.len() / 2] ^= 0x10;
    let mut wrong_sum = packed.clone();
    let sum = packed.len() - 6;
    wrong_sum[sum] ^= 1;
    let zst = zstd::encode_all(plain, 1).unwrap();
    refuses("empty.sql", b"", "which is empty");
    refuses("empty.sql.gz", b"", "is empty");
    refuses("empty-inside.sql.gz", &gzip(b""), "which is empty");
    refuses("cut.sql.gz", &packed[..packed.len() / 2], "the gzip data ends too early");
    refuses("cut.sql.zst", &zst[..zst.len() / 2], "cannot unpack the `zstd` data");
    refuses("cut.sql", &plain[..plain.len() / 2], "which ends inside the rows of `public.t`");
    refuses("cut-inside.sql.gz", &gzip(&plain[..plain.len() - 200]), "which ends without its completion trailer");
    refuses("flipped.sql.gz", &flipped, "cannot unpack the `gzip` data");
    refuses("wrong-sum.sql.gz", &wrong_sum, "cannot unpack the `gzip` data");
    refuses("behind.sql.gz", &[&packed[..], b"junk"].concat(), "something that is not gzip follows");
    refuses("garbage.sql", b"\x00\x01\x02 garbage \xff", "does not start as `pg_dump` starts");
    refuses("garbage.sql.gz", b"garbage", "does not begin as gzip data does");
    refuses("sql.sql", b"DROP DATABASE postgres;\n", "does not start as `pg_dump` starts");
    refuses("all.sql", b"--\n-- PostgreSQL database cluster dump\n--\n", "is by `pg_dumpall`");
    refuses("two.sql", [dump(), dump()].concat().as_bytes(), "goes on after its completion trailer");
}

#[test]
fn a_malicious_dump_is_refused_before_the_server_is_asked() {
    for (evil, words) in [
        ("\\! touch /tmp/x", "which has the psql command `\\!` (line "),
        ("\\copy t to program 'x'", "which has the psql command `\\copy` (line "),
        ("\\connect postgres", "names the database `postgres` besides its own, `refused_source` (line "),
        ("COPY t FROM PROGRAM 'x';", "has a `COPY` that does not read its rows from the dump (line "),
        ("COPY t TO '/tmp/x';", "has a `COPY` that does not read its rows from the dump (line "),
        ("DROP DATABASE other;", "names the database `other` besides its own, `refused_source` (line "),
        ("ALTER SYSTEM SET x = 1;", "has the statement `ALTER SYSTEM` (line "),
        ("INSERT INTO t SELECT f();", "has an `INSERT` of something other than plain values (line "),
        ("INSERT INTO t VALUES (dblink_exec('x'), 1);", "has an `INSERT` of something other than plain values (line "),
        ("CREATE TABLE t2 AS SELECT f();", "fills a table by a query (`CREATE TABLE … AS`) (line "),
        ("DROP ROLE postgres;", "has the statement `DROP ROLE` (line "),
        ("DO $$ BEGIN END $$;", "has the statement `DO` (line "),
        ("COMMENT ON TABLE t IS E'\\'' \\! x ; COMMENT ON TABLE t IS '';", "has the psql command `\\` (line "),
    ] {
        let dump = with(evil);
        let line = dump.lines().position(|line| line == evil).unwrap() + 1;
        let words = if words.ends_with("(line ") { format!("{words}{line})") } else { words.to_owned() };
        refuses("evil.sql.gz", &gzip(dump.as_bytes()), &words);
    }
}

#[test]
fn a_dump_of_another_database_is_refused_when_it_is_asked_for_by_name() {
    let words = "cannot accept a dump of `refused_source` as a dump of `english_cafe_db`";
    refuses_with("dump_of = \"english_cafe_db\"", "other.sql", dump().as_bytes(), words);
}

#[test]
fn what_is_no_file_is_refused() {
    let hikae = world(shared(), "");
    let folder = hikae.path("backups").display().to_string();
    let missing = format!("{folder}/missing.sql.gz");
    let said = restore(&hikae, &missing, "refused_target");
    assert!(said.code == 1 && said.err.contains("there is no file"), "{}", said.err);
    let said = restore(&hikae, &folder, "refused_target");
    assert!(said.code == 1 && said.err.contains("is a folder"), "{}", said.err);
    let said = restore(&hikae, &missing, &"長".repeat(22));
    assert!(said.code == 1 && said.err.contains("cannot be the name of a database"), "{}", said.err);
}

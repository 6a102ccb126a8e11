//! Promises that the rewriter takes out what a dump says about its own database, and gives on every other statement byte for byte.

use std::collections::VecDeque;

use bytes::Bytes;
use hikae::error::{Error, Kind};
use hikae::postgres::restore::own::Own;
use hikae::postgres::restore::rewriter::Rewriter;
use hikae::world::postgres::Step;

use crate::support::postgres::shared;

/// The steps of a dump as one text, each statement on lines of its own; and what it says about its database.
pub fn rewrite<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Result<(String, Own), Error> {
    let (steps, own) = steps(pieces)?;
    let mut text = Vec::new();
    for step in steps {
        match step {
            Step::Statement { sql, .. } | Step::Copy { sql, .. } => {
                text.extend_from_slice(&sql);
                text.push(b'\n');
            }
            Step::Rows(rows) => text.extend_from_slice(&rows),
            Step::EndOfRows => text.extend_from_slice(b"\\.\n"),
        }
    }
    Ok((String::from_utf8(text).unwrap(), own))
}

fn steps<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Result<(VecDeque<Step>, Own), Error> {
    let (mut rewriter, mut judge) = (Rewriter::new("the \"target\""), Rewriter::judging("the \"target\""));
    let (mut out, mut nothing) = (VecDeque::new(), VecDeque::new());
    let mut judged = Ok(());
    for piece in pieces {
        judged = judged.and_then(|()| judge.feed(Bytes::copy_from_slice(piece), &mut nothing));
        if let Err(error) = rewriter.feed(Bytes::copy_from_slice(piece), &mut out) {
            assert_eq!(judged.err().map(|error| error.one_line()), Some(error.one_line()), "the judge says the same");
            return Err(error);
        }
    }
    judged?;
    assert!(nothing.is_empty(), "who judges gives nothing on");
    judge.end()?;
    rewriter.end()?;
    assert_eq!(judge.own(), rewriter.own());
    Ok((out, rewriter.own().clone()))
}

pub fn whole(dump: &str) -> Result<(String, Own), Error> {
    let at_once = rewrite([dump.as_bytes()]);
    // Wherever the borders of the pieces fall, it must come to the same.
    let show = |answer: &Result<(String, Own), Error>| match answer {
        Ok((text, own)) => format!("{text}\n{own:?}"),
        Err(error) => error.what().split(" (line").next().unwrap().to_owned(),
    };
    for size in [1, 2, 3, 7, 64] {
        let in_pieces = rewrite(dump.as_bytes().chunks(size));
        assert!(show(&at_once) == show(&in_pieces), "pieces of {size} bytes: {:?}", in_pieces.err());
    }
    at_once
}

pub fn refused(sql: &str) -> String {
    let error = whole(sql).expect_err(sql);
    let cut = error.what().contains("ends inside a statement");
    assert_eq!(error.kind(), if cut { Kind::Integrity } else { Kind::Denied }, "{sql}");
    assert!(error.hint_text().is_some(), "{sql}");
    error.what().to_owned()
}

/// A database whose name and contents want to be taken for something else.
fn tricky() -> String {
    let name = "控え \"x\" '\\ = $$";
    let ident = "\"控え \"\"x\"\" '\\ = $$\"";
    shared().create_database(name);
    shared().psql(
        name,
        &format!(
            r#"COMMENT ON DATABASE {ident} IS 'it''s; \connect other
\! no';
ALTER DATABASE {ident} SET timezone = 'Asia/Tokyo';
ALTER DATABASE {ident} CONNECTION LIMIT 7;
REVOKE ALL ON DATABASE {ident} FROM PUBLIC;
CREATE TABLE t (v text);
INSERT INTO t VALUES (E'DROP DATABASE other;\n\\connect other\n\\.\n\t'), ('\! x'), ('DROP DATABASE postgres;');
CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $b$ BEGIN EXECUTE 'DROP DATABASE other'; END; $b$;
CREATE FUNCTION g() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 ELSE 2 END; SELECT 2; END;
CREATE RULE r AS ON UPDATE TO t DO ALSO (DELETE FROM t WHERE false; DELETE FROM t WHERE v = '\;');
COMMENT ON TABLE t IS E'a\\b '' \r\n c';
SELECT lo_from_bytea(0, 'abc');
CREATE VIEW v AS SELECT 'a''b\' AS x, E'\\''' AS y, 1 AS "from; """;"#
        ),
    );
    let dump = shared().dump(name, &["--create", "--clean", "--if-exists"]);
    String::from_utf8(dump).unwrap()
}

#[test]
fn the_rewriter_takes_out_the_database_and_nothing_else() {
    let dump = tricky();
    let (text, own) = whole(&dump).unwrap();
    let about = ["DROP DATABASE", "CREATE DATABASE", "ALTER DATABASE", "COMMENT ON DATABASE", "UPDATE"];
    for (step, line) in steps([dump.as_bytes()]).unwrap().0.iter().filter_map(|step| match step {
        Step::Statement { sql, line } | Step::Copy { sql, line } => Some((sql, *line)),
        _ => None,
    }) {
        let said = String::from_utf8_lossy(step);
        assert!(!about.iter().any(|word| said.starts_with(word)), "{said}");
        let first = said.lines().next().unwrap();
        let there = dump.lines().nth(line as usize - 1).unwrap();
        assert!(there.starts_with(first), "line {line} is `{there}`, and not `{first}`");
    }
    assert_eq!(own.name.as_deref(), Some("控え \"x\" '\\ = $$"));
    let create = own.create.unwrap();
    assert!(
        create.starts_with("CREATE DATABASE \"the \"\"target\"\"\" WITH TEMPLATE = template0 encoding = 'UTF8'"),
        "{create}"
    );
    let properties = String::from_utf8(own.properties.join(&b'\n')).unwrap();
    for part in ["SET \"TimeZone\" TO 'Asia/Tokyo';", "CONNECTION LIMIT = 7;", "REVOKE ", "OWNER TO postgres;"] {
        assert!(properties.contains(part), "{properties}");
    }
    assert!(!properties.contains("控え"), "{properties}");
    let comment = "COMMENT ON DATABASE \"the \"\"target\"\"\" IS 'it''s; \\connect other\n\\! no';";
    assert_eq!(own.comment, [comment.as_bytes()]);
    assert!(!text.contains("\\restrict"), "{text}");
}

#[test]
fn a_dump_without_create_passes_byte_for_byte() {
    let name = "rewriter_plain";
    shared().create_database(name);
    shared().psql(name, include_str!("../support/cafe.sql"));
    for args in [&["--clean", "--if-exists"][..], &["--inserts"], &["--schema-only"], &["--data-only"]] {
        let dump = String::from_utf8(shared().dump(name, args)).unwrap();
        let (text, own) = whole(&dump).unwrap();
        let kept = |line: &&str| !line.is_empty() && !line.starts_with("--") && !line.starts_with("\\restrict");
        let kept = |text: &str| -> Vec<String> {
            text.lines().filter(kept).filter(|line| !line.starts_with("\\unrestrict")).map(str::to_owned).collect()
        };
        assert_eq!(kept(&text), kept(&dump));
        assert_eq!(own, Own::default());
    }
}

#[test]
fn a_command_for_psql_is_refused_but_for_those_of_a_dump() {
    for line in [
        "\\! touch /tmp/x",
        "\\copy t from program 'x'",
        "\\i /etc/passwd",
        "\\o |cat",
        "\\g |cat",
        "\\setenv A b",
        "\\set x `id`",
        "\\q",
        "\\connect a b",
        "\\connect a other.host 5432",
        "\\connect \"host=other\" ",
        "\\connect -reuse-previous=on \"dbname=a host=b\"",
        "\\connect -reuse-previous=on \"dbname='a' host='b'\"",
        "\\connect `id`",
        "\\restrict `id`",
        "\\restrict a b",
        "\\restrict ",
        "\\unrestrict a\\! x",
        "\\encoding SJIS",
        "\\connect \"a\" \"b\"",
        "\\connect :x",
        "\\connect postgresql://x/y",
        "\\connect a\r",
    ] {
        let what = refused(&format!("SET row_security = off;\n{line}\n"));
        let command = line.split([' ', '\r']).next().unwrap();
        assert_eq!(what, format!("cannot accept the dump, which has the psql command `{command}` (line 2)"), "{line}");
    }
    for inside in [
        "SELECT 1 \\! x\n;",
        "CREATE TABLE t (a int \\g |cat\n);",
        "CREATE RULE r AS ON UPDATE TO t DO (\nDELETE FROM t;\n\\! x\n);",
    ] {
        assert!(refused(inside).contains("which has the "), "{inside}");
    }
    let long = format!("\\restrict {} \\! x\n", "a".repeat(5000));
    assert!(refused(&long).contains("which has the psql command"));
}

#[test]
fn a_second_database_is_refused_wherever_it_stands() {
    let own = "CREATE DATABASE own WITH TEMPLATE = template0;\n";
    for other in [
        "DROP DATABASE other;",
        "DROP DATABASE IF EXISTS other;",
        "CREATE DATABASE other;",
        "ALTER DATABASE other SET x = 1;",
        "ALTER DATABASE other OWNER TO bob;",
        "COMMENT ON DATABASE other IS 'x';",
        "GRANT ALL ON DATABASE other TO bob;",
        "REVOKE ALL ON DATABASE other FROM bob;",
        "SECURITY LABEL ON DATABASE other IS 'x';",
        "SECURITY LABEL FOR p ON DATABASE other IS 'x';",
        "ALTER ROLE bob IN DATABASE other SET x = 1;",
        "\\connect other\n",
        "\\connect -reuse-previous=on \"dbname='other'\"\n",
        "\\connect \"other\"\n",
        "UPDATE pg_catalog.pg_database SET datistemplate = false WHERE datname = 'other';",
        "drop database\n\"other\"\n;",
    ] {
        let what = refused(&[own, other].concat());
        assert!(
            what.starts_with(
                "cannot accept the dump of `own`, which names the database `other` besides its own, `own` (line "
            ),
            "{what}"
        );
    }
    assert!(refused("DROP DATABASE prod;\n").contains("drops the database `prod` and does not create it"));
    let copy = refused("CREATE DATABASE own WITH TEMPLATE = prod;\n");
    assert!(copy.contains("copies the database `prod`"), "{copy}");
}

#[test]
fn what_pg_dump_never_writes_is_refused_by_its_words() {
    for sql in [
        "COPY t TO PROGRAM 'x'",
        "COPY t FROM PROGRAM 'x'",
        "COPY t TO '/tmp/x'",
        "COPY t FROM '/etc/passwd'",
        "COPY (SELECT 1) TO STDOUT",
        "COPY t (a) FROM stdin WITH (FORMAT csv)",
        "COPY t TO stdout",
        "CREATE ROLE evil SUPERUSER",
        "CREATE USER evil",
        "ALTER ROLE postgres PASSWORD 'x'",
        "ALTER USER x SUPERUSER",
        "DROP ROLE x",
        "DROP OWNED BY x",
        "REASSIGN OWNED BY x TO y",
        "ALTER SYSTEM SET x = 1",
        "CREATE TABLESPACE t LOCATION '/x'",
        "DROP TABLESPACE t",
        "GRANT postgres TO evil",
        "REVOKE a FROM b",
        "GRANT CREATE ON TABLESPACE t TO x",
        "COMMENT ON ROLE x IS 'y'",
        "DO $$ BEGIN END $$",
        "CALL x()",
        "SELECT dblink_exec('x', 'DROP DATABASE y')",
        "SELECT pg_catalog.lo_import('/etc/passwd')",
        "SELECT pg_catalog.lo_export(1, '/tmp/x')",
        "SELECT 1",
        "SELECT pg_catalog.setval('a', (SELECT evil()), true)",
        "SELECT pg_catalog.setval(evil(), 1)",
        "SELECT pg_catalog.set_config('standard_conforming_strings', 'off', false)",
        "SET standard_conforming_strings = off",
        "SET ROLE postgres",
        "SET client_encoding = 'SJIS'",
        "SET session_replication_role = replica",
        "DELETE FROM t",
        "UPDATE t SET a = 1",
        "UPDATE pg_catalog.pg_database SET datallowconn = false WHERE datname = 'x'",
        "TRUNCATE t",
        "LOAD 'x'",
        "VACUUM",
        "WITH x AS (SELECT 1) SELECT 1",
        "PREPARE x AS SELECT 1",
        "LOCK TABLE t",
        "ALTER DATABASE own RENAME TO x",
        "ALTER DATABASE own SET TABLESPACE x",
        "ALTER SUBSCRIPTION s CONNECTION 'x'",
        "CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p",
        "BEGIN ISOLATION LEVEL SERIALIZABLE",
        "COMMIT PREPARED 'x'",
        "NOTIFY x",
        "'x'",
        "(SELECT 1)",
    ] {
        let what = refused(&format!("SET row_security = off;\n\n{sql};\n"));
        assert!(what.starts_with("cannot accept the dump, which ") || what.contains("`own`, which "), "{what}");
        assert!(what.ends_with(" (line 3)"), "{sql}: {what}");
    }
    assert_eq!(refused("DROP ROLE x;"), "cannot accept the dump, which has the statement `DROP ROLE` (line 1)");
}

/// Each of these hides a command from one who reads strings, comments or rows in another way than psql does.
#[test]
fn what_psql_could_read_in_another_way_is_refused() {
    for sql in [
        "COMMENT ON TABLE t IS E'\\'' \\! touch /tmp/x ; COMMENT ON TABLE t IS '';\n",
        "COMMENT ON TABLE t IS E'a'\n'b\\'' ; \\! touch /tmp/x ; --';\n",
        "CREATE VIEW v AS SELECT 1$$ '$$ \\! touch /tmp/x ';\n",
        "CREATE VIEW v AS SELECT 1e'\\'' \\! touch /tmp/x ';\n",
        "CREATE VIEW v AS SELECT $e'\\'' \\! touch /tmp/x ';\n",
        "-- harmless\r\\! touch /tmp/x\n",
        "COPY t (a) FROM stdin;\n1\n\\.\r\n\\! touch /tmp/x\n\\.\n",
        "COPY t (a) FROM stdin;\n1\0\n\\.\n",
        "INSERT INTO t VALUES (E'\\'' \\! touch /tmp/x );\n",
        "INSERT INTO t VALUES (1$$, '$$ \\! touch /tmp/x ');\n",
    ] {
        refused(sql);
    }
    for fine in [
        "INSERT INTO t VALUES ('a''\\', E'\\\\''', B'1', X'1f', N'x', 1, -1.5e10, 'x', NULL);\n",
        "COMMENT ON TABLE t IS 'a\r\nb';\n",
        "COPY t (a) FROM stdin;\n\\\\.\n\\N\n\\.\n",
        "CREATE VIEW v AS SELECT a$b, e.x, $1::text, E'x' || 'y' FROM e;\n",
        "SELECT pg_catalog.lo_unlink(oid) FROM pg_catalog.pg_largeobject_metadata WHERE oid = '16388';\n",
        "SELECT * FROM pg_catalog.pg_restore_relation_stats(\n\t'version', '180000'::integer,\n\t'x', '1'::real[]);\n",
        "GRANT SELECT(a),UPDATE(b) ON TABLE t TO bob WITH GRANT OPTION;\nGRANT ALL ON FUNCTION f(int) TO bob;\n",
        "CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p WITH (connect = false, slot_name = 's');\n",
        "CREATE USER MAPPING FOR bob SERVER s;\nALTER DEFAULT PRIVILEGES FOR ROLE bob GRANT ALL ON TABLES TO x;\n",
    ] {
        let (text, own) = whole(fine).unwrap_or_else(|error| panic!("{fine}: {error}"));
        assert_eq!((text.as_str(), own), (fine, Own::default()));
    }
}

#[test]
fn memory_stays_flat_whatever_the_dump_holds_back() {
    let blanks = vec![b' '; 3 << 20];
    let endless = [b"DROP DATABASE a ".as_slice(), &blanks].concat();
    let error = rewrite(endless.chunks(1 << 16)).expect_err("endless");
    assert!(error.what().contains("endless statement `DROP DATABASE A"), "{error:?}");
    assert!(rewrite(blanks.chunks(1 << 16)).is_err());
    let many: String = (0..100_000).map(|n| format!("COMMENT ON DATABASE a IS '{n} {}';\n", "x".repeat(60))).collect();
    assert!(rewrite(many.as_bytes().chunks(1 << 16)).is_err());
}

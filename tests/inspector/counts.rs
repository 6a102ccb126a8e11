//! Promises that what the inspector counts is what the database holds, however the dump is made and cut into pieces.

use bytes::Bytes;
use hikae::postgres::dump::facts::{COUNTS_QUERY, Counts, DatabaseFacts, TableRows};
use hikae::postgres::dump::fingerprint::KIND;

use super::{cafe, database, inspect, pass, small, small_unrestricted, wrapped};
use crate::support::postgres::shared;

const RECIPE_FLAGS: &[&str] = &["--clean", "--if-exists", "--create"];

/// Every table of a database that has rows of its own, with what `count(*)` says.
fn counted(db: &str) -> Vec<TableRows> {
    let list = "SELECT coalesce(json_agg(json_build_object('schema', nspname, 'name', relname, 'rows', (xpath('/row/c/text()',
            query_to_xml(format('SELECT count(*) AS c FROM ONLY %I.%I', nspname, relname), false, true, '')))[1]::text::int)
            ORDER BY nspname, relname), '[]')
        FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
        WHERE relkind = 'r' AND nspname !~ '^pg_' AND nspname <> 'information_schema'";
    serde_json::from_str(&shared().psql(db, list)).unwrap()
}

fn sorted(mut tables: Vec<TableRows>) -> Vec<TableRows> {
    tables.sort_by(|a, b| (&a.schema, &a.name).cmp(&(&b.schema, &b.name)));
    tables
}

/// The same tables without their fingerprints, which a count does not have; every table whose rows were counted has one.
fn only_counts(mut tables: Vec<TableRows>) -> Vec<TableRows> {
    for table in &mut tables {
        let taken = table.fingerprint.take();
        assert_eq!(taken.map(|taken| taken.kind), table.rows.map(|_| KIND.to_owned()), "{}", table.name);
    }
    sorted(tables)
}

fn live_counts(db: &str) -> Counts {
    let answer = shared().psql(db, &format!("SELECT row_to_json(c) FROM ({COUNTS_QUERY}) AS c"));
    serde_json::from_str(&answer).unwrap()
}

fn cut(dump: &Bytes, size: usize) -> Vec<Bytes> {
    (0..dump.len()).step_by(size).map(|at| dump.slice(at..dump.len().min(at + size))).collect()
}

#[test]
fn rows_are_those_of_the_real_tables() {
    let expected = counted(cafe());
    assert!(expected.len() > 12 && expected.iter().any(|table| table.rows == Some(1012)), "{expected:#?}");
    for flags in [&[][..], &["--create"], RECIPE_FLAGS, &["--data-only"], &["--verbose"], &["--no-comments"]] {
        let found = inspect(&shared().dump(cafe(), flags)).unwrap();
        assert_eq!(only_counts(found.tables), expected, "{flags:?}");
        let created = flags.contains(&"--create").then(|| cafe().to_owned());
        assert_eq!(found.name, created, "{flags:?}");
    }
}

#[test]
fn counts_are_those_of_the_catalog() {
    let live = live_counts(cafe());
    assert_eq!(live, Counts { indexes: 8, constraints: 24, sequences: 3, views: 3, functions: 5 });
    for flags in [&[][..], RECIPE_FLAGS, &["--schema-only"], &["--inserts"]] {
        assert_eq!(inspect(&shared().dump(cafe(), flags)).unwrap().counts, live, "{flags:?}");
    }
    shared().create_database("empty");
    assert_eq!(live_counts("empty"), Counts::default());
    assert_eq!(inspect(&shared().dump("empty", &[])).unwrap().counts, Counts::default());
}

#[test]
fn sequences_extensions_and_unvalidated_constraints_are_those_of_the_catalog() {
    let facts = inspect(&shared().dump(cafe(), &[])).unwrap();
    let mut sequences = facts.sequences.unwrap();
    sequences.sort_by(|a, b| a.name.cmp(&b.name));
    let found: Vec<_> = sequences.iter().map(|seq| (seq.name.as_str(), seq.last_value, seq.is_called)).collect();
    assert_eq!(found, [("contacts_id_seq", 1012, true), ("old_serial_id_seq", 1, false), ("plain_seq", 1, false)]);
    assert_eq!(facts.extensions.unwrap(), ["hstore"]);
    // One of a domain, one of a partitioned table.
    assert_eq!(facts.not_valid, Some(2));
}

#[test]
fn a_sequence_of_any_name_and_value_is_understood() {
    for (sql, expected) in [
        ("'public.plain', 7, true", ("public", "plain", 7, true)),
        ("'\"予約 台帳\".\"a \"\"b\"\".c''d;\"', -9, false", ("予約 台帳", "a \"b\".c'd;", -9, false)),
        ("E'public.\"back\\\\slash\"', 9223372036854775807, true", ("public", "back\\slash", i64::MAX, true)),
    ] {
        let dump = Bytes::from(wrapped(&format!(
            "SELECT pg_catalog.setval({sql});\nSELECT pg_catalog.set_config('a', 'b', true);\n"
        )));
        for size in [1, 5, dump.len()] {
            let (_, facts) = pass(cut(&dump, size), None).unwrap();
            let found = database(&facts).sequences.unwrap();
            assert_eq!(found.len(), 1, "{sql}");
            let found = (found[0].schema.as_str(), found[0].name.as_str(), found[0].last_value, found[0].is_called);
            assert_eq!(found, expected);
        }
    }
}

#[test]
fn a_restored_dump_has_the_same_rows_and_counts() {
    let dump = shared().dump(cafe(), &[]);
    let facts = inspect(&dump).unwrap();
    shared().create_database("restored");
    shared().psql("restored", &String::from_utf8(dump).unwrap());
    assert_eq!(live_counts("restored"), facts.counts);
    let again = inspect(&shared().dump("restored", &[])).unwrap();
    assert_eq!(sorted(again.tables), sorted(facts.tables.clone()), "the fingerprints are the same as well");
    assert_eq!(counted("restored"), only_counts(facts.tables));
}

#[test]
fn the_borders_of_pieces_change_nothing() {
    for flags in [RECIPE_FLAGS, &["--inserts", "--create", "--verbose"]] {
        let dump = Bytes::from(shared().dump(cafe(), flags));
        let (_, whole) = pass([dump.clone()], Some(cafe())).unwrap();
        assert!(database(&whole).tables.len() > 12);
        for size in [1, 7, 64 << 10] {
            let pieces = cut(&dump, size);
            let (out, facts) = pass(pieces.clone(), Some(cafe())).unwrap();
            assert_eq!(facts.sections, whole.sections, "{flags:?} in pieces of {size} bytes");
            assert_eq!(facts.tools, whole.tools);
            // The very same bytes, not copies of them.
            assert!(out.iter().map(|data| data.as_ptr()).eq(pieces.iter().map(|data| data.as_ptr())));
            assert_eq!(out, pieces);
        }
    }
}

#[test]
fn text_that_looks_like_statements_is_none() {
    let real = "CREATE INDEX i ON t (a);\n";
    for fake in [
        "SELECT a$$; CREATE TABLE c (d int); SELECT z$$; SELECT $1; SELECT a$b$;",
        "DO $$ CREATE INDEX x ON y (z); $a$ $ $$;",
        "DO $a$ $$ ; CREATE INDEX x ON y (z); $a $a$;",
        "DO $é$ $e$ ; CREATE INDEX x ON y (z); $$é$;",
        "/* CREATE INDEX x; /* */ /*/ */ CREATE INDEX x; */ CREATE INDEX x; */ /**/",
        "SELECT 1 -- ; CREATE INDEX x\n; SELECT 1 - - 2 / 3;-- CREATE INDEX x;\n",
        r#"SELECT 'a\'; SELECT ' CREATE INDEX x; '''; SELECT "; CREATE INDEX "" x; ", E'\\''; CREATE INDEX x;';"#,
        "COPY t (a) FROM stdin;\n;\nCREATE INDEX x ON y (z);\n\\.x\n\\\n\n\\.\n",
        "\\connect ';\n",
    ] {
        let dump = Bytes::from(wrapped(&[real, fake, "\n", real].concat()));
        for size in [1, 2, 3, dump.len()] {
            let found = pass(cut(&dump, size), None).unwrap_or_else(|error| panic!("{fake}: {error:?}"));
            assert_eq!(database(&found.1).counts.indexes, 2, "{fake} in pieces of {size} bytes");
        }
    }
}

#[test]
fn rows_are_counted_in_any_encoding() {
    let rows = |tables: Vec<TableRows>| tables.iter().map(|table| table.rows).collect::<Vec<_>>();
    let utf8 = inspect(&shared().dump(cafe(), &[])).unwrap();
    for encoding in ["--encoding=SJIS", "--encoding=EUC_JP"] {
        let found = inspect(&shared().dump(cafe(), &[encoding])).unwrap();
        assert_eq!(found.counts, utf8.counts, "{encoding}");
        assert_eq!(rows(found.tables), rows(utf8.tables.clone()), "{encoding}");
    }
}

#[test]
fn versions_are_those_of_the_programs() {
    let (_, facts) = pass([Bytes::from(small())], None).unwrap();
    let version = shared().psql("postgres", "SHOW server_version").split(' ').next().unwrap().to_owned();
    assert_eq!(facts.tools["pg_dump"], version);
    assert_eq!(database(&facts).server_version, Some(version));
}

#[test]
fn the_section_is_as_the_manifest_documents_it() {
    let (_, facts) = pass([Bytes::from(small())], None).unwrap();
    let mut section = facts.sections["database"].clone();
    section["server_version"] = "15.18".into();
    let fingerprint = section["tables"][0]["fingerprint"]["value"].clone();
    assert!(fingerprint.as_str().is_some_and(|value| value.len() == 32), "{fingerprint}");
    let documented = serde_json::json!({
        "name": "small",
        "server_version": "15.18",
        "tables": [{
            "schema": "public", "name": "t;", "rows": 5,
            "fingerprint": { "kind": "xxh3-128-sum", "value": fingerprint, "columns": ["a"] },
        }],
        "counts": { "indexes": 0, "constraints": 1, "sequences": 0, "views": 0, "functions": 1 },
        "sequences": [],
        "extensions": [],
        "not_valid": 0,
        "large_objects": { "count": 0, "fingerprint": { "kind": "xxh3-128-sum", "value": "0".repeat(32) } },
        "restorable": true,
    });
    assert_eq!(section.to_string(), documented.to_string());
    section["from a later release"] = true.into();
    section["counts"]["triggers"] = 1.into();
    assert_eq!(serde_json::from_value::<DatabaseFacts>(section).unwrap().tables[0].rows, Some(5));
}

#[test]
fn what_is_not_counted_says_so() {
    let names = |tables: &[TableRows]| tables.iter().map(|table| table.name.clone()).collect::<Vec<_>>();
    let whole = counted(cafe());
    for flags in [&["--inserts"][..], &["--column-inserts"], &["--schema-only"], &["--rows-per-insert=7", "--create"]] {
        let tables = sorted(inspect(&shared().dump(cafe(), flags)).unwrap().tables);
        assert_eq!(names(&tables), names(&whole), "{flags:?}");
        assert!(tables.iter().all(|table| table.rows.is_none()), "{flags:?}: {tables:?}");
    }
    let tables = inspect(&shared().dump(cafe(), &["--exclude-table-data=contacts"])).unwrap().tables;
    let uncounted: Vec<_> = tables.iter().filter(|table| table.rows.is_none()).map(|table| &table.name).collect();
    assert_eq!(uncounted, ["contacts"]);
}

#[test]
fn rows_loaded_through_a_partitioned_table_are_counted_under_it() {
    let tables = inspect(&shared().dump(cafe(), &["--load-via-partition-root"])).unwrap().tables;
    let rows = |name| tables.iter().find(|table| table.name == name).and_then(|table| table.rows);
    assert_eq!((rows("sales"), rows("sales_2025"), rows("contacts")), (Some(100), None, Some(1012)));
}

#[test]
fn a_row_of_any_length_is_one_row() {
    let whole = small_unrestricted();
    let (before, after) = whole.split_at(whole.find("\\\\.\n").unwrap());
    let part = Bytes::from(vec![b'x'; 64 << 10]);
    let long = std::iter::repeat_n(part, 1600);
    let pieces = [before.to_owned().into()].into_iter().chain(long).chain([after.to_owned().into()]);
    let (_, facts) = pass(pieces, None).unwrap();
    assert_eq!(database(&facts).tables[0].rows, Some(5));
}

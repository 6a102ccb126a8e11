//! Promises that the rows of a dump that are written as `INSERT` are plain values, and that no query fills a table.

use super::rewriter::{refused, whole};

#[test]
fn an_insert_passes_with_plain_values_and_nothing_else() {
    for sql in [
        "INSERT INTO t VALUES (1);",
        "INSERT INTO public.\"T\" (a, \"b\") VALUES ('x;', NULL), (-1.5e-07, DEFAULT),\n\t(1e+20, true);",
        "INSERT INTO t (a) OVERRIDING SYSTEM VALUE VALUES (E'a\\\\', B'101', false) ON CONFLICT DO NOTHING;",
        "INSERT INTO public.t DEFAULT VALUES;",
    ] {
        assert_eq!(whole(sql).unwrap().0, format!("{sql}\n"));
    }
    for sql in [
        "INSERT INTO t SELECT 1;",
        "INSERT INTO t (SELECT a FROM v);",
        "INSERT INTO t (a) TABLE v;",
        "INSERT INTO t VALUES (f());",
        "INSERT INTO t VALUES (\"f\"());",
        "INSERT INTO t VALUES ((SELECT 1));",
        "INSERT INTO t VALUES (1 + 2);",
        "INSERT INTO t VALUES (1 - 2);",
        "INSERT INTO t VALUES ('a' || 'b');",
        "INSERT INTO t VALUES (v);",
        "INSERT INTO t VALUES (1) RETURNING f();",
        "INSERT INTO t VALUES (1) ON CONFLICT DO UPDATE SET a = f();",
        "INSERT INTO t AS x VALUES (1);",
        "INSERT INTO t VALUES;",
        "INSERT INTO t VALUES (1;",
    ] {
        assert!(refused(sql).contains("has an `INSERT` of something other than plain values"), "{sql}");
    }
    for sql in ["CREATE TABLE t AS SELECT 1;", "CREATE UNLOGGED TABLE t (a) AS TABLE v;"] {
        assert!(refused(sql).contains("fills a table by a query"), "{sql}");
    }
    let table = "CREATE UNLOGGED TABLE t (a int GENERATED ALWAYS AS (1) STORED) WITH (fillfactor='70');";
    assert_eq!(whole(table).unwrap().0, format!("{table}\n"));
}

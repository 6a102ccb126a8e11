//! Queries a live database in two sessions: what exists, then the row count of each table and one row.

use std::collections::HashSet;

use serde::Deserialize;

use crate::postgres::dump::facts::{COUNTS_QUERY, Counts, DatabaseFacts, SequenceValue};
use crate::postgres::dump::legible::bytes_of;
use crate::postgres::server::quoting::{literal, qualified};
use crate::stream::hex::hex;

/// The start of every session: nothing is written, no row is hidden, no limit of the role interrupts a count, and names
/// arrive as UTF-8.
pub const PRELUDE: [&str; 6] = [
    "SET client_encoding = 'UTF8'",
    "SET default_transaction_read_only = on",
    "SET row_security = off",
    "SET statement_timeout = 0",
    "SET lock_timeout = 0",
    "SET search_path = pg_catalog",
];

/// The contents of a database.
#[derive(Debug, Deserialize)]
pub struct Live {
    pub server_version: String,
    pub counts: Counts,
    pub tables: Vec<LiveTable>,
    pub invalid_indexes: Vec<String>,
    /// The constraints that are `NOT VALID`.
    pub not_valid: Vec<String>,
    /// The materialized views that are filled, with their names in SQL quoting.
    pub filled: Vec<String>,
    pub extensions: Vec<String>,
    /// Whether it has event triggers that may write during a restore or a comparison.
    #[serde(default)]
    pub event_triggers: bool,
}

#[derive(Debug, Deserialize)]
pub struct LiveTable {
    pub schema: String,
    pub name: String,
    /// `r` for a table or partition, `p` for a partitioned table, `f` for a foreign one.
    pub kind: String,
    /// Whether it belongs to an extension, which fills it with its own rows.
    pub member: bool,
    /// The size of its rows on disk.
    #[serde(default)]
    pub bytes: u64,
}

/// The query whose only row is a [`Live`] as JSON.
pub fn query() -> String {
    format!(
        "WITH own AS (SELECT oid, nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema')
SELECT json_build_object(
'server_version', split_part(current_setting('server_version'), ' ', 1),
'counts', (SELECT row_to_json(c) FROM ({COUNTS_QUERY}) AS c),
'tables', (SELECT coalesce(json_agg(json_build_object('schema', nspname, 'name', relname, 'kind', relkind, 'bytes', pg_table_size(c.oid), 'member',
    EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'))
    ORDER BY nspname, relname), '[]')
  FROM pg_class c JOIN own ON own.oid = relnamespace WHERE relkind IN ('r', 'p', 'f')),
'invalid_indexes', (SELECT coalesce(json_agg(format('%I.%I', nspname, c.relname) ORDER BY nspname, c.relname), '[]')
  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN own ON own.oid = c.relnamespace
  WHERE c.relkind = 'i' AND NOT (i.indisvalid AND i.indisready)),
'not_valid', (SELECT coalesce(json_agg(DISTINCT conname), '[]') FROM pg_constraint JOIN own ON own.oid = connamespace
  WHERE NOT convalidated AND coalesce((to_jsonb(pg_constraint) ->> 'conenforced')::boolean, true) AND (contype = 'f' AND conparentid = 0 OR contype = 'c' AND (conislocal OR contypid <> 0))),
'filled', (SELECT coalesce(json_agg(format('%I.%I', nspname, relname)), '[]')
  FROM pg_class c JOIN own ON own.oid = relnamespace WHERE relkind = 'm' AND relispopulated),
'event_triggers', EXISTS (SELECT FROM pg_event_trigger e JOIN pg_proc p ON p.oid = e.evtfoid JOIN pg_language l ON l.oid = p.prolang
  WHERE e.evtenabled <> 'D' AND e.oid >= 16384
  AND (l.lanname NOT IN ('plpgsql', 'sql') OR p.prosrc ~* '\\m(insert|merge|copy|execute|perform|call|select)\\M')),
'extensions', (SELECT coalesce(json_agg(extname ORDER BY extname), '[]') FROM pg_extension WHERE oid >= 16384)
)"
    )
}

/// The query that reads the names of a dump in its own encoding: one row, a list in the order of `names`.
pub fn names_query(encoding: &str, names: &[&mut String]) -> String {
    let names: Vec<String> = names.iter().map(|name| literal(&hex(bytes_of(name)))).collect();
    format!(
        "SELECT coalesce(json_agg(convert_from(decode(name, 'hex'), {}) ORDER BY place), '[]')
FROM unnest(ARRAY[{}]::text[]) WITH ORDINALITY AS given (name, place)",
        literal(encoding),
        names.join(", ")
    )
}

/// One table to be counted and read.
#[derive(Debug)]
pub struct Target<'a> {
    pub table: &'a LiveTable,
    /// Rows of partitions, or remote rows of a foreign table, are not its own.
    with_children: bool,
}

/// The tables to be counted: every table, and anything else with rows in the manifest.
pub fn targets<'a>(live: &'a Live, expected: &DatabaseFacts) -> Vec<Target<'a>> {
    let counted = expected.tables.iter().filter(|said| said.rows.is_some());
    let said: HashSet<(&str, &str)> = counted.map(|said| (said.schema.as_str(), said.name.as_str())).collect();
    let named = |table: &LiveTable| {
        let name = table.name.as_str();
        said.contains(&(table.schema.as_str(), name)) || said.contains(&("", name))
    };
    let own = |table: &LiveTable| table.kind == "r" && !table.member;
    let tables = live.tables.iter().filter(|table| own(table) || named(table));
    tables.map(|table| Target { table, with_children: table.kind != "r" }).collect()
}

impl Target<'_> {
    fn table(&self) -> String {
        let only = if self.with_children { "" } else { "ONLY " };
        format!("{only}{}", qualified(&self.table.schema, &self.table.name))
    }

    /// Counts its rows.
    pub fn count(&self) -> String {
        format!("SELECT count(*) FROM {}", self.table())
    }

    /// Reads one row as text: this reads and outputs every column, including out-of-line (TOAST) values.
    pub fn sample(&self) -> String {
        let table = self.table();
        format!(
            "SELECT coalesce(max(length(shown)), 0) FROM (SELECT (t.*)::text AS shown FROM {table} AS t LIMIT 1) AS sample"
        )
    }
}

/// Queries the value of a sequence: its last value, and whether it was used.
pub fn sequence_value(sequence: &SequenceValue) -> String {
    format!("SELECT last_value, is_called FROM {}", qualified(&sequence.schema, &sequence.name))
}

/// The results, by the index of the table or sequence in its list.
#[derive(Debug, Default)]
pub struct Answers {
    pub rows: Vec<Option<Result<u64, String>>>,
    /// The error of each table that could not be read.
    pub unreadable: Vec<Option<String>>,
    pub sequences: Vec<Option<Result<(i64, bool), String>>>,
}

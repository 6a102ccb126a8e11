//! Asks a live database what it has, in two conversations: what there is, then the rows of each table and one row to read.

use std::collections::HashSet;

use serde::Deserialize;

use crate::postgres::dump::facts::{COUNTS_QUERY, Counts, DatabaseFacts, SequenceValue};
use crate::postgres::dump::legible::bytes_of;
use crate::postgres::server::quoting::{literal, qualified};

/// What every conversation begins with: nothing is written, no row is hidden, no limit of the role cuts a count off,
/// and names arrive as UTF-8. A setting that an older server does not know would only add a line to what psql says.
pub const PRELUDE: &str = "\
SET client_encoding = 'UTF8';
SET default_transaction_read_only = on;
SET row_security = off;
SET statement_timeout = 0;
SET lock_timeout = 0;
SET search_path = pg_catalog;
";

/// What there is in a database.
#[derive(Debug, Deserialize)]
pub struct Live {
    pub server_version: String,
    pub counts: Counts,
    pub tables: Vec<LiveTable>,
    pub invalid_indexes: Vec<String>,
    /// The constraints that its rows were never held to.
    pub not_valid: Vec<String>,
    /// The materialized views that are filled, as SQL has their names.
    pub filled: Vec<String>,
    pub extensions: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub struct LiveTable {
    pub schema: String,
    pub name: String,
    /// `r` for a table or partition, `p` for a partitioned table, `f` for a foreign one.
    pub kind: String,
    /// Whether it belongs to an extension, which fills it with rows of its own.
    pub member: bool,
}

/// The query whose only row is a [`Live`] as JSON.
pub fn query() -> String {
    format!(
        "{PRELUDE}WITH own AS (SELECT oid, nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema')
SELECT json_build_object(
'server_version', split_part(current_setting('server_version'), ' ', 1),
'counts', (SELECT row_to_json(c) FROM ({COUNTS_QUERY}) AS c),
'tables', (SELECT coalesce(json_agg(json_build_object('schema', nspname, 'name', relname, 'kind', relkind, 'member',
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
'extensions', (SELECT coalesce(json_agg(extname ORDER BY extname), '[]') FROM pg_extension WHERE oid >= 16384)
);
"
    )
}

/// The query that reads the names of a dump in its own encoding: one row, a list in the order of `names`.
pub fn names_query(encoding: &str, names: &[&mut String]) -> String {
    let hex = |name: &str| bytes_of(name).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let names: Vec<String> = names.iter().map(|name| literal(&hex(name))).collect();
    format!(
        "{PRELUDE}SELECT coalesce(json_agg(convert_from(decode(name, 'hex'), {}) ORDER BY place), '[]')
FROM unnest(ARRAY[{}]::text[]) WITH ORDINALITY AS given (name, place);\n",
        literal(encoding),
        names.join(", ")
    )
}

/// One table that is counted and read.
#[derive(Debug)]
pub struct Target<'a> {
    pub table: &'a LiveTable,
    /// Rows under a partitioned table, or far away under a foreign one, are not its own.
    with_children: bool,
}

/// The tables to be counted: every table, and what else the manifest has rows of.
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

/// What one psql is told to count every table, to read one row of each, and to look at every sequence. It goes on
/// behind an error, and says it in the place of an answer.
pub fn script(targets: &[Target], sequences: &[SequenceValue]) -> String {
    let mut script = PRELUDE.to_owned();
    for (index, target) in targets.iter().enumerate() {
        let only = if target.with_children { "" } else { "ONLY " };
        let table = qualified(&target.table.schema, &target.table.name);
        script.push_str(&format!("SELECT json_build_array('rows', {index}, count(*)) FROM {only}{table};\n"));
        script.push_str(&or_error("rows", index));
        // The row as text: every column is read and shown, also one that is stored out of line.
        script.push_str(&format!(
            "SELECT json_build_array('row', {index}, coalesce(max(length(shown)), 0)) FROM \
             (SELECT (t.*)::text AS shown FROM {only}{table} AS t LIMIT 1) AS sample;\n"
        ));
        script.push_str(&or_error("row", index));
    }
    for (index, sequence) in sequences.iter().enumerate() {
        let name = qualified(&sequence.schema, &sequence.name);
        script.push_str(&format!(
            "SELECT json_build_array('sequence', {index}, json_build_array(last_value, is_called)) FROM {name};\n"
        ));
        script.push_str(&or_error("sequence", index));
    }
    script.push_str("SELECT json_build_array('end', 0, 0);\n");
    script
}

fn or_error(what: &str, index: usize) -> String {
    let what = literal(what);
    format!("\\if :ERROR\nSELECT json_build_array({what}, {index}, :'LAST_ERROR_MESSAGE');\n\\endif\n")
}

/// What was counted, read and seen, by the place of the table or sequence in its list.
#[derive(Debug, Default)]
pub struct Answers {
    pub rows: Vec<Option<Result<u64, String>>>,
    /// The error of each table of which no row could be read.
    pub unreadable: Vec<Option<String>>,
    pub sequences: Vec<Option<Result<(i64, bool), String>>>,
    /// Whether the last answer was seen.
    pub complete: bool,
}

impl Answers {
    /// Reads what the script made psql write.
    pub fn read(text: &str, tables: usize, sequences: usize) -> serde_json::Result<Answers> {
        let mut answers = Answers {
            rows: vec![None; tables],
            unreadable: vec![Some("it was not read".to_owned()); tables],
            sequences: vec![None; sequences],
            complete: false,
        };
        for line in text.lines() {
            let (what, index, value): (String, usize, serde_json::Value) = serde_json::from_str(line)?;
            let error = value.as_str().map(str::to_owned);
            match what.as_str() {
                "rows" => put(
                    &mut answers.rows,
                    index,
                    Some(error.map_or_else(|| serde_json::from_value(value).map_err(|error| error.to_string()), Err)),
                ),
                "row" => put(&mut answers.unreadable, index, error),
                "sequence" => {
                    let found = match error {
                        Some(error) => Err(error),
                        None => Ok(serde_json::from_value(value)?),
                    };
                    put(&mut answers.sequences, index, Some(found));
                }
                _ => answers.complete = true,
            }
        }
        Ok(answers)
    }
}

fn put<T>(list: &mut [T], index: usize, value: T) {
    if let Some(place) = list.get_mut(index) {
        *place = value;
    }
}

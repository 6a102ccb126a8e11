//! Defines what a manifest records about a dumped database, and how a live database is queried for the same counts.

use serde::{Deserialize, Serialize};

use crate::backup::set::{DatabaseSections, ListedDatabase};
use crate::postgres::dump::fingerprint::Fingerprint;

/// The `database` section of a manifest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatabaseFacts {
    /// The database that the dump creates; none when it was made without `--create`.
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub server_version: Option<String>,
    /// Every table that can hold its own rows, in the order of the dump.
    #[serde(default)]
    pub tables: Vec<TableRows>,
    #[serde(default)]
    pub counts: Counts,
    /// The value of each sequence, as the dump sets it; none if the manifest does not record it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequences: Option<Vec<SequenceValue>>,
    /// The extensions that the dump creates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extensions: Option<Vec<String>>,
    /// How many of the constraints are `NOT VALID`: a restored database has the same number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_valid: Option<u64>,
    /// The encoding of the dump, if it is not UTF8. In names, its bytes are then written as `\xC6`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoding: Option<String>,
    /// The large objects: their number, and their fingerprint if all of them were read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub large_objects: Option<LargeObjectFacts>,
    /// True if the dump creates tables and has no rows: `--schema-only`, `--section`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub without_data: bool,
    /// Whether a restore would accept every statement of the dump; absent if this was not checked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restorable: Option<bool>,
}

fn is_false(value: &bool) -> bool {
    !*value
}

/// The large objects of a dump.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LargeObjectFacts {
    pub count: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<Fingerprint>,
}

/// The value of a sequence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SequenceValue {
    pub schema: String,
    pub name: String,
    pub last_value: i64,
    /// Whether `last_value` was already used; otherwise it is the next value.
    pub is_called: bool,
}

/// One table and its rows in the dump.
///
/// Ordinary tables and partitions are listed. A partitioned table holds no rows itself, and a foreign table's rows are stored
/// elsewhere: these two are listed only if the dump still has rows under their names
/// (`--load-via-partition-root`, `--include-foreign-data`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableRows {
    /// Empty in dumps of `pg_dump` before 10.3, which name tables without their schema.
    pub schema: String,
    pub name: String,
    /// The lines of the table's `COPY` blocks; none without a block to count:
    /// `--inserts`, `--schema-only`, `--exclude-table-data`.
    pub rows: Option<u64>,
    /// The fingerprint of the rows in any order; none if it was not computed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<Fingerprint>,
}

/// The names of these tables and of their columns, of these sequences, and of their schemas.
pub fn names<'a>(
    tables: &'a mut [TableRows],
    sequences: &'a mut [SequenceValue],
) -> impl Iterator<Item = &'a mut String> {
    let tables = tables.iter_mut().flat_map(|table| {
        let columns = table.fingerprint.iter_mut().flat_map(|taken| &mut taken.columns);
        [&mut table.schema, &mut table.name].into_iter().chain(columns)
    });
    tables.chain(sequences.iter_mut().flat_map(|sequence| [&mut sequence.schema, &mut sequence.name]))
}

/// The number of objects of each kind in a dump; `COUNTS_QUERY` counts the same objects in a live database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// `CREATE [UNIQUE] INDEX`: the index of a constraint is counted as a constraint.
    #[serde(default)]
    pub indexes: u64,
    /// Primary keys, unique, exclusion, foreign key and check constraints, of tables and of domains, where `pg_dump`
    /// writes them out. Constraints from a parent (a partition's share of a foreign key, a check inherited by a child)
    /// are left out, but the checks of partitions are repeated. `NOT NULL` is never counted.
    #[serde(default)]
    pub constraints: u64,
    /// `CREATE SEQUENCE`, and the sequences of identity columns.
    #[serde(default)]
    pub sequences: u64,
    /// Views and materialized views.
    #[serde(default)]
    pub views: u64,
    /// Functions, window functions, procedures and aggregates.
    #[serde(default)]
    pub functions: u64,
}

/// Counts in a live database (PostgreSQL 11 and newer) what [`Counts`] counts in its whole dump: one row with the
/// columns of `Counts`, by their names. Members of extensions and system objects are left out, as
/// `pg_dump` leaves them out.
pub const COUNTS_QUERY: &str = "\
WITH own AS (
  SELECT oid FROM pg_catalog.pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
), member AS (
  SELECT classid, objid FROM pg_catalog.pg_depend WHERE deptype = 'e'
), relation AS (
  SELECT oid, relkind, relispartition FROM pg_catalog.pg_class
  WHERE relnamespace IN (SELECT oid FROM own)
    AND oid NOT IN (SELECT objid FROM member WHERE classid = 'pg_catalog.pg_class'::pg_catalog.regclass)
), domain AS (
  SELECT oid FROM pg_catalog.pg_type
  WHERE typtype = 'd' AND typnamespace IN (SELECT oid FROM own)
    AND oid NOT IN (SELECT objid FROM member WHERE classid = 'pg_catalog.pg_type'::pg_catalog.regclass)
)
SELECT
  (SELECT pg_catalog.count(*) FROM pg_catalog.pg_index i JOIN relation t ON t.oid = i.indrelid
   WHERE i.indisready AND (i.indisvalid OR t.relkind = 'p')
     AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint c
                     WHERE c.conindid = i.indexrelid AND c.contype IN ('p', 'u', 'x'))) AS indexes,
  (SELECT pg_catalog.count(*) FROM pg_catalog.pg_constraint c LEFT JOIN relation t ON t.oid = c.conrelid
   WHERE (t.oid IS NOT NULL OR c.contypid IN (SELECT oid FROM domain))
     AND (c.contype IN ('p', 'u', 'x')
       OR c.contype = 'f' AND c.conparentid = 0
       OR c.contype = 'c' AND (c.conislocal OR t.relispartition AND c.convalidated))) AS constraints,
  (SELECT pg_catalog.count(*) FROM relation WHERE relkind = 'S') AS sequences,
  (SELECT pg_catalog.count(*) FROM relation WHERE relkind IN ('v', 'm')) AS views,
  (SELECT pg_catalog.count(*) FROM pg_catalog.pg_proc p
   WHERE p.pronamespace IN (SELECT oid FROM own)
     AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                     WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid = p.oid
                       AND d.deptype IN ('e', 'i'))) AS functions";

/// How sets read the `database` sections of dumps.
pub struct PostgresSections;

impl DatabaseSections for PostgresSections {
    fn read(&self, section: &serde_json::Value) -> Result<ListedDatabase, String> {
        let DatabaseFacts { name, tables, .. } =
            DatabaseFacts::deserialize(section).map_err(|cause| cause.to_string())?;
        Ok(ListedDatabase { name, tables: tables.len(), rows: tables.iter().map(|table| table.rows).sum() })
    }
}

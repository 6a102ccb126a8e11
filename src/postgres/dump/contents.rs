//! Collects what a dump contains, statement by statement.

use std::collections::HashMap;

use crate::postgres::dump::facts::{Counts, LargeObjectFacts, SequenceValue, TableRows, names};
use crate::postgres::dump::fingerprint::Fingerprint;
use crate::postgres::dump::item::Item;
use crate::postgres::dump::statement::large::LargeObjects;
use crate::postgres::dump::statement::{Made, QualifiedName, Statement};

pub(crate) struct Contents {
    statement: Statement,
    pub(crate) database: Option<String>,
    pub(crate) tables: Vec<TableRows>,
    pub(crate) counts: Counts,
    pub(crate) sequences: Vec<SequenceValue>,
    pub(crate) extensions: Vec<String>,
    pub(crate) not_valid: u64,
    pub(crate) encoding: Option<String>,
    places: HashMap<QualifiedName, usize>,
    filling: usize,
    /// What was read of each table's rows, by the table's index.
    filled: Vec<Filled>,
    large: LargeObjects,
    /// Whether the dump has rows, as `COPY` or as `INSERT`.
    pub(crate) has_data: bool,
    /// Whether it drops objects without `IF EXISTS`.
    pub(crate) drops_blindly: bool,
    /// Whether a setting of the database keeps sessions from writing.
    pub(crate) forbids_writing: bool,
}

/// The rows of one table so far.
#[derive(Default)]
struct Filled {
    sum: u128,
    columns: Vec<String>,
    /// Its blocks have different column orders, so their sums cannot be added.
    mixed: bool,
}

impl Contents {
    pub(crate) fn new() -> Contents {
        Contents {
            statement: Statement::new(),
            database: None,
            tables: Vec::new(),
            counts: Counts::default(),
            sequences: Vec::new(),
            extensions: Vec::new(),
            not_valid: 0,
            encoding: None,
            places: HashMap::new(),
            filling: 0,
            filled: Vec::new(),
            large: LargeObjects::default(),
            has_data: false,
            drops_blindly: false,
            forbids_writing: false,
        }
    }

    /// Takes one word, name, string or sign of a statement; returns whether the rest of the statement matters.
    pub(crate) fn push(&mut self, item: Item, text: &[u8]) -> bool {
        self.statement.push(item, text)
    }

    /// Ends the statement; returns whether rows follow.
    pub(crate) fn end_statement(&mut self) -> bool {
        let statement = std::mem::replace(&mut self.statement, Statement::new());
        self.counts.constraints += statement.constraints();
        self.not_valid += u64::from(statement.is_not_valid());
        self.has_data |= statement.is_data();
        self.drops_blindly |= statement.drops_blindly();
        self.forbids_writing |= statement.forbids_writing();
        match statement.made() {
            Made::Nothing => {}
            Made::Database(name) => self.database = Some(name),
            Made::Table(name) => {
                self.place(name);
            }
            Made::Index => self.counts.indexes += 1,
            Made::Sequence => self.counts.sequences += 1,
            Made::SequenceValue(value) => self.sequences.push(value),
            Made::View => self.counts.views += 1,
            Made::Function => self.counts.functions += 1,
            Made::Extension(name) => self.extensions.push(name),
            Made::Encoding(encoding) => self.encoding = Some(encoding),
            Made::LargeObject(large) => self.large.take(large),
            Made::Rows(name, columns) => {
                self.filling = self.place(name);
                let begun = self.tables[self.filling].rows.is_some();
                let filled = &mut self.filled[self.filling];
                filled.mixed |= begun && filled.columns != columns;
                filled.columns = columns;
                return true;
            }
        }
        false
    }

    /// Ends a block. A table may have several: `--load-via-partition-root` writes one for each partition.
    pub(crate) fn add_rows(&mut self, rows: u64, sum: Option<u128>) {
        if let (Some(table), Some(filled)) = (self.tables.get_mut(self.filling), self.filled.get_mut(self.filling)) {
            *table.rows.get_or_insert(0) += rows;
            filled.mixed |= sum.is_none();
            filled.sum = filled.sum.wrapping_add(sum.unwrap_or_default());
        }
    }

    /// Sets the fingerprint of each table's rows, after all rows were read.
    pub(crate) fn take_fingerprints(&mut self) {
        for (table, filled) in self.tables.iter_mut().zip(&mut self.filled) {
            let taken = table.rows.is_some() && !filled.mixed;
            table.fingerprint = taken.then(|| Fingerprint::of(filled.sum, std::mem::take(&mut filled.columns)));
        }
    }

    pub(crate) fn large_objects(&self) -> LargeObjectFacts {
        let (count, sum) = self.large.found();
        LargeObjectFacts { count, fingerprint: sum.map(|sum| Fingerprint::of(sum, Vec::new())) }
    }

    /// The names of the tables, of their columns, of the sequences, and of their schemas.
    pub(crate) fn names(&mut self) -> impl Iterator<Item = &mut String> {
        names(&mut self.tables, &mut self.sequences)
    }

    /// The table of the current rows.
    pub(crate) fn filling(&self) -> String {
        match self.tables.get(self.filling) {
            Some(table) if table.schema.is_empty() => table.name.clone(),
            Some(table) => format!("{}.{}", table.schema, table.name),
            None => String::new(),
        }
    }

    fn place(&mut self, name: QualifiedName) -> usize {
        *self.places.entry(name).or_insert_with_key(|QualifiedName { schema, name }| {
            self.tables.push(TableRows { schema: schema.clone(), name: name.clone(), rows: None, fingerprint: None });
            self.filled.push(Filled::default());
            self.tables.len() - 1
        })
    }
}

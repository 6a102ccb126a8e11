//! Puts together what a dump contains, statement by statement.

use std::collections::HashMap;

use crate::postgres::dump::facts::{Counts, SequenceValue, TableRows};
use crate::postgres::dump::item::Item;
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
        }
    }

    /// One word, name, string or sign of a statement; says whether the rest of the statement matters.
    pub(crate) fn push(&mut self, item: Item, text: &[u8]) -> bool {
        self.statement.push(item, text)
    }

    /// The statement is whole; says whether rows follow.
    pub(crate) fn end_statement(&mut self) -> bool {
        let statement = std::mem::replace(&mut self.statement, Statement::new());
        self.counts.constraints += statement.constraints();
        self.not_valid += u64::from(statement.is_not_valid());
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
            Made::Rows(name) => {
                self.filling = self.place(name);
                return true;
            }
        }
        false
    }

    /// A block has ended. A table may have several: `--load-via-partition-root` writes one for each partition.
    pub(crate) fn add_rows(&mut self, rows: u64) {
        if let Some(table) = self.tables.get_mut(self.filling) {
            *table.rows.get_or_insert(0) += rows;
        }
    }

    /// The names of the tables and sequences, and of their schemas.
    pub(crate) fn names(&mut self) -> impl Iterator<Item = &mut String> {
        let tables = self.tables.iter_mut().flat_map(|table| [&mut table.schema, &mut table.name]);
        let sequences = self.sequences.iter_mut();
        tables.chain(sequences.flat_map(|sequence| [&mut sequence.schema, &mut sequence.name]))
    }

    /// The table whose rows were begun last.
    pub(crate) fn filling(&self) -> String {
        match self.tables.get(self.filling) {
            Some(table) if table.schema.is_empty() => table.name.clone(),
            Some(table) => format!("{}.{}", table.schema, table.name),
            None => String::new(),
        }
    }

    fn place(&mut self, name: QualifiedName) -> usize {
        *self.places.entry(name).or_insert_with_key(|QualifiedName { schema, name }| {
            self.tables.push(TableRows { schema: schema.clone(), name: name.clone(), rows: None });
            self.tables.len() - 1
        })
    }
}

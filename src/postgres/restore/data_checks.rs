//! Compares the rows and the large objects of a restored database with the fingerprints of its backup.

use std::collections::HashMap;

use serde_json::Value;

use crate::error::Result;
use crate::postgres::dump::facts::{DatabaseFacts, TableRows};
use crate::postgres::dump::fingerprint::{KIND, shown as hex};
use crate::postgres::restore::checks::{Check, written_by_triggers};
use crate::postgres::restore::live::{Live, LiveTable};
use crate::postgres::restore::read_back::{Read, ReadBack, TableColumns, Writing};
use crate::postgres::server::quoting::shown;

/// Up to this many differing tables have their own check.
const LISTED: usize = 100;

/// One table with a fingerprint in the backup.
struct Table<'a> {
    said: &'a TableRows,
    live: &'a LiveTable,
    value: &'a str,
    asked: TableColumns,
}

/// The tables with fingerprints in the backup.
pub struct Data<'a> {
    tables: Vec<Table<'a>>,
    places: HashMap<(&'a str, &'a str), usize>,
    expected: &'a DatabaseFacts,
}

/// The number of rows read of each of these tables, and their sum.
pub type Found = Vec<Read<(u64, u128)>>;

impl<'a> Data<'a> {
    pub fn of(expected: &'a DatabaseFacts, live: &'a Live) -> Data<'a> {
        let tables = tables(expected, live);
        let place = |(at, table): (usize, &Table<'a>)| ((table.live.schema.as_str(), table.live.name.as_str()), at);
        let places = tables.iter().enumerate().map(place).collect();
        Data { tables, places, expected }
    }

    /// Whether the rows of this table are read, and therefore counted.
    pub fn reads(&self, table: &LiveTable) -> bool {
        self.place(table).is_some()
    }

    /// The number of rows read of a table, or the error message of the server.
    pub fn rows(&self, found: &Found, table: &LiveTable) -> Option<Read<u64>> {
        let read = found.get(self.place(table)?)?;
        Some(read.clone().map(|(rows, _)| rows))
    }

    fn place(&self, table: &LiveTable) -> Option<usize> {
        self.places.get(&(table.schema.as_str(), table.name.as_str())).copied()
    }

    /// Reads all of the tables.
    pub async fn read(&self, read_back: &ReadBack<'_>) -> Result<Found> {
        match self.tables.is_empty() {
            true => Ok(Vec::new()),
            false => read(read_back, self.expected, &self.tables).await,
        }
    }

    /// The checks of the data, and of the large objects; `explained` says how the servers differ, and whether event triggers write.
    pub async fn checks(
        &self,
        read_back: &ReadBack<'_>,
        found: Found,
        explained: (Option<&str>, bool),
    ) -> Result<Vec<Check>> {
        let mut checks = not_taken(self.expected);
        if !self.tables.is_empty() {
            checks.extend(judged(read_back, &self.tables, found, explained).await?);
        }
        checks.extend(large_objects(read_back, self.expected).await?);
        Ok(checks)
    }
}

fn tables<'a>(expected: &'a DatabaseFacts, live: &'a Live) -> Vec<Table<'a>> {
    let by_name: HashMap<(&str, &str), &LiveTable> =
        live.tables.iter().map(|table| ((table.schema.as_str(), table.name.as_str()), table)).collect();
    let known = |said: &'a TableRows| {
        let taken = said.fingerprint.as_ref().filter(|taken| taken.kind == KIND)?;
        let live = *by_name.get(&(said.schema.as_str(), said.name.as_str()))?;
        let asked = TableColumns {
            schema: live.schema.clone(),
            name: live.name.clone(),
            columns: taken.columns.clone(),
            with_children: live.kind != "r",
            bytes: live.bytes,
        };
        Some(Table { said, live, value: &taken.value, asked })
    };
    expected.tables.iter().filter_map(known).collect()
}

/// Tables whose rows are in the backup without a fingerprint.
fn not_taken(expected: &DatabaseFacts) -> Vec<Check> {
    let without =
        |said: &&TableRows| said.rows.is_some() && said.fingerprint.as_ref().is_none_or(|taken| taken.kind != KIND);
    let count = expected.tables.iter().filter(without).count();
    let why = format!("the manifest has no fingerprint of the rows of {count} tables");
    (count > 0).then(|| Check::not_compared("data", why)).into_iter().collect()
}

/// Reads every table as the backup was written. For a dump by another program, the time zone and the output of bytes are unknown:
/// a table that differs is read again with the alternatives.
async fn read(read_back: &ReadBack<'_>, expected: &DatabaseFacts, tables: &[Table<'_>]) -> Result<Found> {
    let encoding = expected.encoding.as_deref().unwrap_or("UTF8");
    let ways = [(Some("UTC"), None), (None, None), (Some("UTC"), Some("escape")), (Some("UTC"), Some("hex"))];
    let mut found: Found = vec![Err("it was not read".to_owned()); tables.len()];
    let mut open: Vec<usize> = (0..tables.len()).collect();
    for (time_zone, bytea) in ways {
        let asked: Vec<TableColumns> = open.iter().map(|at| tables[*at].asked.clone()).collect();
        let read = read_back.tables(&asked, Writing { encoding, time_zone, bytea }).await?;
        let mut left = Vec::new();
        for (at, read) in open.into_iter().zip(read) {
            let rows = read.as_ref().is_ok_and(|(rows, _)| Some(*rows) == tables[at].said.rows);
            if rows && !is_same(&read, &tables[at]) {
                left.push(at);
            }
            if found[at].is_err() || is_same(&read, &tables[at]) {
                found[at] = read;
            }
        }
        open = left;
        if open.is_empty() {
            break;
        }
    }
    Ok(found)
}

fn is_same(read: &Read<(u64, u128)>, table: &Table) -> bool {
    read.as_ref().is_ok_and(|(_, sum)| hex(*sum) == table.value)
}

async fn judged(
    read_back: &ReadBack<'_>,
    tables: &[Table<'_>],
    read: Found,
    explained: (Option<&str>, bool),
) -> Result<Vec<Check>> {
    let (mut checks, mut same, mut compared) = (Vec::new(), 0, tables.len());
    for (table, read) in tables.iter().zip(read) {
        if is_same(&read, table) {
            same += 1;
            continue;
        }
        let check = difference(read_back, table, read, explained).await?;
        compared -= usize::from(!check.compared);
        checks.push(check);
    }
    checks.truncate(LISTED);
    checks.push(Check::new("data", compared, same));
    Ok(checks)
}

async fn difference(
    read_back: &ReadBack<'_>,
    table: &Table<'_>,
    read: Read<(u64, u128)>,
    (other, event_triggers): (Option<&str>, bool),
) -> Result<Check> {
    let object = shown(&table.live.schema, &table.live.name);
    let said = table.said.rows.unwrap_or(0);
    Ok(match read {
        Err(error) if error.contains("row-level security") => {
            Check::not_compared("data", format!("row-level security hides rows from this role: {error}")).of(object)
        }
        Err(error) => Check::new("data", table.value, Value::Null).of(object).because(|| error),
        Ok((rows, _)) if table.live.member && rows > said => {
            Check::not_compared("data", "the extension fills it with rows of its own as well").of(object)
        }
        Ok((rows, _)) if event_triggers && rows > said => {
            Check::not_compared("data", written_by_triggers(rows - said)).of(object)
        }
        Ok((rows, sum)) => {
            let kinds = match other {
                Some(_) => read_back.written_by_version(&table.asked).await?,
                None => Vec::new(),
            };
            match other.filter(|_| !kinds.is_empty() && rows == said) {
                Some(why) => {
                    let why = format!("{why}; values of {} may be written in another way", kinds.join(", "));
                    Check::not_compared("data", why).of(object)
                }
                None => Check::new("data", table.value, hex(sum)).of(object).because(|| match rows == said {
                    true => format!("it has {rows} rows as the backup, and other values in them"),
                    false => format!("it has {rows} rows, and the backup {said}"),
                }),
            }
        }
    })
}

async fn large_objects(read_back: &ReadBack<'_>, expected: &DatabaseFacts) -> Result<Option<Check>> {
    let Some(said) = &expected.large_objects else { return Ok(None) };
    let check = match (read_back.large_objects().await?, &said.fingerprint) {
        (Err(error), _) if error.contains("permission denied") => {
            Check::not_compared("large objects", format!("this role may not read all of them: {error}"))
        }
        (Err(error), _) => Check::new("large objects", said.count, Value::Null).because(|| error),
        (Ok((count, _)), _) if count != said.count => Check::new("large objects", said.count, count),
        (Ok(_), None) => Check::not_compared("large objects", "the manifest has no fingerprint of them"),
        (Ok((count, sum)), Some(taken)) => {
            let mut check = Check::new("large objects", said.count, count);
            check.ok = hex(sum) == taken.value;
            check.because(|| "they are as many, and their contents are others".to_owned())
        }
    };
    Ok(Some(check))
}

//! Compares the content of a backup with earlier ones, and reports what is much smaller than usual.

use super::series::series_of;
use crate::error::{Error, Kind, Result};
use crate::report::remark::{Level, Remark};
use crate::stream::Facts;

/// How many of the last backups define the usual size: after that many runs, a new size is normal.
pub const USUAL_RUNS: usize = 3;

/// Figures about a backup.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Content {
    /// The name of its file, without dates and times.
    pub series: String,
    pub size_bytes: u64,
    /// For a dump, its database, with the number of tables and of all rows.
    pub database: Option<String>,
    pub tables: Option<u64>,
    pub rows: Option<u64>,
}

impl Content {
    pub fn of(facts: &Facts, name: &str, size_bytes: u64) -> Content {
        let content = Content { series: series_of(name), size_bytes, ..Content::default() };
        facts.sections.get("database").map_or(content.clone(), |database| content.with_database(database))
    }

    /// Read from a manifest.
    pub fn of_manifest(manifest: &serde_json::Value) -> Content {
        let content = Content {
            series: series_of(manifest["name"].as_str().unwrap_or_default()),
            size_bytes: manifest["size_bytes"].as_u64().unwrap_or_default(),
            ..Content::default()
        };
        content.with_database(&manifest["database"])
    }

    fn with_database(self, database: &serde_json::Value) -> Content {
        let tables = database["tables"].as_array();
        let rows = tables.map(|tables| tables.iter().filter_map(|table| table["rows"].as_u64()).sum());
        let name = database["name"].as_str().map(str::to_owned);
        Content { database: name, tables: tables.map(|tables| tables.len() as u64), rows, ..self }
    }
}

/// Refuses a dump without tables if the last dump of this database had some.
pub fn must_have_tables(label: &str, now: &Content, past: &[Content], allow_empty: bool) -> Result<()> {
    let before = past.iter().find(|before| before.database == now.database).and_then(|before| before.tables);
    match before.filter(|before| now.tables == Some(0) && *before > 0 && !allow_empty) {
        None => Ok(()),
        Some(before) => Err(Error::new(Kind::Integrity, format!("refused a backup without tables from `{label}`"))
            .because_text(format!("the last backup of this database has {before}"))
            .hint("is it the right database? where it was emptied on purpose: `:save(path, { allow_empty = true })`")),
    }
}

/// The remarks on a backup, compared with these earlier ones, newest first.
pub fn remarks(now: &Content, past: &[Content]) -> Option<Remark> {
    another_database(now, past).or_else(|| fewer_rows(now, past)).or_else(|| smaller(now, past))
}

fn another_database(now: &Content, past: &[Content]) -> Option<Remark> {
    let database = now.database.as_ref()?;
    let before = past.iter().filter(|before| before.series == now.series).filter_map(|before| before.database.as_ref());
    let before: Vec<&String> = before.take(USUAL_RUNS).collect();
    let first = before.first().filter(|_| !before.contains(&database))?;
    let message = format!("the backups of this name were of the database `{first}`, and this one is of `{database}`");
    let hint = "was the recipe pointed at another database? give each database a name of its own";
    Some(Remark::new(Level::Incomplete, "another_database", message).hint(hint))
}

fn fewer_rows(now: &Content, past: &[Content]) -> Option<Remark> {
    let rows = now.rows?;
    let same = past.iter().filter(|before| before.database == now.database && before.series == now.series);
    let usual = same.filter_map(|before| before.rows).take(USUAL_RUNS).max()?;
    let hint = "look at the database; after three such backups this is the usual number";
    let said = |kind: &str, message: String| Some(Remark::new(Level::Warning, kind, message).hint(hint));
    match rows {
        0 if usual > 0 => said("no_rows", format!("the dump has no rows, where it had {usual}")),
        rows if rows < usual - usual / 2 => {
            said("fewer_rows", format!("the dump has {rows} rows, less than half of the usual {usual}"))
        }
        _ => None,
    }
}

fn smaller(now: &Content, past: &[Content]) -> Option<Remark> {
    let same = past.iter().filter(|before| before.series == now.series);
    let usual = same.map(|before| before.size_bytes).take(USUAL_RUNS).max()?;
    let size = now.size_bytes;
    let message = format!("the backup has {size} bytes, less than half of the usual {usual}");
    let hint = "look at what it is made of; after three such backups this is the usual size";
    (size < usual - usual / 2).then(|| Remark::new(Level::Warning, "smaller", message).hint(hint))
}

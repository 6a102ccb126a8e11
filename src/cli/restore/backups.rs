//! Lists the backups of a database with the data of their manifests and of the record.

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use crate::catalog::manifest::SUFFIX;
use crate::catalog::{Moment, Run, RunFilter, Status};
use crate::cli::context::Context;
use crate::cli::runs;
use crate::error::Result;
use crate::report::table::{Column, print_table};
use crate::units::{show_age, show_size};
use crate::world::real::{config_files, this_process};

const COLUMNS: [Column; 6] = [
    Column::number("#"),
    Column::id("BACKUP"),
    Column::number("AGE"),
    Column::number("SIZE"),
    Column::number("ROWS"),
    Column::text("LAST DRILL"),
];

/// A backup that is there.
#[derive(Serialize)]
pub struct Found {
    pub name: String,
    pub path: String,
    pub created_at: Option<String>,
    age_secs: u64,
    size_bytes: u64,
    rows: Option<u64>,
    /// Whether hikae can restore it, as far as its manifest says.
    restorable: Option<bool>,
    /// When it was last restored and compared.
    drilled_at: Option<String>,
    #[serde(skip)]
    drilled: Option<Moment>,
}

/// The backups in a folder that say that they are of this database, the newest first.
pub fn of(context: &Context, dir: &Path, database: Option<&str>) -> Result<Vec<Found>> {
    let drills = drills(context)?;
    let mut found = Vec::new();
    for name in config_files::list(dir)?.unwrap_or_default() {
        let Some(backup) = name.strip_suffix(SUFFIX) else { continue };
        // An unreadable backup cannot be chosen; `hikae verify` reports why.
        let Ok(Some(text)) = config_files::read(&dir.join(&name)) else { continue };
        let Ok(manifest) = serde_json::from_str::<Value>(&text) else { continue };
        let of = manifest["database"]["name"].as_str();
        if manifest["database"].is_null() || database.is_some_and(|database| of.is_some_and(|of| of != database)) {
            continue;
        }
        found.extend(one(&dir.join(backup), backup, &manifest, &drills)?);
    }
    found.sort_by_key(|backup| backup.age_secs);
    Ok(found)
}

fn one(path: &Path, name: &str, manifest: &Value, drills: &[Run]) -> Result<Option<Found>> {
    let Some(seen) = config_files::look(path)? else { return Ok(None) };
    let created = manifest["created_at"].as_str();
    let at = created.and_then(|text| chrono::DateTime::parse_from_rfc3339(text).ok());
    let at = at.or_else(|| chrono::DateTime::from_timestamp(seen.modified.0, 0).map(|at| at.fixed_offset()));
    let age = at.map_or(0, |at| (this_process::now() - at).num_seconds().max(0));
    let rows = |table: &Value| table["rows"].as_u64();
    let rows = manifest["database"]["tables"].as_array().and_then(|tables| tables.iter().map(rows).sum());
    let shown = path.display().to_string();
    let begins = format!("restore of {shown} into ");
    let restored =
        |run: &&Run| run.steps.iter().any(|step| step.name.starts_with(&begins) && step.status == Status::Success);
    let drilled = drills.iter().filter(restored).map(|run| run.started_at).max();
    Ok(Some(Found {
        name: name.to_owned(),
        path: shown,
        created_at: created.map(str::to_owned),
        age_secs: age.unsigned_abs(),
        size_bytes: seen.size_bytes,
        rows,
        restorable: manifest["database"]["restorable"].as_bool(),
        drilled_at: drilled.map(|at| at.to_rfc3339()),
        drilled,
    }))
}

/// The drills that were successful.
fn drills(context: &Context) -> Result<Vec<Run>> {
    let alive = |run: &_| runs::alive(context, run);
    let all = runs::catalog(context)?.runs(&RunFilter::default(), &alive)?;
    Ok(all.into_iter().filter(|run| run.is_drill() && run.status == Status::Success).collect())
}

pub fn print(context: &Context, out: &mut dyn Write, found: &[Found]) -> Result<()> {
    let age = |secs: u64| show_age(Duration::from_secs(secs));
    let rows = found.iter().enumerate().map(|(index, backup)| {
        let drilled = backup.drilled.map(|at| age((this_process::now() - at).num_seconds().unsigned_abs()));
        let state = match (backup.restorable, drilled) {
            (Some(false), _) => "cannot be restored".to_owned(),
            (_, Some(ago)) => format!("{ago} ago"),
            (_, None) => "no drill yet".to_owned(),
        };
        let rows = backup.rows.map_or_else(|| "-".to_owned(), |rows| rows.to_string());
        vec![
            (index + 1).to_string(),
            backup.name.clone(),
            age(backup.age_secs),
            show_size(backup.size_bytes),
            rows,
            state,
        ]
    });
    print_table(out, &context.facts, &COLUMNS, rows)
}

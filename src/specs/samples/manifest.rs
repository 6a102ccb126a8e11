//! A manifest as hikae writes it beside a backup.

use std::collections::BTreeMap;

use bytes::Bytes;
use chrono::{DateTime, FixedOffset};
use serde::Deserialize;

use crate::catalog::manifest::{Manifest, RecipeMark};
use crate::error::{Error, Kind, Result};
use crate::postgres::dump::facts::{DatabaseFacts, TableRows};
use crate::stream::Facts;
use crate::stream::pump::Tally;
use crate::stream::sha256::Sha256;
use crate::units::parse_size;
use crate::world::simulated::setup_values;

/// The content of a sample manifest.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {
    name: String,
    #[serde(default)]
    size: Option<String>,
    #[serde(default, deserialize_with = "setup_values::some_bytes")]
    content: Option<Bytes>,
    #[serde(default, deserialize_with = "setup_values::some_moment")]
    created_at: Option<DateTime<FixedOffset>>,
    #[serde(default)]
    database: Option<String>,
    #[serde(default)]
    rows: BTreeMap<String, u64>,
}

pub fn text(options: Options) -> Result<String> {
    let Options { name, size, content, created_at, database, rows } = options;
    let content = content.unwrap_or_default();
    let size_bytes = size.as_deref().map(parse_size).transpose()?.unwrap_or(content.len() as u64);
    let tables = rows.into_iter().map(|(name, rows)| TableRows {
        schema: "public".to_owned(),
        name,
        rows: Some(rows),
        fingerprint: None,
    });
    let section = DatabaseFacts {
        name: Some(database.unwrap_or_else(|| crate::specs::samples::dump::DATABASE.to_owned())),
        server_version: Some(crate::specs::samples::dump::VERSION.to_owned()),
        tables: tables.collect(),
        ..DatabaseFacts::default()
    };
    let mut facts = Facts { plain_bytes: size_bytes, ..Facts::default() };
    facts.sections.insert("database".to_owned(), json(&section)?);
    facts.tools.insert("pg_dump".to_owned(), crate::specs::samples::dump::VERSION.to_owned());
    let recipe = RecipeMark { name: "db-backup".to_owned(), sha256: Sha256::of("") };
    let tally = Tally { size_bytes, sha256: Sha256::of(&content) };
    let created_at = created_at.unwrap_or_default();
    Manifest::new("BKP-20260101-020000-daily", recipe, created_at, "simulated", &name, &tally, &facts)
        .to_text()
        .map_err(|cause| Error::new(Kind::Other, "cannot write the sample of a manifest").because(cause))
}

fn json(section: &DatabaseFacts) -> Result<serde_json::Value> {
    serde_json::to_value(section)
        .map_err(|cause| Error::new(Kind::Other, "cannot write the sample of a manifest").because(cause))
}

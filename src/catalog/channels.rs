//! Reads the channels that people add to the catalog by hand, with the runbook's SQL (§8.1.3).

use rusqlite::Row;

use super::Catalog;
use crate::error::Result;
use crate::secret::Secret;

/// An active row of `notification_channels`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelRow {
    pub name: String,
    pub kind: String,
    pub url: Option<Secret>,
    pub types: Vec<String>,
}

impl Catalog {
    /// The active channels, in the order in which they were added.
    pub fn channels(&self) -> Result<Vec<ChannelRow>> {
        let channel = |row: &Row| {
            let (url, types): (Option<String>, String) = (row.get("webhook_url")?, row.get("notification_types")?);
            let words = types.split([',', ' ']).filter(|word| !word.is_empty());
            Ok(ChannelRow {
                name: row.get("channel_name")?,
                kind: row.get("channel_type")?,
                url: url.filter(|url| !url.trim().is_empty()).map(|url| Secret::new(url.trim())),
                types: words.map(str::to_owned).collect(),
            })
        };
        self.reading(|tx| {
            let sql = "SELECT * FROM notification_channels WHERE is_active = 1 ORDER BY number";
            tx.prepare_cached(sql)?.query_map([], channel)?.collect()
        })
    }
}

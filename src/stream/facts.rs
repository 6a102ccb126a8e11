//! Collects what a stream learns about itself on the way, for the manifest.

use std::collections::BTreeMap;

use super::nothing::Small;

/// What the stages of a stream have learnt; the sink writes it into the manifest.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Bytes that the source gave, before any stage changed them.
    pub plain_bytes: u64,
    /// The same bytes, as long as they are few: whether they hold anything is decided at the end.
    pub plain: Small,
    /// Versions of the programs that took part: `pg_dump` → `15.18`.
    pub tools: BTreeMap<String, String>,
    /// Sections of the manifest by their key, such as `database`.
    pub sections: BTreeMap<String, serde_json::Value>,
    /// The sections that stages are going to fill, empty: what a plan can show of them.
    pub shapes: BTreeMap<String, serde_json::Value>,
    /// The standard tools that undo each stage, in the order in which the stages were applied: `gzip -dc`.
    pub undo: Vec<String>,
    /// The standard tool that takes the plain bytes back: `psql -X … -d postgres`.
    pub load: Option<String>,
    /// The whole line that restores it, where that is no pipe out of this one file.
    pub restore: Option<String>,
    /// What the stages hashed by request of the recipe: label → lower-case hex.
    pub hashes: BTreeMap<String, String>,
}

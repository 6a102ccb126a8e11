//! The object stores of a simulated world and what they hold.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::secret::Secret;
use crate::world::objects::ObjectStat;
use crate::world::simulated::tree::Content;

/// How the object stores of a world answer.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StoreSetup {
    /// The only keys that they know; any is fine when absent.
    pub access_key: Option<String>,
    pub secret_key: Option<Secret>,
    /// Nothing listens there.
    pub down: bool,
}

/// All stores of a world, which are distinguished by the names of their buckets.
#[derive(Default)]
pub struct Stores {
    /// By `s3://bucket`.
    pub buckets: BTreeMap<String, Bucket>,
    /// The addresses of what is being uploaded.
    pub uploads: BTreeSet<String>,
    /// The objects that are being read.
    pub reading: Vec<String>,
    pub setup: StoreSetup,
}

pub type Bucket = BTreeMap<String, Stored>;

/// One object.
#[derive(Clone)]
pub struct Stored {
    pub content: Content,
    pub stat: ObjectStat,
}

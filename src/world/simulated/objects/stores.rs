//! The object stores of a simulated world and their contents.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, FixedOffset};
use serde::Deserialize;

use crate::secret::Secret;
use crate::world::objects::{ObjectStat, Store};
use crate::world::simulated::tree::Content;

/// How the object stores of a world answer.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StoreSetup {
    /// The only keys that they accept; any if not set.
    pub access_key: Option<String>,
    pub secret_key: Option<Secret>,
    /// The store is unreachable.
    pub down: bool,
}

/// All stores of a world, identified by their addresses.
#[derive(Default)]
pub struct Stores {
    /// By address: `s3://bucket/key`.
    pub objects: BTreeMap<String, Stored>,
    /// Buckets, `s3://bucket`, and folders, `file:///mnt/nas`.
    pub buckets: BTreeSet<String>,
    /// The addresses of unfinished uploads.
    pub uploads: BTreeSet<String>,
    /// The objects that are being read.
    pub reading: Vec<String>,
    pub setup: StoreSetup,
    /// The lifecycle rules, by bucket.
    pub lifecycles: BTreeMap<String, String>,
}

impl Stores {
    /// Everything whose address has this prefix, in address order.
    pub fn below<'a>(&'a self, begin: &'a str) -> impl Iterator<Item = (&'a String, &'a Stored)> {
        self.objects.range(begin.to_owned()..).take_while(move |(address, _)| address.starts_with(begin))
    }

    /// Whether a bucket exists. A folder exists if something is below it.
    pub fn has(&self, store: &Store) -> bool {
        let container = store.container();
        let below = format!("{}/", container.trim_end_matches('/'));
        self.buckets.contains(&container)
            || store.kind.is_tree()
                && (self.below(&below).next().is_some() || self.buckets.iter().any(|one| one.starts_with(&below)))
    }
}

/// One object.
#[derive(Clone)]
pub struct Stored {
    pub content: Content,
    pub stat: ObjectStat,
    /// The end of its lock.
    pub locked_until: Option<DateTime<FixedOffset>>,
}

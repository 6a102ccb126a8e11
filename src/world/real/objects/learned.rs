//! Keeps what the stores' answers have shown in this process: the region of a bucket, and which conditions it honors.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use crate::world::objects::Store;

/// The facts learned so far; clones share them.
#[derive(Clone, Default)]
pub struct Learned {
    buckets: Arc<Mutex<BTreeMap<String, Bucket>>>,
}

#[derive(Default)]
struct Bucket {
    /// The bucket's region, if it differs from the one first used.
    region: Option<String>,
    /// Whether the store is Google, which ignores the conditions of S3.
    is_google: bool,
    condition: Condition,
    /// Whether leftovers of dead runs were already looked for.
    swept: bool,
}

/// Whether a store honors `If-None-Match: *`.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub enum Condition {
    #[default]
    Unknown,
    /// A caller is finding it out.
    Asked,
    Kept,
    Ignored,
}

impl Learned {
    pub fn region(&self, store: &Store) -> Option<String> {
        self.on(store, |bucket| bucket.region.clone())
    }

    pub fn keep_region(&self, store: &Store, region: &str) {
        self.on(store, |bucket| bucket.region = Some(region.to_owned()));
    }

    pub fn is_google(&self, store: &Store) -> bool {
        self.on(store, |bucket| bucket.is_google)
    }

    pub fn keep_google(&self, store: &Store) {
        self.on(store, |bucket| bucket.is_google = true);
    }

    pub fn condition(&self, store: &Store) -> Condition {
        self.on(store, |bucket| bucket.condition)
    }

    pub fn keep_condition(&self, store: &Store, condition: Condition) {
        self.on(store, |bucket| bucket.condition = condition);
    }

    /// Whether this caller must find it out, and then record the result.
    pub fn asks_condition(&self, store: &Store) -> bool {
        self.on(store, |bucket| {
            let asks = bucket.condition == Condition::Unknown;
            if asks {
                bucket.condition = Condition::Asked;
            }
            asks
        })
    }

    /// Whether this caller must look for leftovers of dead runs.
    pub fn sweeps(&self, store: &Store) -> bool {
        self.on(store, |bucket| !std::mem::replace(&mut bucket.swept, true))
    }

    fn on<T>(&self, store: &Store, work: impl FnOnce(&mut Bucket) -> T) -> T {
        let endpoint = store.endpoint.as_ref().map_or("", |endpoint| endpoint.url().as_str());
        work(self.lock().entry(format!("{endpoint} {}", store.container())).or_default())
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Bucket>> {
        self.buckets.lock().unwrap_or_else(|broken| broken.into_inner())
    }
}

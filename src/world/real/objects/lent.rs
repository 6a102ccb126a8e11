//! Keeps temporary keys and tokens until shortly before they expire.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use chrono::{DateTime, FixedOffset};

use crate::secret::Secret;
use crate::world::objects::Keys;
use crate::world::real::clock;

/// Keys that expire sooner than this are fetched again.
const MARGIN: Duration = Duration::from_secs(300);

/// The keys fetched so far; clones share them.
#[derive(Clone, Default)]
pub struct Lent {
    keys: Arc<Mutex<Option<Held<KeysOf>>>>,
    tokens: Arc<Mutex<BTreeMap<String, Held<Secret>>>>,
}

/// The keys, and their source.
type KeysOf = (Keys, String);

#[derive(Clone)]
struct Held<T> {
    what: T,
    until: Option<DateTime<FixedOffset>>,
}

impl<T: Clone> Held<T> {
    fn fresh(&self) -> Option<T> {
        let fresh = self.until.is_none_or(|until| clock::now() + MARGIN < until);
        fresh.then(|| self.what.clone())
    }
}

impl Lent {
    pub fn keys(&self) -> Option<(Keys, String)> {
        lock(&self.keys).as_ref()?.fresh()
    }

    pub fn keep_keys(&self, keys: &(Keys, String), until: Option<DateTime<FixedOffset>>) {
        *lock(&self.keys) = Some(Held { what: keys.clone(), until });
    }

    pub fn token(&self, of: &str) -> Option<Secret> {
        lock(&self.tokens).get(of)?.fresh()
    }

    pub fn keep_token(&self, of: &str, token: &Secret, secs: u64) {
        let until = clock::now() + Duration::from_secs(secs.min(86_400));
        lock(&self.tokens).insert(of.to_owned(), Held { what: token.clone(), until: Some(until) });
    }
}

fn lock<T>(held: &Mutex<T>) -> MutexGuard<'_, T> {
    held.lock().unwrap_or_else(|broken| broken.into_inner())
}

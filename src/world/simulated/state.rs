//! The state of a simulated world, shared with its streams and locks.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use bytes::Bytes;
use chrono::{DateTime, FixedOffset};

use super::clock::Clock;
use super::objects::stores::Stores;
use super::seen::{Heard, Holder, Posted, Ran};
use super::tree::{Content, Tree, What};
use super::ways::{Roots, View};
use crate::error::Result;

pub struct State {
    pub tree: Tree,
    pub roots: Roots,
    pub clock: Arc<Clock>,
    pub process_id: u32,
    pub locks: BTreeMap<PathBuf, Holder>,
    /// Partial files whose writers are alive.
    pub writing: BTreeSet<PathBuf>,
    /// The number of partial files so far.
    pub parts: u64,
    /// Files that are open for reading.
    pub reading: Vec<PathBuf>,
    pub ran: Vec<Ran>,
    /// Calls of programs, and requests, that this world does not declare.
    pub undeclared: Vec<String>,
    pub heard: Heard,
    pub stores: Stores,
    /// Mails that the server accepted, in order.
    pub posted: Vec<Posted>,
    /// The number of mails that the server has deferred.
    pub put_off: u32,
}

impl State {
    pub fn now(&self) -> DateTime<FixedOffset> {
        self.clock.now()
    }

    /// The tree, limited to the declared paths.
    pub fn view(&mut self) -> View<'_> {
        let now = self.clock.now();
        View { tree: &mut self.tree, roots: &self.roots, now }
    }

    /// The tree as programs see it, without the limit of the declared paths.
    pub fn whole(&mut self) -> View<'_> {
        let now = self.clock.now();
        View { tree: &mut self.tree, roots: &None, now }
    }

    /// Adds a file that a program has written.
    pub fn write_for_a_program(&mut self, path: &Path, data: &Bytes) -> Result<()> {
        let spot = match self.whole().spot(path, None) {
            Ok(spot) => spot,
            Err(cause) => return Err(self.whole().trouble("write", path, cause)),
        };
        let node = self.tree.ours(What::File(Content::Pieces(vec![data.clone()])), 0o600, self.now());
        self.tree.put(&spot, node);
        Ok(())
    }
}

/// The state, shared by the world and its streams and locks.
#[derive(Clone)]
pub struct Shared(Arc<Mutex<State>>);

impl Shared {
    pub fn new(state: State) -> Shared {
        Shared(Arc::new(Mutex::new(state)))
    }

    pub fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(|broken| broken.into_inner())
    }
}

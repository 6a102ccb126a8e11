//! Collects what was noticed while files were read for an archive: what was left out, and what changed meanwhile.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};

use serde::Serialize;

use super::meta::MetaKind;

/// How many names of each sort are kept; the others are only counted.
const MOST_NAMES: usize = 100;

/// What was noticed so far, shared by all who read.
#[derive(Clone, Default)]
pub struct Findings(Arc<Mutex<Noticed>>);

/// What an archive leaves out, and what is not as it was.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Noticed {
    pub sockets: u64,
    pub fifos: u64,
    pub devices: u64,
    /// Partial files of hikae.
    pub unfinished: u64,
    /// Files and folders that the patterns name; what is in such a folder is not counted.
    pub excluded: u64,
    /// Files that are too old or too new.
    pub out_of_age: u64,
    /// Optional roots that are not there.
    pub absent: Named,
    /// Folders of other file systems.
    pub other_file_systems: Named,
    /// What could not be read, as the recipe accepts.
    pub unreadable: Named,
    /// Files that changed while they were read, each with how.
    pub changed: Named,
}

/// Some names, and how many there are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Named {
    pub count: u64,
    pub first: Vec<String>,
}

impl Named {
    pub fn add(&mut self, name: String) {
        self.count += 1;
        if self.first.len() < MOST_NAMES {
            self.first.push(name);
        }
    }
}

impl Findings {
    pub fn lock(&self) -> MutexGuard<'_, Noticed> {
        self.0.lock().unwrap_or_else(|broken| broken.into_inner())
    }

    pub fn changed(&self, path: &Path, how: &str) {
        self.lock().changed.add(format!("{}: {how}", path.display()));
    }

    /// Counts what an archive never holds.
    pub fn left_out(&self, kind: MetaKind) {
        let mut noticed = self.lock();
        match kind {
            MetaKind::Socket => noticed.sockets += 1,
            MetaKind::Fifo => noticed.fifos += 1,
            _ => noticed.devices += 1,
        }
    }
}

//! Collects findings while files are read for an archive: files left out, and files changed meanwhile.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};

use serde::Serialize;

use super::meta::MetaKind;

/// How many names of each kind are kept; the rest is only counted.
const MOST_NAMES: usize = 100;

/// The findings so far, shared by all readers.
#[derive(Clone, Default)]
pub struct Findings(Arc<Mutex<Noticed>>);

/// The files that an archive leaves out, and those that changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Noticed {
    pub sockets: u64,
    pub fifos: u64,
    pub devices: u64,
    /// hikae's own partial files.
    pub unfinished: u64,
    /// Files and folders that the patterns exclude; the contents of such a folder are not counted.
    pub excluded: u64,
    /// Files that are too old or too new.
    pub out_of_age: u64,
    /// Optional roots that do not exist.
    pub absent: Named,
    /// Folders on other file systems.
    pub other_file_systems: Named,
    /// Unreadable files that the recipe tolerates.
    pub unreadable: Named,
    /// Files that changed while they were read, each with the kind of change.
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

    /// Counts an entry that archives never contain.
    pub fn left_out(&self, kind: MetaKind) {
        let mut noticed = self.lock();
        match kind {
            MetaKind::Socket => noticed.sockets += 1,
            MetaKind::Fifo => noticed.fifos += 1,
            _ => noticed.devices += 1,
        }
    }
}

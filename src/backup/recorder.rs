//! Identifies a run, and records its steps and backups.

use crate::backup::unchanged::Proved;
use crate::backup::usual::Content;
use crate::catalog::{Backup, Step as StepRecord};
use crate::report::remark::Remark;

/// The identity of a run: written into manifests, shown to recipes by the module `run`.
#[derive(Clone, Debug)]
pub struct Identity {
    pub run_id: String,
    pub recipe: String,
    pub recipe_sha256: String,
    pub kind: String,
    /// The database named by its params.
    pub database: Option<String>,
    /// Whether the user agreed in advance, by `--yes`.
    pub confirmed: bool,
}

/// Records steps and backups during the run.
pub trait Recorder: Send + Sync {
    fn step(&self, step: StepRecord);
    fn backup(&self, backup: &Backup, manifest: &serde_json::Value);
    /// Records a proved backup, so that it can be checked again.
    fn proved(&self, _proved: &Proved) {}
    /// Records a remark on the run; its level affects the outcome.
    fn remark(&self, _remark: &Remark) {}
    /// The content of earlier backups of the same database or series, newest first; empty if none is known.
    fn past(&self, _now: &Content) -> Vec<Content> {
        Vec::new()
    }
    /// Records an address to which the run has reported its own end.
    fn reported(&self, _address: &str) {}

    /// Records a change to a database, for the audit of a restore.
    fn changed(&self, _what: serde_json::Value) {}
}

/// The recorder outside of runs, such as while a recipe is only loaded: it records nothing.
pub struct Unrecorded;

impl Recorder for Unrecorded {
    fn step(&self, _step: StepRecord) {}

    fn backup(&self, _backup: &Backup, _manifest: &serde_json::Value) {}
}

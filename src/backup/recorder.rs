//! Who runs, and where the steps and backups of the run are recorded.

use crate::backup::unchanged::Proved;
use crate::backup::usual::Content;
use crate::catalog::{Backup, Step as StepRecord};
use crate::report::remark::Remark;

/// Who runs: written into manifests, shown to recipes by the module `run`.
#[derive(Clone, Debug)]
pub struct Identity {
    pub run_id: String,
    pub recipe: String,
    pub recipe_sha256: String,
    pub kind: String,
    /// The database that its params say it is about.
    pub database: Option<String>,
    /// Whether it was agreed to in advance, by `--yes`.
    pub confirmed: bool,
}

/// Where steps and backups are written down while the run goes on.
pub trait Recorder: Send + Sync {
    fn step(&self, step: StepRecord);
    fn backup(&self, backup: &Backup, manifest: &serde_json::Value);
    /// A backup as it was proved, so that it can be looked at once more.
    fn proved(&self, _proved: &Proved) {}
    /// What there is to say of the run beside its result; what it weighs decides the outcome.
    fn remark(&self, _remark: &Remark) {}
    /// The content of earlier backups, of the same database or the same series, the newest first; empty where none is known.
    fn past(&self, _now: &Content) -> Vec<Content> {
        Vec::new()
    }
    /// An address to which the run has reported its own end.
    fn reported(&self, _address: &str) {}

    /// What became of a database, for the audit of a restore.
    fn changed(&self, _what: serde_json::Value) {}
}

/// The record of what is no run, such as a recipe that is only loaded: there is nothing to record.
pub struct Unrecorded;

impl Recorder for Unrecorded {
    fn step(&self, _step: StepRecord) {}

    fn backup(&self, _backup: &Backup, _manifest: &serde_json::Value) {}
}

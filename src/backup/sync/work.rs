//! Defines how a plan is carried out, and holds what every upload of it needs.

use std::sync::Arc;

use super::pace::Pace;
use super::plan::Plan;
use super::progress::Progress;
use crate::world::Caller;
use crate::world::objects::{Lock, ServerEncryption};

/// How a plan is carried out.
#[derive(Clone, Debug, Default)]
pub struct Options {
    pub storage_class: Option<String>,
    pub encryption: Option<ServerEncryption>,
    /// How long uploads are protected from deletion.
    pub lock: Option<Lock>,
    /// Whether objects are tagged so that lifecycle rules can tell backups from manifests.
    pub tags: bool,
    pub bytes_per_sec: Option<u64>,
}

/// Everything that an upload needs.
pub struct Work {
    pub caller: Caller,
    pub plan: Arc<Plan>,
    pub options: Options,
    pub pace: Pace,
    pub progress: Progress,
    /// Whether nothing is really stored.
    pub planned: bool,
}

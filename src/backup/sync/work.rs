//! Says how a plan is carried out, and holds what every upload of it needs.

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
    /// For how long nobody may delete what is uploaded.
    pub lock: Option<Lock>,
    /// Whether objects are marked so that the rules of a lifecycle can tell backups from manifests.
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
    /// Nothing is really stored.
    pub planned: bool,
}

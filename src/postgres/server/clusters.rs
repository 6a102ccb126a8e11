//! The temporary clusters of a run: each is stopped and removed when the run ends.

use std::cell::RefCell;
use std::collections::BTreeMap;

use tokio::task::JoinHandle;
use tokio_util::sync::DropGuard;

use crate::backup::at_end::AtEnd;
use crate::backup::pool::stopped;
use crate::error::Result;

/// A running cluster: it is stopped and removed when this is dropped.
struct Running {
    stop: DropGuard,
    ended: JoinHandle<Result<()>>,
}

/// The clusters that this run has started, by their folders.
#[derive(Default)]
pub struct Clusters(RefCell<BTreeMap<String, Running>>);

impl Clusters {
    pub fn has(&self, host: &str) -> bool {
        self.0.borrow().contains_key(host)
    }

    /// Registers a cluster that was started in the folder `home`.
    pub fn add(&self, home: String, stop: DropGuard, ended: JoinHandle<Result<()>>) {
        self.0.borrow_mut().insert(home, Running { stop, ended });
    }

    /// Stops a cluster and waits until nothing of it is left; or returns its error.
    pub async fn end(&self, home: &str) -> Result<()> {
        let running = self.0.borrow_mut().remove(home);
        let Some(Running { stop, ended }) = running else { return Ok(()) };
        drop(stop);
        ended.await.map_err(stopped)?
    }
}

impl AtEnd for Clusters {
    fn release(&self) {
        self.0.borrow_mut().clear();
    }
}

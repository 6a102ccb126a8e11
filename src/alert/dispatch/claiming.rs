//! Holds a lock for each sending process: if a notice is being sent and its lock is free, the sender is gone.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::{Dispatch, FOLDER};
use crate::alert::channel::Deliver;
use crate::catalog::{Catalog, Moment};
use crate::error::{Kind, Result};
use crate::world::limited::Limited;
use crate::world::real::path_checks;
use crate::world::{Caller, LockGuard};

/// The lock of a sender, and the moment that identifies it.
pub(super) struct Claim {
    pub at: Moment,
    held: Option<Box<dyn LockGuard>>,
}

impl<D: Deliver> Dispatch<D> {
    /// Locks a moment that no other process uses, before anything is claimed, until all claims are settled.
    pub(super) async fn claim(&self) -> Claim {
        let mut at = self.world.now();
        loop {
            match self.own().lock(&self.sender_lock(at.timestamp_millis())).await {
                Ok(held) => return Claim { at, held: Some(held) },
                Err(error) if error.kind() == Kind::Locked => at += Duration::from_millis(1),
                // Without a lock, other processes mark the notices as unsure too early; their results are still recorded.
                Err(_) => return Claim { at, held: None },
            }
        }
    }

    /// Releases the lock; its file is removed while the lock is still held.
    pub(super) async fn settled(&self, claim: Claim) {
        if claim.held.is_some() {
            self.remove_lock(claim.at.timestamp_millis()).await;
        }
    }

    /// Marks the notices of senders that are gone as unsure.
    pub(super) async fn doubt(&self, catalog: &Catalog) -> Result<()> {
        let sends = |claimed_ms| path_checks::is_locked(&self.sender_lock(claimed_ms));
        for claimed_ms in catalog.doubt_notices(self.world.now(), &sends)? {
            self.remove_lock(claimed_ms).await;
        }
        Ok(())
    }

    async fn remove_lock(&self, claimed_ms: i64) {
        if let Err(error) = self.own().remove(&self.sender_lock(claimed_ms)).await {
            tracing::debug!("{}", error.one_line());
        }
    }

    fn sender_lock(&self, claimed_ms: i64) -> PathBuf {
        self.config.state_dir.join(format!("alerts-{claimed_ms}.lock"))
    }

    /// A caller with the time limit of the state folder.
    pub(super) fn own(&self) -> Caller {
        Caller::new(Arc::new(Limited::new(self.world.clone())), FOLDER)
    }
}

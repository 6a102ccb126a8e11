//! Lets each sending process hold a lock: if a notice is being sent and its lock is free, the sender is gone.

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

/// The lock of a sender, and the moment that is its name.
pub(super) struct Claim {
    pub at: Moment,
    held: Option<Box<dyn LockGuard>>,
}

impl<D: Deliver> Dispatch<D> {
    /// A moment at which no other process claims. It is taken before anything is claimed, and held until all of that is settled.
    pub(super) async fn claim(&self) -> Claim {
        let mut at = self.world.now();
        loop {
            match self.own().lock(&self.sender_lock(at.timestamp_millis())).await {
                Ok(held) => return Claim { at, held: Some(held) },
                Err(error) if error.kind() == Kind::Locked => at += Duration::from_millis(1),
                // Without one, other processes doubt too early what is being sent; it is still settled.
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

    /// Lets be unsure what a process was sending that is gone.
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

    /// Works in the state folder.
    pub(super) fn own(&self) -> Caller {
        Caller::new(Arc::new(Limited::new(self.world.clone())), FOLDER)
    }
}

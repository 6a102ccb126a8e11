//! Keeps the durable record in one SQLite file: runs with their steps and backups, notifications, audit.
//!
//! The record never affects a backup: if it cannot be written, the caller continues and reports that.

mod channels;
mod column;
pub mod described;
mod history;
mod keep;
pub mod manifest;
mod open;
mod outbox;
mod overdue;
mod query;
mod read;
mod record;
mod settle;
mod store;
mod streaks;
mod targets;
mod trouble;
mod uploads;
mod write;

use std::path::PathBuf;

use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::error::Result;

pub use channels::ChannelRow;
pub use history::History;
pub use keep::{Limits, Removed};
pub use outbox::{Notice, NoticeOutcome, Queued};
pub use overdue::{Overdue, Wrong};
pub use read::{AuditFilter, NotificationFilter, RunFilter};
pub use record::{AuditEntry, Backup, Failure, Moment, NewRun, Notification, RTO, Run, Status, Step, WARNING, run_id};
pub use streaks::{About, Streak};

/// The open catalog. Its calls block: they may wait for the disk, or up to five seconds for another process.
#[derive(Debug)]
pub struct Catalog {
    conn: Connection,
    path: PathBuf,
}

impl Catalog {
    /// Does `work` in one transaction that takes the write lock at once, so that it cannot fail later by losing a race.
    fn writing<T>(&self, work: impl FnOnce(&Transaction) -> rusqlite::Result<T>) -> Result<T> {
        let whole = || {
            let tx = Transaction::new_unchecked(&self.conn, TransactionBehavior::Immediate)?;
            let done = work(&tx)?;
            tx.commit()?;
            Ok(done)
        };
        whole().map_err(|cause| trouble::writing(&self.path, cause))
    }

    /// Does `work` as `writing` does, for the write that is usually the first in a new log.
    ///
    /// SQLite syncs when it begins a log, because an old log may hold frames that look newer. An empty log holds none,
    /// and the whole log is synced before any of it is merged into the catalog.
    fn writing_first<T>(&self, work: impl FnOnce(&Transaction) -> rusqlite::Result<T>) -> Result<T> {
        if !open::log_is_empty(&self.path) {
            return self.writing(work);
        }
        self.wait_for_disk("off")?;
        let done = self.writing(work);
        self.wait_for_disk("normal")?;
        done
    }

    /// Syncs everything written so far to disk, as closing the catalog does.
    pub fn bring_to_disk(&self) -> Result<()> {
        self.conn
            .query_row("PRAGMA wal_checkpoint", [], |_| Ok(()))
            .map_err(|cause| trouble::writing(&self.path, cause))
    }

    fn wait_for_disk(&self, how: &str) -> Result<()> {
        self.conn.pragma_update(None, "synchronous", how).map_err(|cause| trouble::writing(&self.path, cause))
    }

    /// Does `work` on a consistent snapshot of the catalog.
    fn reading<T>(&self, work: impl FnOnce(&Transaction) -> rusqlite::Result<T>) -> Result<T> {
        let whole = || work(&Transaction::new_unchecked(&self.conn, TransactionBehavior::Deferred)?);
        whole().map_err(|cause| trouble::reading(&self.path, cause))
    }
}

//! Reserves a throwaway database for its run: a session holds a lock that ends with the run, however the run ends.

use crate::error::{Error, Kind, Result};
use crate::postgres::server::maintenance::Maintenance;
use crate::postgres::server::talk::Talk;
use crate::postgres::server::throwaway;

/// A session that only waits. Dropping it releases the lock.
pub struct ThrowawayLock {
    _talk: Talk,
}

impl ThrowawayLock {
    /// Takes the lock of the throwaway `name`.
    pub async fn start(at: &Maintenance<'_>, name: &str) -> Result<ThrowawayLock> {
        let act = format!("cannot claim the database `{name}`");
        // The session only holds its lock, and ends with the database or the run.
        let mut talk = Talk::expendable(at.caller, &at.server, &at.database, &act).await?;
        // PostgreSQL before 14 has neither the setting nor the limit that it lifts.
        if let Err(error) = talk.ask("SET idle_session_timeout = 0").await {
            tracing::debug!(error = error.one_line(), "the limit on idle sessions stays");
        }
        match talk.ask(throwaway::lock(name)).await?.is_true() {
            true => Ok(ThrowawayLock { _talk: talk }),
            false => Err(Error::new(Kind::Locked, act).because_text("another run has a database of this name")),
        }
    }
}

//! Reserves a throwaway database for its run: a session holds a lock that ends with the run, however the run ends.

use crate::error::{Error, Kind, Result};
use crate::postgres::server::maintenance::Maintenance;
use crate::postgres::server::talk::Talk;
use crate::postgres::server::throwaway;

/// How often the lock is tried: the server releases the lock of a session that has ended a moment later, and a run that drops
/// a throwaway and creates the next one within a second gives both the same name.
const TRIES: u32 = 40;

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
        for _ in 0..TRIES {
            if talk.ask(throwaway::lock(name)).await?.is_true() {
                return Ok(ThrowawayLock { _talk: talk });
            }
            talk.ask("SELECT pg_catalog.pg_sleep(0.05)").await?;
        }
        Err(Error::new(Kind::Locked, act).because_text("another run has a database of this name"))
    }
}

//! Runs calls that may block, away from the threads that must not.

use crate::error::{Error, Kind, Result};

/// Runs `work` on a thread that may block. Dropping the future abandons the thread; the thread never stops the future.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(failed) if failed.is_panic() => std::panic::resume_unwind(failed.into_panic()),
        Err(failed) => Err(Error::new(Kind::Cancelled, "hikae is ending").because(failed)),
    }
}

//! Runs the work that moves bytes outside of Lua, and waits until all of it has ended or was cancelled.

use std::cell::RefCell;
use std::future::Future;

use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;
use tracing::instrument::WithSubscriber;

use crate::backup::stream_memory::StreamMemory;
use crate::error::{Error, Kind, Result};
use crate::report::Level;
use crate::{report, secret};

/// The unfinished work of one run. Each piece holds a guard until it has ended.
pub struct Pool {
    guard: RefCell<Option<TaskGuard>>,
    guards: RefCell<Option<mpsc::Receiver<()>>>,
    pub memory: StreamMemory,
}

/// Held while a piece of work runs.
pub type TaskGuard = mpsc::Sender<()>;

/// Yields a guard while other work still runs.
pub type WeakTaskGuard = mpsc::WeakSender<()>;

impl Default for Pool {
    fn default() -> Pool {
        let (guard, guards) = mpsc::channel(1);
        Pool { guard: RefCell::new(Some(guard)), guards: RefCell::new(Some(guards)), memory: StreamMemory::default() }
    }
}

impl Pool {
    /// Returns a guard for a piece of work; an error once the run has ended.
    pub fn guard(&self) -> Result<TaskGuard> {
        let ended = || Error::new(Kind::Cancelled, "the run has ended");
        self.guard.borrow().clone().ok_or_else(ended)
    }

    /// For the cleanup after cancelled work.
    pub fn weak_guard(&self) -> Result<WeakTaskGuard> {
        self.guard().map(|guard| guard.downgrade())
    }

    /// Waits until no work is left. Drop the futures of Lua first.
    pub async fn settle(&self) {
        drop(self.guard.borrow_mut().take());
        if let Some(mut guards) = self.guards.take() {
            // Nothing is ever sent: this returns when the last guard is dropped.
            guards.recv().await;
        }
    }
}

/// Runs `work`; dropping the returned future cancels the work.
pub async fn spawn_cancellable<T: Send + 'static>(
    guard: TaskGuard,
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> Result<T> {
    struct AbortOnDrop<T>(JoinHandle<T>);
    impl<T> Drop for AbortOnDrop<T> {
        fn drop(&mut self) {
            self.0.abort();
        }
    }
    let mut task = AbortOnDrop(spawn(guard, work));
    (&mut task.0).await.map_err(stopped)?
}

/// Runs `work` to its end, even if its result is no longer awaited.
pub async fn spawn_uncancellable<T: Send + 'static>(
    guard: TaskGuard,
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> Result<T> {
    spawn(guard, work).await.map_err(stopped)?
}

/// Cleans up after cancelled work; the run waits for this as for the work itself.
pub fn clean_up_later(guard: &WeakTaskGuard, work: impl Future<Output = Result<()>> + Send + 'static) {
    if let (Some(guard), Ok(_)) = (guard.upgrade(), Handle::try_current()) {
        drop(spawn(
            guard,
            async move { work.await.inspect_err(|error| report::log(Level::Warn, &error.one_line(), None)) },
        ));
    }
}

/// Runs `work` until it ends or is cancelled: then it returns the error that `what` was cancelled.
pub async fn or_cancelled<T>(
    cancelled: &CancellationToken,
    what: &str,
    work: impl Future<Output = Result<T>>,
) -> Result<T> {
    match cancelled.run_until_cancelled(work).await {
        Some(answer) => answer,
        None => Err(Error::new(Kind::Cancelled, format!("{what} was broken off"))),
    }
}

/// Starts `work`, which runs to its end even if its result is no longer awaited.
pub fn spawn<T: Send + 'static>(
    guard: TaskGuard,
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> JoinHandle<Result<T>> {
    // Wherever it is polled, its reports belong to this run.
    let heard = secret::along(work).with_current_subscriber();
    tokio::spawn(async move {
        let answer = heard.await;
        drop(guard);
        answer
    })
}

/// Starts `work` as one of several, which all end with the set.
pub fn spawn_into<T: Send + 'static>(
    set: &mut JoinSet<Result<T>>,
    guard: TaskGuard,
    work: impl Future<Output = Result<T>> + Send + 'static,
) {
    let heard = secret::along(work).with_current_subscriber();
    set.spawn(async move {
        let answer = heard.await;
        drop(guard);
        answer
    });
}

pub fn stopped(error: tokio::task::JoinError) -> Error {
    Error::new(Kind::Other, "the bytes stopped moving").because(error)
}

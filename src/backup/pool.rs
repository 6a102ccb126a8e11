//! Runs the work that moves bytes away from Lua, and knows when all of it has ended or is taken back.

use std::cell::RefCell;
use std::future::Future;

use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tracing::instrument::WithSubscriber;

use crate::error::{Error, Kind, Result};
use crate::report::Level;
use crate::{report, secret};

/// The work of one run that is under way on the pool. Each piece holds a member until it has ended.
pub struct Pool {
    member: RefCell<Option<Member>>,
    members: RefCell<Option<mpsc::Receiver<()>>>,
}

/// Says by its life that a piece of work is under way.
pub type Member = mpsc::Sender<()>;

/// What may become a member as long as other work is under way.
pub type WeakTaskGuard = mpsc::WeakSender<()>;

impl Default for Pool {
    fn default() -> Pool {
        let (member, members) = mpsc::channel(1);
        Pool { member: RefCell::new(Some(member)), members: RefCell::new(Some(members)) }
    }
}

impl Pool {
    /// For a piece of work; there is none any more once the run has ended.
    pub fn member(&self) -> Result<Member> {
        let ended = || Error::new(Kind::Cancelled, "the run has ended");
        self.member.borrow().clone().ok_or_else(ended)
    }

    /// For what must be done when a piece of work is taken back.
    pub fn weak_guard(&self) -> Result<WeakTaskGuard> {
        self.member().map(|member| member.downgrade())
    }

    /// Waits until no work is left. What Lua had waited for must be dropped before.
    pub async fn settle(&self) {
        drop(self.member.borrow_mut().take());
        if let Some(mut members) = self.members.take() {
            // Nothing is ever sent: this comes when the last member is gone.
            members.recv().await;
        }
    }
}

/// Runs `work`; dropping the future that this gives takes the work back.
pub async fn spawn_cancellable<T: Send + 'static>(
    member: Member,
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> Result<T> {
    struct AbortOnDrop<T>(JoinHandle<T>);
    impl<T> Drop for AbortOnDrop<T> {
        fn drop(&mut self) {
            self.0.abort();
        }
    }
    let mut task = AbortOnDrop(spawn(member, work));
    (&mut task.0).await.map_err(stopped)?
}

/// Runs `work` to its end, also when nobody waits for it any more.
pub async fn spawn_uncancellable<T: Send + 'static>(
    member: Member,
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> Result<T> {
    spawn(member, work).await.map_err(stopped)?
}

/// Does what is left to do after a piece of work that was taken back; the run waits for it as for the work itself.
pub fn afterwards(weak_guard: &WeakTaskGuard, work: impl Future<Output = Result<()>> + Send + 'static) {
    if let (Some(member), Ok(_)) = (weak_guard.upgrade(), Handle::try_current()) {
        drop(spawn(member, async move {
            work.await.inspect_err(|error| report::log(Level::Warn, &error.one_line(), None))
        }));
    }
}

/// Does `work` unless it is taken back: then it ends with the error that `what` was broken off.
pub async fn unless<T>(
    taken_back: &mut oneshot::Receiver<()>,
    what: &str,
    work: impl Future<Output = Result<T>>,
) -> Result<T> {
    tokio::select! {
        answer = work => answer,
        _ = taken_back => Err(Error::new(Kind::Cancelled, format!("{what} was broken off"))),
    }
}

/// Starts `work`, which runs to its end also when nobody waits for it.
pub fn spawn<T: Send + 'static>(
    member: Member,
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> JoinHandle<Result<T>> {
    // Wherever it is polled, what it says belongs to this run.
    let heard = secret::along(work).with_current_subscriber();
    tokio::spawn(async move {
        let answer = heard.await;
        drop(member);
        answer
    })
}

pub fn stopped(error: tokio::task::JoinError) -> Error {
    Error::new(Kind::Other, "the bytes stopped moving").because(error)
}

//! Cancels effects that take too long, or move no byte for too long.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::time::{Instant, timeout};

use super::watched::{Watch, Watcher, watch};
use super::{Effect, Limits, Reply, Request, World};
use crate::error::{Error, Kind, Result};
use crate::units::show_duration;

/// A world that enforces the limits of every request, also for the streams and the program in the reply.
///
/// A cancelled effect is dropped; nothing waits for it to end.
pub struct Limited<W> {
    inner: W,
}

impl<W> Limited<W> {
    pub fn new(inner: W) -> Limited<W> {
        Limited { inner }
    }
}

impl<W: World> World for Limited<W> {
    fn perform(&self, request: Request) -> BoxFuture<'_, Result<Reply>> {
        Box::pin(async {
            let mut limit = Watch::new(Limit::of(&request));
            let reply = limit.step(self.inner.perform(request)).await?;
            Ok(watch(reply, limit))
        })
    }

    rest_from!(self => self.inner);
}

/// The limits of one effect; all its streams share them.
#[derive(Clone)]
struct Limit(Arc<State>);

struct State {
    bounds: Bounds,
    begun: Instant,
    /// When a byte last moved, or a step last began: a slow reader does not count against the stream.
    stirred: Mutex<Instant>,
}

impl Limit {
    fn of(request: &Request) -> Limit {
        let begun = Instant::now();
        Limit(Arc::new(State { bounds: Bounds::of(request), begun, stirred: Mutex::new(begun) }))
    }

    fn stirred(&self) -> MutexGuard<'_, Instant> {
        self.0.stirred.lock().unwrap_or_else(|broken| broken.into_inner())
    }

    fn left(&self) -> Duration {
        self.0.bounds.left(self.0.begun.elapsed(), self.stirred().elapsed())
    }

    /// The limit that is reached. Times may have moved on since the timer was set: another pipe of the program was active.
    fn reached(&self) -> Option<Error> {
        self.0.bounds.reached(self.0.begun.elapsed(), self.stirred().elapsed())
    }
}

/// The limits of one effect, independent of the clock, and the error messages when they are reached.
#[derive(Clone, Debug)]
pub struct Bounds {
    object: String,
    limits: Limits,
}

impl Bounds {
    pub fn of(request: &Request) -> Bounds {
        let object = match &request.effect {
            Effect::Spawn(command) => command.program.clone(),
            effect => effect.object(),
        };
        let mut limits = request.limits;
        // A mail is handed over in one step, and its own limits are narrower; a run has its own limits for its effects.
        if matches!(request.effect, Effect::Sleep { .. } | Effect::Send(_) | Effect::RunRecipe(_)) {
            limits.idle = limits.total;
        }
        Bounds { object, limits }
    }

    /// The time left until the nearer limit of an effect that has run for `lasted` and moved no byte for `silent`.
    pub fn left(&self, lasted: Duration, silent: Duration) -> Duration {
        self.limits.total.saturating_sub(lasted).min(self.limits.idle.saturating_sub(silent))
    }

    /// The error for the limit that such an effect has reached.
    pub fn reached(&self, lasted: Duration, silent: Duration) -> Option<Error> {
        let Bounds { object, limits } = self;
        if lasted >= limits.total {
            let what = format!("`{object}` took longer than {}", show_duration(limits.total));
            return Some(Error::new(Kind::Timeout, what).hint("raise `timeout` if it may take that long"));
        }
        (silent >= limits.idle).then(|| self.silent())
    }

    fn silent(&self) -> Error {
        let Bounds { object, limits } = self;
        let what = format!("`{object}` moved no byte for {}", show_duration(limits.idle));
        Error::new(Kind::Timeout, what).hint("raise `idle_timeout` if it may be silent for that long")
    }
}

impl Watcher for Limit {
    fn step<'a, T: Send + 'a>(&'a self, mut step: BoxFuture<'a, Result<T>>) -> BoxFuture<'a, Result<T>> {
        Box::pin(async move {
            *self.stirred() = Instant::now();
            loop {
                // Checked before the step as well: a stream that is always ready would never reach a timer.
                if let Some(error) = self.reached() {
                    return Err(error);
                }
                if let Ok(result) = timeout(self.left(), &mut step).await {
                    return result;
                }
            }
        })
    }

    fn cleanup<'a, T: Send + 'a>(&'a self, step: BoxFuture<'a, Result<T>>) -> BoxFuture<'a, Result<T>> {
        Box::pin(async move {
            timeout(self.0.bounds.limits.idle, step).await.unwrap_or_else(|_| Err(self.0.bounds.silent()))
        })
    }

    fn moved(&self, _bytes: usize) {
        *self.stirred() = Instant::now();
    }
}

//! Ends a run from outside, by a signal or its deadline, and stops its Lua.

use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;

use crate::lua::fuse::{Fuse, Stop};

/// The outside cause that ended a run.
#[derive(Clone, Copy)]
pub enum Cut {
    Signal(i32),
    Deadline,
}

impl Cut {
    pub fn signal(self) -> Option<i32> {
        match self {
            Cut::Signal(number) => Some(number),
            Cut::Deadline => None,
        }
    }
}

/// Ends Lua for this reason, as soon as its fuse exists.
pub async fn stop(fuse: oneshot::Receiver<Fuse>, cut: &Cut, timeout: Duration) {
    // Lua that ended before it had a fuse need not be stopped.
    if let Ok(fuse) = fuse.await {
        fuse.stop(match cut {
            Cut::Signal(_) => Stop::Cancelled,
            Cut::Deadline => Stop::Deadline(timeout),
        });
    }
}

/// SIGINT and SIGTERM, which do not end the process while this exists.
pub struct Signals(Option<[Signal; 2]>);

impl Signals {
    /// If no handler can be set, the default action ends the process.
    pub fn listen() -> Signals {
        let both = signal(SignalKind::interrupt()).and_then(|first| Ok([first, signal(SignalKind::terminate())?]));
        Signals(both.ok())
    }

    /// Waits for the next signal since this was created, and returns its number.
    pub async fn caught(&mut self) -> i32 {
        let Some([interrupt, terminate]) = &mut self.0 else { return std::future::pending().await };
        tokio::select! {
            _ = interrupt.recv() => SignalKind::interrupt().as_raw_value(),
            _ = terminate.recv() => SignalKind::terminate().as_raw_value(),
        }
    }
}

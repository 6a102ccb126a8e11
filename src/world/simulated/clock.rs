//! A clock that advances only when something waits: nothing in this world takes real time.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use chrono::{DateTime, FixedOffset};
use tokio::sync::watch;

use crate::error::{Error, Kind, Result};
use crate::world::Request;
use crate::world::limited::Bounds;

/// The longest wait, if the limits set none.
const FOR_EVER: Duration = Duration::from_secs(100 * 365 * 86_400);

pub struct Clock {
    start: DateTime<FixedOffset>,
    elapsed: Mutex<Duration>,
    alarm: watch::Sender<Alarm>,
}

/// A moment that no wait passes while somebody waits for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Alarm {
    Off,
    At(Duration),
    Rung,
}

impl Clock {
    pub fn starting_at(start: DateTime<FixedOffset>) -> Clock {
        Clock { start, elapsed: Mutex::new(Duration::ZERO), alarm: watch::Sender::new(Alarm::Off) }
    }

    pub fn now(&self) -> DateTime<FixedOffset> {
        self.start + self.elapsed()
    }

    pub fn elapsed(&self) -> Duration {
        *self.hand()
    }

    /// Waits until the clock is at `moment`. A wait past it stops there, and fails afterwards.
    pub async fn alarm(&self, moment: Duration) {
        struct Off<'a>(&'a watch::Sender<Alarm>);
        impl Drop for Off<'_> {
            fn drop(&mut self) {
                self.0.send_replace(Alarm::Off);
            }
        }
        let _off = Off(&self.alarm);
        let mut alarm = self.alarm.subscribe();
        self.alarm.send_replace(Alarm::At(moment));
        // It cannot fail: the sender lives as long as the clock does.
        drop(alarm.wait_for(|alarm| *alarm == Alarm::Rung).await);
    }

    /// Advances to `moment`, unless it is in the past; `false` if an alarm comes first.
    fn reach(&self, moment: Duration) -> bool {
        let alarm = *self.alarm.borrow();
        let mut hand = self.hand();
        match alarm {
            Alarm::At(first) if first <= moment => {
                *hand = first.max(*hand);
                drop(hand);
                self.alarm.send_replace(Alarm::Rung);
                false
            }
            Alarm::Rung => false,
            _ => {
                *hand = moment.max(*hand);
                true
            }
        }
    }

    async fn until_off(&self) {
        let mut alarm = self.alarm.subscribe();
        // It cannot fail: the sender lives as long as the clock does.
        drop(alarm.wait_for(|alarm| *alarm == Alarm::Off).await);
    }

    fn hand(&self) -> MutexGuard<'_, Duration> {
        self.elapsed.lock().unwrap_or_else(|broken| broken.into_inner())
    }
}

/// The time that one effect takes, within its limits; clones share the effect.
#[derive(Clone)]
pub struct Pace {
    clock: Arc<Clock>,
    bounds: Bounds,
    begun: Duration,
}

impl Pace {
    pub fn of(request: &Request, clock: Arc<Clock>) -> Pace {
        Pace { begun: clock.elapsed(), bounds: Bounds::of(request), clock }
    }

    pub fn now(&self) -> DateTime<FixedOffset> {
        self.clock.now()
    }

    /// Lets time pass without progress, as far as the limits allow; past them, returns the limit's error. Takes no real time.
    pub async fn pass(&self, time: Duration) -> Result<()> {
        let begun = self.clock.elapsed();
        let lasted = begun.saturating_sub(self.begun);
        let allowed = self.bounds.left(lasted, Duration::ZERO).min(FOR_EVER);
        let passed = time.min(allowed);
        // Waits that begin at the same moment overlap: they do not add up.
        tokio::task::yield_now().await;
        if !self.clock.reach(begun + passed) {
            self.clock.until_off().await;
            return Err(Error::new(Kind::Cancelled, "the run had had all its time"));
        }
        match time < allowed || time.is_zero() {
            true => Ok(()),
            false => Err(self.bounds.reached(lasted + passed, passed).unwrap_or_else(without_end)),
        }
    }

    /// Hangs until a limit ends it.
    pub async fn hang(&self) -> Error {
        match self.pass(Duration::MAX).await {
            Ok(()) => without_end(),
            Err(error) => error,
        }
    }
}

fn without_end() -> Error {
    Error::new(Kind::Timeout, "something waits for ever in a world without limits")
}

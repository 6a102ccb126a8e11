//! Decides whether a failed request may be sent again, and after which delay.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use chrono::{DateTime, FixedOffset};

use crate::error::Kind;
use crate::world::World;
use crate::world::http::HttpRequest;
use crate::world::http::exchange::{Failed, Policy};
use crate::world::http::words::was_never_sent;

const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// The longest wait that a server may request.
pub const LONGEST_ASKED: Duration = Duration::from_secs(120);

/// Whether another try could help, and cannot do anything twice.
pub fn may_repeat(request: &HttpRequest, policy: &Policy, failed: &Failed) -> bool {
    let safe = policy.repeatable.unwrap_or(request.method.is_idempotent());
    match failed.status {
        // The server says that it did not process the request.
        Some(429) => policy.repeatable != Some(false),
        Some(500 | 502 | 503 | 504) => safe,
        Some(_) => false,
        // A bad certificate or a missing declaration does not fix itself.
        None if !matches!(failed.error.kind(), Kind::Network | Kind::Timeout) => false,
        None if was_never_sent(&failed.error) => policy.repeatable != Some(false),
        None => safe,
    }
}

/// The wait before try `number`, from 1: doubled each time, and different on each machine.
/// `None` when the server requests a longer wait than is possible.
pub fn pause(world: &dyn World, request: &HttpRequest, number: u32, asked: Option<Duration>) -> Option<Duration> {
    let pause = doubled(number, jitter(world, request, number));
    match asked {
        Some(asked) if asked > LONGEST_ASKED => None,
        Some(asked) => Some(asked.max(pause)),
        None => Some(pause),
    }
}

/// Doubled each time, times a factor from 0.5 to 1.5 as `jitter` goes from 0 to 1.
pub fn doubled(number: u32, jitter: f64) -> Duration {
    let doubled = FIRST_PAUSE * 2u32.saturating_pow(number.saturating_sub(1).min(16));
    doubled.min(LONGEST_PAUSE).mul_f64(0.5 + jitter)
}

/// From 0 to 1. Derived from the clock and the process, so that a simulated world is deterministic.
fn jitter(world: &dyn World, request: &HttpRequest, number: u32) -> f64 {
    let mut hash = DefaultHasher::new();
    let machine = world.machine();
    (world.now().timestamp_nanos_opt(), machine.host, machine.process_id, request.url.url(), number).hash(&mut hash);
    (hash.finish() % 1024) as f64 / 1024.0
}

/// The wait that `Retry-After` requests: seconds, or a date.
pub fn asked_pause(text: &str, now: DateTime<FixedOffset>) -> Option<Duration> {
    let text = text.trim();
    if let Ok(secs) = text.parse::<u64>() {
        return Some(Duration::from_secs(secs));
    }
    let then = DateTime::parse_from_rfc2822(text).ok()?;
    Some((then - now).to_std().unwrap_or_default()) // a date that is past asks for nothing
}

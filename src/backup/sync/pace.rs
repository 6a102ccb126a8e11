//! Limits the total rate of all uploads of a sync.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::error::Result;
use crate::world::Caller;

/// Shorter waits are skipped.
const SHORTEST: Duration = Duration::from_millis(200);

/// A rate limit shared by several streams.
#[derive(Clone)]
pub struct Pace(Option<Arc<Shared>>);

struct Shared {
    bytes_per_sec: f64,
    begun: Duration,
    sent: Mutex<f64>,
}

impl Pace {
    /// `begun` is the moment from which the rate counts.
    pub fn new(bytes_per_sec: Option<u64>, begun: Duration) -> Pace {
        let shared = |rate: u64| Arc::new(Shared { bytes_per_sec: rate.max(1) as f64, begun, sent: Mutex::default() });
        Pace(bytes_per_sec.map(shared))
    }

    /// Waits as long as the rate requires for this many more bytes.
    pub async fn take(&self, caller: &Caller, bytes: usize) -> Result<()> {
        let Some(shared) = &self.0 else { return Ok(()) };
        let due = {
            let mut sent = shared.sent.lock().unwrap_or_else(|broken| broken.into_inner());
            *sent += bytes as f64;
            Duration::from_secs_f64(*sent / shared.bytes_per_sec)
        };
        let ahead = due.saturating_sub(caller.world.elapsed().saturating_sub(shared.begun));
        match ahead < SHORTEST {
            true => Ok(()),
            false => caller.sleep(ahead).await,
        }
    }
}

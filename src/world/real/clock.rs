//! Reads the clock and waits.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use chrono::{DateTime, FixedOffset, Local};

/// The fixed start from which every `elapsed` of this process counts.
static ORIGIN: LazyLock<Instant> = LazyLock::new(Instant::now);

pub fn now() -> DateTime<FixedOffset> {
    Local::now().fixed_offset()
}

pub fn elapsed() -> Duration {
    ORIGIN.elapsed()
}

pub async fn sleep(duration: Duration) {
    tokio::time::sleep(duration).await;
}

/// Whether the system clock is synchronized, as far as the kernel knows.
pub fn is_synchronized() -> Option<bool> {
    // SAFETY: an all-zero `timex` is valid and changes nothing.
    let mut state: libc::timex = unsafe { std::mem::zeroed() };
    // SAFETY: the kernel fills the struct, which outlives the call.
    let answer = unsafe { libc::adjtimex(&raw mut state) };
    (answer >= 0).then_some(answer != libc::TIME_ERROR && state.status & libc::STA_UNSYNC == 0)
}

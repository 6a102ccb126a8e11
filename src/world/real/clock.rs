//! Tells the time and waits.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use chrono::{DateTime, FixedOffset, Local};

/// The fixed moment from which every `elapsed` of this process counts.
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

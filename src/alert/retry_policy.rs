//! Decides what happens to a notice after an attempt: it was sent, is tried again later, has failed for good, or may have arrived.

use std::fmt;
use std::time::Duration;

use super::channel::Delivered;
use crate::catalog::{Moment, NoticeOutcome};
use crate::error::{Error, Kind, Result};
use crate::world::http::words::{was_never_sent, was_unanswered};
use crate::world::mail::{Again, trouble_of};

/// The delay after each attempt; the last one repeats.
const BACK_OFF_SECS: [u64; 6] = [60, 5 * 60, 15 * 60, 3600, 4 * 3600, 12 * 3600];
/// An alert that could not be sent for this long is out of date.
const GIVE_UP_AFTER: Duration = Duration::from_secs(7 * 24 * 3600);

/// The cause of an error that leaves open whether the alert arrived.
#[derive(Debug)]
struct Unsure;

impl fmt::Display for Unsure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the alert may have arrived anyway")
    }
}

impl std::error::Error for Unsure {}

/// Marks an error after which it is unknown whether the alert has arrived.
pub fn unsure(what: impl Into<String>) -> Error {
    Error::new(Kind::Timeout, what)
        .because(Unsure)
        .hint("it is not sent again by itself; `hikae notify flush --unsure` does")
}

/// Whether the next alert of this channel would fail for the same reason.
pub fn concerns_channel(error: &Error) -> bool {
    trouble_of(error).is_none_or(|trouble| trouble.again != Again::Never)
}

/// Decides what happens to a notice that was created at `made_at` and has been tried `attempts` times.
pub fn of(result: &Result<Delivered>, attempts: u32, made_at: Moment, now: Moment) -> NoticeOutcome {
    let due = now + back_off(attempts);
    let error = match result {
        Ok(delivered) => {
            let later = delivered.refused.iter().filter(|one| one.retryable);
            let recipients: Vec<String> = later.map(|one| one.address.clone()).collect();
            let over = recipients.is_empty() || is_old(made_at, now);
            return if over { NoticeOutcome::Sent } else { NoticeOutcome::Again { due, recipients } };
        }
        Err(error) => error,
    };
    let (is_unsure, never) = match trouble_of(error) {
        Some(trouble) => (trouble.unsure, trouble.again == Again::Never),
        // Our time limit may have passed after everything was sent.
        None => (was_unanswered(error) || error.kind() == Kind::Timeout && !was_never_sent(error), false),
    };
    match () {
        () if is_unsure => NoticeOutcome::Unsure,
        () if never || is_old(made_at, now) => NoticeOutcome::Failed,
        () => NoticeOutcome::Again { due, recipients: Vec::new() },
    }
}

/// When to try messages that were skipped because an earlier one failed.
pub fn untried(attempts: u32, now: Moment) -> NoticeOutcome {
    NoticeOutcome::Untried { due: now + back_off(attempts) }
}

/// Its text in the record.
pub fn word(outcome: &NoticeOutcome, result: &Result<Delivered>) -> &'static str {
    match outcome {
        _ if result.as_ref().is_ok_and(|delivered| delivered.skipped.is_some()) => "skipped",
        _ if result.is_ok() => "sent",
        NoticeOutcome::Sent => "sent",
        NoticeOutcome::Again { .. } | NoticeOutcome::Untried { .. } => "retrying",
        NoticeOutcome::Unsure => "unsure",
        NoticeOutcome::Failed => "failed",
    }
}

fn back_off(attempts: u32) -> Duration {
    let place = usize::try_from(attempts.saturating_sub(1)).unwrap_or(usize::MAX);
    let secs = BACK_OFF_SECS.get(place).or(BACK_OFF_SECS.last()).copied().unwrap_or(3600);
    Duration::from_secs(secs)
}

fn is_old(made_at: Moment, now: Moment) -> bool {
    (now - made_at).to_std().is_ok_and(|age| age >= GIVE_UP_AFTER)
}

//! Keeps the notices to be sent, and hands each to one process only.

use std::time::Duration;

use chrono::DateTime;
use rusqlite::{Row, Transaction, params};

use super::Catalog;
use super::column::parsed;
use super::record::{Moment, Notification};
use super::store::{Field, insert};
use super::write::note;
use crate::error::Result;
use crate::secret;

/// A process that has not reported the result of a notice for this long is considered gone.
const GONE_AFTER: Duration = Duration::from_secs(15 * 60);
/// The maximum number of notices that one process claims at once.
const AT_ONCE: u32 = 200;

/// A notice to be sent by one channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    pub channel: String,
    pub recipients: Vec<String>,
    pub notification_type: String,
    pub subject: String,
    /// The run of the notice.
    pub backup_id: String,
    /// The event, as JSON.
    pub event: String,
    pub made_at: Moment,
}

/// A notice that is waiting, or that this process is sending.
#[derive(Clone, Debug, PartialEq)]
pub struct Queued {
    pub number: i64,
    pub notice: Notice,
    pub status: String,
    /// The number of attempts, including this one.
    pub attempts: u32,
    pub error_message: Option<String>,
}

/// The result of a claimed notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoticeOutcome {
    Sent,
    /// It has not arrived, and is retried from that time on. `recipients` are those who have not got it yet.
    Again {
        due: Moment,
        recipients: Vec<String>,
    },
    /// It was not tried: earlier notices took all the time.
    Untried {
        due: Moment,
    },
    /// It may have arrived: never resent unless explicitly requested.
    Unsure,
    /// It failed for good: retrying would not help.
    Failed,
}

impl Catalog {
    /// Marks the notices of senders that are gone as unsure, and returns the moments of their claims.
    /// `sends` returns whether the process that claimed at a given moment still exists.
    pub fn doubt_notices(&self, now: Moment, sends: &dyn Fn(i64) -> bool) -> Result<Vec<i64>> {
        let is_old = |claimed_ms: i64| u128::from(now.timestamp_millis().abs_diff(claimed_ms)) > GONE_AFTER.as_millis();
        self.writing(|tx| {
            let mut query =
                tx.prepare_cached("SELECT DISTINCT claimed_ms FROM alert_outbox WHERE status = 'sending'")?;
            let claims = query.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<i64>>>()?;
            let dead: Vec<i64> = claims.into_iter().filter(|claim| is_old(*claim) || !sends(*claim)).collect();
            let sql = "UPDATE alert_outbox SET status = 'unsure', error_message = 'the process that sent it is gone'
                       WHERE status = 'sending' AND claimed_ms = ?";
            dead.iter().try_for_each(|claim| tx.execute(sql, [claim]).map(drop))?;
            Ok(dead)
        })
    }

    /// Claims the due notices, the oldest first, for this process alone.
    pub fn claim_notices(&self, now: Moment) -> Result<Vec<Queued>> {
        let now_ms = now.timestamp_millis();
        self.writing(|tx| {
            // A notice queued while the clock was days ahead is not due before that time.
            let sql = "UPDATE alert_outbox SET status = 'sending', claimed_ms = ?1, attempts = attempts + 1 WHERE number IN
                       (SELECT number FROM alert_outbox WHERE status = 'waiting' AND due_ms <= ?1 ORDER BY number LIMIT ?2)
                       RETURNING *";
            let mut claimed: Vec<Queued> =
                tx.prepare_cached(sql)?.query_map(params![now_ms, AT_ONCE], queued)?.collect::<rusqlite::Result<_>>()?;
            claimed.sort_by_key(|notice| notice.number);
            Ok(claimed)
        })
    }

    /// Makes all waiting notices due now; with `unsure`, also those that may have arrived already.
    pub fn expedite_notices(&self, now: Moment, unsure: bool) -> Result<()> {
        self.writing(|tx| {
            let sql = "UPDATE alert_outbox SET status = 'waiting', due_ms = ?1
                       WHERE status = 'waiting' OR (?2 AND status IN ('unsure', 'failed'))";
            tx.execute(sql, params![now.timestamp_millis(), unsure]).map(drop)
        })
    }

    /// Puts a notice into the outbox and claims it at once.
    pub fn put_notices(&self, notices: Vec<Notice>) -> Result<()> {
        self.writing(|tx| notices.into_iter().try_for_each(|notice| put(tx, notice)))
    }

    /// Records the result of a notice and its attempt in one transaction.
    pub fn settle_notice(&self, number: i64, outcome: &NoticeOutcome, attempt: Option<&Notification>) -> Result<()> {
        self.writing(|tx| {
            let error = attempt.and_then(|attempt| attempt.error_message.as_deref()).map(secret::redact);
            match outcome {
                NoticeOutcome::Sent => tx.execute("DELETE FROM alert_outbox WHERE number = ?", [number])?,
                NoticeOutcome::Again { due, recipients } => {
                    let list = serde_json::json!(recipients).to_string();
                    let sql = "UPDATE alert_outbox SET status = 'waiting', due_ms = ?, recipients = ?, error_message = ?
                               WHERE number = ?";
                    tx.execute(sql, params![due.timestamp_millis(), list, error, number])?
                }
                NoticeOutcome::Untried { due } => {
                    let sql =
                        "UPDATE alert_outbox SET status = 'waiting', due_ms = ?, attempts = attempts - 1 WHERE number = ?";
                    tx.execute(sql, params![due.timestamp_millis(), number])?
                }
                NoticeOutcome::Unsure | NoticeOutcome::Failed => {
                    let status = if *outcome == NoticeOutcome::Unsure { "unsure" } else { "failed" };
                    let sql = "UPDATE alert_outbox SET status = ?, error_message = ? WHERE number = ?";
                    tx.execute(sql, params![status, error, number])?
                }
            };
            attempt.map_or(Ok(()), |attempt| note(tx, attempt))
        })
    }

    /// The unsent notices, the oldest first: waiting, being sent, unsure or failed.
    pub fn notices(&self) -> Result<Vec<Queued>> {
        self.reading(|tx| {
            tx.prepare_cached("SELECT * FROM alert_outbox ORDER BY number")?.query_map([], queued)?.collect()
        })
    }
}

pub(super) fn put(tx: &Transaction, notice: Notice) -> rusqlite::Result<()> {
    let made_ms = u64::try_from(notice.made_at.timestamp_millis()).unwrap_or(0);
    let row = vec![
        ("channel", Field::word(&notice.channel)),
        ("recipients", Field::Word(serde_json::json!(notice.recipients).to_string())),
        ("notification_type", Field::word(&notice.notification_type)),
        ("subject", Field::text(&notice.subject)),
        ("backup_id", Field::word(&notice.backup_id)),
        // Already cleaned by its creator: ids must stay unchanged even if they contain a password.
        ("event", Field::Word(notice.event)),
        ("status", Field::word("waiting")),
        ("due_ms", Field::Number(made_ms)),
        ("made_ms", Field::Number(made_ms)),
    ];
    insert(tx, "alert_outbox", row)
}

fn queued(row: &Row) -> rusqlite::Result<Queued> {
    let notice = Notice {
        channel: row.get("channel")?,
        recipients: parsed(row, "recipients", |list| serde_json::from_str(list).ok())?,
        notification_type: row.get("notification_type")?,
        subject: row.get("subject")?,
        backup_id: row.get("backup_id")?,
        event: row.get("event")?,
        made_at: DateTime::from_timestamp_millis(row.get("made_ms")?).unwrap_or_default().fixed_offset(),
    };
    Ok(Queued {
        number: row.get("number")?,
        notice,
        status: row.get("status")?,
        attempts: row.get("attempts")?,
        error_message: row.get("error_message")?,
    })
}

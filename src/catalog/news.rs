//! Decides whether a monitor has found what it had not found before, so that a new finding never waits for the next digest.

use rusqlite::{Transaction, params};

use super::record::{Run, Status};
use super::streaks::Streak;
use crate::secret;

/// Whether `run` has a finding that none of the runs before it has, as far back as its target fails in a row.
pub(super) fn brings_news(tx: &Transaction, run: &Run, before: &Streak) -> rusqlite::Result<bool> {
    if !run.has_findings() || before.failures == 0 {
        return Ok(false);
    }
    let sql = "SELECT DISTINCT name FROM steps WHERE status = ?4 AND bytes_in IS NULL AND run_id IN
               (SELECT id FROM backup_logs WHERE target = ?1 AND number < (SELECT number FROM backup_logs WHERE id = ?2)
                ORDER BY number DESC LIMIT ?3)";
    let failures = i64::try_from(before.failures).unwrap_or(i64::MAX);
    let asked = params![secret::redact(&run.target), run.id, failures, Status::Failure.word()];
    let known: Vec<String> =
        tx.prepare_cached(sql)?.query_map(asked, |row| row.get("name"))?.collect::<rusqlite::Result<_>>()?;
    Ok(run.findings().any(|step| !known.contains(&step.name)))
}

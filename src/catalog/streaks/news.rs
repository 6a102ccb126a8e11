//! Decides whether a monitor has found what it had not found before, so that a new finding never waits for the next digest.

use rusqlite::{Transaction, params};

use crate::catalog::record::{Run, Status, moment_text};
use crate::catalog::streaks::Streak;
use crate::secret;

/// Whether `run` has a finding that none of the runs before it has, since the first failure that was reported.
pub(super) fn brings_news(tx: &Transaction, run: &Run, before: &Streak) -> rusqlite::Result<bool> {
    // A streak that was never reported has nothing that is known.
    let (true, Some(since)) = (run.has_findings() && before.notices > 0, before.first_failure) else {
        return Ok(false);
    };
    let sql = "SELECT DISTINCT name FROM steps WHERE status = ?4 AND bytes_in IS NULL AND run_id IN
               (SELECT id FROM backup_logs WHERE target = ?1 AND number < (SELECT number FROM backup_logs WHERE id = ?2)
                AND julianday(ended_at) >= julianday(?3))";
    let asked = params![secret::redact(&run.target), run.id, moment_text(since), Status::Failure.word()];
    let known: Vec<String> =
        tx.prepare_cached(sql)?.query_map(asked, |row| row.get("name"))?.collect::<rusqlite::Result<_>>()?;
    Ok(run.findings().any(|step| !known.contains(&step.name)))
}

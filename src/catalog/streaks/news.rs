//! Decides whether a run has a new finding or warning, so that nothing new waits for the next digest.

use rusqlite::{Transaction, params};

use crate::catalog::record::{Run, Status, Step, moment_text};
use crate::catalog::streaks::Streak;
use crate::secret;

/// Whether `run` has a finding that no earlier run has had since the first reported failure.
pub(super) fn brings_news(tx: &Transaction, run: &Run, before: &Streak) -> rusqlite::Result<bool> {
    // A streak that was never reported has no known findings.
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

/// Whether `run` has a warning that no earlier run has had since the first reported warning.
pub(super) fn brings_new_warning(tx: &Transaction, run: &Run, before: &Streak) -> rusqlite::Result<bool> {
    let (true, Some(since)) = (before.notices > 0, before.first_failure) else { return Ok(false) };
    let sql = "SELECT DISTINCT name, error FROM steps WHERE status = ?4 AND error IS NOT NULL AND run_id IN
               (SELECT id FROM backup_logs WHERE target = ?1 AND number < (SELECT number FROM backup_logs WHERE id = ?2)
                AND julianday(ended_at) >= julianday(?3))";
    let asked = params![secret::redact(&run.target), run.id, moment_text(since), Status::Success.word()];
    let text =
        |row: &rusqlite::Row| Ok(without_numbers(&row.get::<_, String>("name")?, &row.get::<_, String>("error")?));
    let known: Vec<String> = tx.prepare_cached(sql)?.query_map(asked, text)?.collect::<rusqlite::Result<_>>()?;
    let shown = |step: &Step| without_numbers(&step.name, step.error.as_deref().unwrap_or_default());
    Ok(run.warnings().any(|step| !known.contains(&shown(step))))
}

/// A warning without the values that change from night to night: sizes, counts and times.
fn without_numbers(name: &str, text: &str) -> String {
    let text = text.chars().filter(|c| !c.is_ascii_digit());
    format!("{name}: {}", text.collect::<String>())
}

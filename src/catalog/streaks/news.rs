//! Decides whether a run has a new finding or warning, so that nothing new waits for the next digest.

use rusqlite::{Row, Transaction, params};

use crate::catalog::record::{Moment, Run, Status, Step, moment_text};
use crate::catalog::streaks::Streak;
use crate::secret;

/// Whether `run` has a finding that no earlier run has had since the first reported failure.
pub(super) fn brings_news(tx: &Transaction, run: &Run, before: &Streak) -> rusqlite::Result<bool> {
    // A streak that was never reported has no known findings.
    let (true, Some(since)) = (run.has_findings() && before.notices > 0, before.first_failure) else {
        return Ok(false);
    };
    let select = "SELECT DISTINCT name FROM steps WHERE status = ?4 AND bytes_in IS NULL";
    let known = earlier(tx, run, (since, Status::Failure), select, |row| row.get("name"))?;
    Ok(run.findings().any(|step| !known.contains(&step.name)))
}

/// Whether `run` has a warning that no earlier run has had since the first reported warning.
pub(super) fn brings_new_warning(tx: &Transaction, run: &Run, before: &Streak) -> rusqlite::Result<bool> {
    let (true, Some(since)) = (before.notices > 0, before.first_failure) else { return Ok(false) };
    let select = "SELECT DISTINCT name, error FROM steps WHERE status = ?4 AND error IS NOT NULL";
    let text = |row: &Row| Ok(without_numbers(&row.get::<_, String>("name")?, &row.get::<_, String>("error")?));
    let known = earlier(tx, run, (since, Status::Success), select, text)?;
    let shown = |step: &Step| without_numbers(&step.name, step.error.as_deref().unwrap_or_default());
    Ok(run.warnings().any(|step| !known.contains(&shown(step))))
}

/// What earlier runs of the target have recorded since that time: `select` ends in a condition, with the status as `?4`.
fn earlier(
    tx: &Transaction,
    run: &Run,
    (since, status): (Moment, Status),
    select: &str,
    text: impl Fn(&Row) -> rusqlite::Result<String>,
) -> rusqlite::Result<Vec<String>> {
    let sql = format!(
        "{select} AND run_id IN
         (SELECT id FROM backup_logs WHERE target = ?1 AND number < (SELECT number FROM backup_logs WHERE id = ?2)
          AND julianday(ended_at) >= julianday(?3))"
    );
    let asked = params![secret::redact(&run.target), run.id, moment_text(since), status.word()];
    tx.prepare_cached(&sql)?.query_map(asked, |row| text(row))?.collect()
}

/// A warning without the values that change from night to night: sizes, counts and times.
fn without_numbers(name: &str, text: &str) -> String {
    let text = text.chars().filter(|c| !c.is_ascii_digit());
    format!("{name}: {}", text.collect::<String>())
}

//! Names the streaks that are not of a target: failures to begin, which the next run of a target takes over, and warnings.

use rusqlite::Transaction;

use super::{Streak, load, save};

/// The streak of a target. A failure to begin is counted by recipe; the next run of any of its targets takes over that count.
pub(in crate::catalog) fn take_over(tx: &Transaction, recipe: &str, target: &str) -> rusqlite::Result<Streak> {
    let (own, subject) = (load(tx, target)?, not_begun(recipe));
    let before = load(tx, &subject)?;
    if before == Streak::default() {
        return Ok(own);
    }
    save(tx, &subject, &Streak::default())?;
    match own == Streak::default() {
        true => Ok(before),
        false => Ok(Streak { failures: own.failures + before.failures, alarmed: own.alarmed || before.alarmed, ..own }),
    }
}

/// The key for counting failures to begin.
pub(in crate::catalog) fn not_begun(recipe: &str) -> String {
    format!("{recipe} (did not begin)")
}

/// The key for counting the warnings of a target.
pub(in crate::catalog) fn of_warnings(target: &str) -> String {
    format!("{target} (warnings)")
}

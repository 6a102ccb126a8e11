//! Names what is counted beside the targets: failures to begin, which a run of one of its targets takes over, and warnings.

use rusqlite::Transaction;

use super::{Streak, load, save};

/// The streak of a target. A failure to begin is counted by recipe; the next run of any of its targets takes that over.
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

/// What failures to begin are counted by.
pub(in crate::catalog) fn not_begun(recipe: &str) -> String {
    format!("{recipe} (did not begin)")
}

/// What the warnings of a target are counted by.
pub(in crate::catalog) fn of_warnings(target: &str) -> String {
    format!("{target} (warnings)")
}

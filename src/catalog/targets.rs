//! Renames the targets of older versions in the record, and forgets a target.

use rusqlite::{OptionalExtension, Transaction, params};

use super::record::NewRun;
use super::streaks::take_over::{not_begun, of_warnings};
use super::{Catalog, trouble};
use crate::error::Result;
use crate::secret;

impl Catalog {
    /// Forgets a target, or all targets of a recipe: the status omits them until they run again, and their failures are
    /// no longer tracked. Returns the names of the targets.
    pub fn forget(&self, name: &str) -> Result<Vec<String>> {
        let forgotten = self.writing(|tx| {
            let sql = "SELECT DISTINCT target FROM backup_logs WHERE (target = ?1 OR recipe = ?1) AND number >
                       coalesce((SELECT number FROM forgotten_targets f WHERE f.target = backup_logs.target), 0)";
            let targets: Vec<String> =
                tx.prepare(sql)?.query_map([name], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
            for target in &targets {
                forget(tx, target)?;
            }
            tx.execute("DELETE FROM alert_streaks WHERE subject = ?", [not_begun(name)])?;
            Ok(targets)
        })?;
        if forgotten.is_empty() { Err(trouble::no_such_target(name)) } else { Ok(forgotten) }
    }
}

fn forget(tx: &Transaction, target: &str) -> rusqlite::Result<()> {
    let sql = "INSERT OR REPLACE INTO forgotten_targets (target, number)
               SELECT ?1, max(number) FROM backup_logs WHERE target = ?1";
    tx.execute(sql, [target])?;
    tx.execute("DELETE FROM alert_streaks WHERE subject IN (?1, ?2)", [target, &of_warnings(target)]).map(drop)
}

/// All targets that were run, by name; each takes one index lookup, regardless of the number of runs.
pub(super) fn all(tx: &Transaction) -> rusqlite::Result<Vec<String>> {
    let sql = "WITH RECURSIVE each (target) AS (
                   SELECT min(target) FROM backup_logs
                   UNION ALL
                   SELECT (SELECT min(target) FROM backup_logs WHERE target > each.target) FROM each WHERE target IS NOT NULL)
               SELECT target FROM each WHERE target IS NOT NULL";
    tx.prepare_cached(sql)?.query_map([], |row| row.get(0))?.collect()
}

/// The number of the last forgotten run of a target; 0 if it was not forgotten.
pub(super) fn forgotten_until(tx: &Transaction, target: &str) -> rusqlite::Result<i64> {
    let sql = "SELECT number FROM forgotten_targets WHERE target = ?";
    Ok(tx.prepare_cached(sql)?.query_row([target], |row| row.get(0)).optional()?.unwrap_or(0))
}

/// Assigns the target of `run` to the runs and the streak that an earlier version of hikae kept for the same subject.
pub(super) fn adopt(tx: &Transaction, run: &NewRun) -> rusqlite::Result<()> {
    let (subject, target) = (secret::redact(&run.subject), secret::redact(&run.target));
    let is_old = tx.prepare_cached("DELETE FROM old_targets WHERE target = ?")?.execute([&subject])? > 0;
    if is_old && subject != target {
        tx.execute("UPDATE backup_logs SET target = ?2 WHERE target = ?1", params![subject, target])?;
        tx.execute("UPDATE OR REPLACE alert_streaks SET subject = ?2 WHERE subject = ?1", params![subject, target])?;
    }
    Ok(())
}

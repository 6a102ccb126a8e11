//! Removes old rows from the record, except those that are still needed.

use std::path::Path;

use rusqlite::{Transaction, params};

use super::Catalog;
use super::record::{Moment, moment_text};
use crate::error::Result;

/// The maximum number of runs removed at once, so that no run waits long; the next run removes more.
const MOST_RUNS: usize = 50_000;
/// How many runs are removed in one transaction: other writing processes wait no longer than that.
const BATCH: usize = 1000;

/// Rows older than this are removed.
pub struct Limits {
    pub runs_since: Moment,
    /// Audit rows are kept longer.
    pub audit_since: Moment,
}

/// How many rows were removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Removed {
    pub runs: usize,
    pub notifications: usize,
    pub audit: usize,
}

impl Removed {
    pub fn any(self) -> bool {
        self != Removed::default()
    }
}

impl Catalog {
    /// Removes the rows from before the limits. Of each target, the newest run, the newest success and the newest drill are kept; so is
    /// a run with an alert that was not delivered yet, and one of whose backups a file `exists`.
    pub fn remove_old(&self, limits: &Limits, exists: &dyn Fn(&Path) -> bool) -> Result<Removed> {
        let old = self.reading(|tx| old_runs(tx, limits.runs_since, exists))?;
        for batch in old.chunks(BATCH) {
            self.writing(|tx| {
                let mut remove = tx.prepare_cached("DELETE FROM backup_logs WHERE number = ?")?;
                batch.iter().try_for_each(|number| remove.execute([number]).map(drop))
            })?;
        }
        let (runs, audit) = (before(limits.runs_since), before(limits.audit_since));
        // Most runs find nothing to remove and then take no write lock.
        let found = self.reading(|tx| {
            let sql = format!("SELECT EXISTS (SELECT 1 {OLD_NOTIFICATIONS}) OR EXISTS (SELECT 1 {OLD_AUDIT})");
            tx.prepare_cached(&sql)?.query_row(params![runs, audit], |row| row.get::<_, bool>(0))
        })?;
        if !found {
            return Ok(Removed { runs: old.len(), ..Removed::default() });
        }
        self.writing(|tx| {
            let notifications = tx.execute(&format!("DELETE {OLD_NOTIFICATIONS}"), params![runs])?;
            let audit = tx.execute(&format!("DELETE {}", OLD_AUDIT.replace("?2", "?1")), params![audit])?;
            Ok(Removed { runs: old.len(), notifications, audit })
        })
    }
}

const OLD_NOTIFICATIONS: &str = "FROM notification_logs WHERE sent_at < ?1
    AND NOT EXISTS (SELECT 1 FROM alert_outbox WHERE alert_outbox.backup_id = notification_logs.backup_id)";
const OLD_AUDIT: &str = "FROM backup_audit_logs WHERE created_at < ?2";

/// A text that sorts after older moments only. Moments are stored with their offset, which a text comparison ignores,
/// so one day is subtracted to remove nothing too early.
fn before(moment: Moment) -> String {
    moment_text(moment - chrono::TimeDelta::days(1))
}

/// The numbers of the runs that may be removed, the oldest first.
fn old_runs(tx: &Transaction, since: Moment, exists: &dyn Fn(&Path) -> bool) -> rusqlite::Result<Vec<i64>> {
    let newest = |which: &str| format!("(SELECT max(number) FROM backup_logs WHERE target = r.target {which})");
    let sql = format!(
        "SELECT number, id FROM backup_logs r WHERE started_at < ? AND status <> 'running' AND considered = 1
         AND number <> {} AND number IS NOT {} AND (kind <> 'drill' OR number <> {})
         AND NOT EXISTS (SELECT 1 FROM alert_outbox WHERE backup_id = r.id) ORDER BY started_at",
        newest(""),
        newest("AND status = 'success'"),
        newest("AND kind = 'drill'")
    );
    let mut query = tx.prepare(&sql)?;
    let mut rows = query.query([before(since)])?;
    let mut old = Vec::new();
    while let Some(row) = rows.next()? {
        let id: String = row.get("id")?;
        if !backup_exists(tx, &id, exists)? {
            old.push(row.get("number")?);
        }
        if old.len() == MOST_RUNS {
            break;
        }
    }
    Ok(old)
}

fn backup_exists(tx: &Transaction, id: &str, exists: &dyn Fn(&Path) -> bool) -> rusqlite::Result<bool> {
    let mut query = tx.prepare_cached("SELECT path FROM backups WHERE run_id = ?")?;
    let paths = query.query_map([id], |row| row.get::<_, String>(0))?;
    for path in paths {
        if exists(Path::new(&path?)) {
            return Ok(true);
        }
    }
    Ok(false)
}

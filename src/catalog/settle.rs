//! Decides which runs that are recorded as running are interrupted: their process is gone.

use rusqlite::Connection;

use super::read::new_run;
use super::{Catalog, NewRun, trouble};
use crate::error::Result;

/// The runs as they are shown. `gone` belongs to this connection alone: it holds what was found out but could not be
/// written, so that a catalog on a read-only disk does not show a dead run as running.
const SHOWN: &str = "
    CREATE TEMP TABLE gone (id TEXT PRIMARY KEY);
    CREATE TEMP VIEW runs AS SELECT *, CASE
        WHEN status = 'running' AND id IN (SELECT id FROM gone) THEN 'interrupted' ELSE status
    END AS shown FROM backup_logs;";

/// Lets a connection see the runs as they are shown.
pub(super) fn show_through(conn: &Connection) -> rusqlite::Result<()> {
    conn.pragma_update(None, "temp_store", "memory")?;
    conn.execute_batch(SHOWN)
}

impl Catalog {
    /// Marks the running runs that are not `alive` as interrupted, and gives their ids.
    ///
    /// A run's lock is taken *before* the run is recorded, and released *after* its end is recorded. So a run that is
    /// recorded as running, and whose lock is free, has no process any more.
    pub fn settle(&self, alive: &dyn Fn(&NewRun) -> bool) -> Result<Vec<String>> {
        let running = self.reading(|tx| {
            let mut query = tx.prepare_cached("SELECT * FROM runs WHERE status = 'running' AND shown = 'running'")?;
            query.query_map([], new_run)?.collect::<rusqlite::Result<Vec<NewRun>>>()
        })?;
        let dead: Vec<String> = running.into_iter().filter(|run| !alive(run)).map(|run| run.id).collect();
        // A catalog that cannot be written is no reason to show a reader less: what was found out is remembered instead.
        if !dead.is_empty() && self.mark(&dead).is_err() {
            self.remember(&dead)?;
        }
        Ok(dead)
    }

    fn mark(&self, dead: &[String]) -> Result<()> {
        self.writing(|tx| {
            let mut change =
                tx.prepare_cached("UPDATE backup_logs SET status = 'interrupted' WHERE id = ? AND status = 'running'")?;
            dead.iter().try_for_each(|id| change.execute([id]).map(drop))
        })
    }

    fn remember(&self, dead: &[String]) -> Result<()> {
        let note = |id| self.conn.execute("INSERT OR IGNORE INTO gone (id) VALUES (?)", [id]).map(drop);
        dead.iter().try_for_each(note).map_err(|cause| trouble::reading(&self.path, cause))
    }
}

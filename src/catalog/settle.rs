//! Decides which runs recorded as running are interrupted, because their process is gone.

use rusqlite::Connection;

use super::read::new_run;
use super::{Catalog, NewRun, trouble};
use crate::error::Result;

/// The view of runs as they are shown. `gone` belongs to this connection alone: it holds the dead runs that could not be
/// marked, so that a catalog on a read-only disk does not show a dead run as running.
const SHOWN: &str = "
    CREATE TEMP TABLE gone (id TEXT PRIMARY KEY);
    CREATE TEMP VIEW runs AS SELECT *, CASE
        WHEN status = 'running' AND id IN (SELECT id FROM gone) THEN 'interrupted' ELSE status
    END AS shown FROM backup_logs;";

/// Creates the view of runs as they are shown.
pub(super) fn show_through(conn: &Connection) -> rusqlite::Result<()> {
    conn.pragma_update(None, "temp_store", "memory")?;
    conn.execute_batch(SHOWN)
}

impl Catalog {
    /// Marks the running runs that are not `alive` as interrupted, and returns their ids.
    ///
    /// A run's lock is taken *before* the run is recorded, and released *after* its end is recorded. So if a run is
    /// recorded as running and its lock is free, its process is gone.
    pub fn settle(&self, alive: &dyn Fn(&NewRun) -> bool) -> Result<Vec<String>> {
        let running = self.reading(|tx| {
            let mut query = tx.prepare_cached("SELECT * FROM runs WHERE status = 'running' AND shown = 'running'")?;
            query.query_map([], new_run)?.collect::<rusqlite::Result<Vec<NewRun>>>()
        })?;
        let dead: Vec<String> = running.into_iter().filter(|run| !alive(run)).map(|run| run.id).collect();
        // If the catalog cannot be written, the result is kept in memory, so that readers see it anyway.
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

//! Sums up the record of each target: its last run, its last backup, and its failures since the last success.

use rusqlite::{OptionalExtension, Params, Row, Transaction};

use super::column::{json, number};
use super::record::{Backup, NewRun, Run};
use super::{Catalog, read, targets};
use crate::error::Result;
use crate::secret;

/// How many of the last backups of a target are checked to find one that still exists.
const LAST_BACKUPS: u32 = 20;

/// The recorded history of a target.
#[derive(Clone, Debug)]
pub struct History {
    pub recipe: String,
    pub target: String,
    pub last: Run,
    /// The oldest run that is still running.
    pub running: Option<Run>,
    pub last_success: Option<Run>,
    /// The runs since then that did not succeed.
    pub failures: u64,
    /// The last proved backups, the newest first, each with the total size of the backups of its run.
    pub backups: Vec<Backup>,
}

impl Catalog {
    /// The manifests of the last recorded backups of a target, the newest first: of a large archive without its entries.
    pub fn last_backups(&self, target: &str) -> Result<Vec<serde_json::Value>> {
        self.reading(|tx| {
            let sql = "SELECT json_object('name', json_extract(manifest, '$.name'), 'size_bytes', b.size_bytes,
                              'database', json_extract(manifest, '$.database')) AS manifest
                       FROM backup_logs r CROSS JOIN backups b ON b.run_id = r.id
                       WHERE target = ?1 AND manifest IS NOT NULL
                       ORDER BY r.number DESC, b.number DESC LIMIT ?2";
            let target = secret::redact(target);
            let mut query = tx.prepare_cached(sql)?;
            let found = query.query_map((target, LAST_BACKUPS), |row| json(row, "manifest"))?;
            found.filter_map(rusqlite::Result::transpose).collect()
        })
    }

    /// The history of each target that was ever run and not forgotten, by name.
    /// `alive` returns whether the process of a running one still exists.
    pub fn histories(&self, alive: &dyn Fn(&NewRun) -> bool) -> Result<Vec<History>> {
        self.settle(alive)?;
        self.reading(|tx| {
            let found = targets::all(tx)?.into_iter().map(|target| history(tx, target));
            found.filter_map(rusqlite::Result::transpose).collect()
        })
    }
}

fn history(tx: &Transaction, target: String) -> rusqlite::Result<Option<History>> {
    let after = targets::forgotten_until(tx, &target)?;
    let one = |rest: &str| {
        run(tx, &format!("SELECT * FROM runs WHERE target = ? AND number > ? {rest} LIMIT 1"), (&target, after))
    };
    let Some(last) = one("ORDER BY number DESC")? else { return Ok(None) };
    let failed = "SELECT count(*) AS failed FROM runs WHERE target = ?1 AND shown <> 'running' AND number > max(?2,
                  coalesce((SELECT max(number) FROM backup_logs WHERE target = ?1 AND status = 'success'), 0))";
    let failures = tx.prepare_cached(failed)?.query_row((&target, after), |row| number(row, "failed"))?;
    let running = one("AND shown = 'running' AND status = 'running' ORDER BY number")?;
    let last_success = one("AND status = 'success' ORDER BY number DESC")?;
    let backups = backups(tx, &target, after)?;
    Ok(Some(History { recipe: last.recipe.clone(), target, last, running, last_success, failures, backups }))
}

fn run(tx: &Transaction, sql: &str, asked: impl Params) -> rusqlite::Result<Option<Run>> {
    tx.prepare_cached(sql)?.query_row(asked, |row| read::run(tx, row)).optional()
}

fn backups(tx: &Transaction, target: &str, after: i64) -> rusqlite::Result<Vec<Backup>> {
    let sql = "SELECT path, sha256, b.created_at,
                      (SELECT sum(size_bytes) FROM backups WHERE run_id = b.run_id) AS size_bytes
               FROM backup_logs r CROSS JOIN backups b ON b.run_id = r.id
               WHERE target = ? AND r.number > ? ORDER BY r.number DESC, b.number DESC LIMIT ?";
    let mut query = tx.prepare_cached(sql)?;
    let found = query.query_map((target, after, LAST_BACKUPS), |row: &Row| read::backup(row))?;
    found.collect()
}

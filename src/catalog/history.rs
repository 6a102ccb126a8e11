//! Sums up what the record knows of each recipe: its last run, what it last made, and how often it has failed since it worked.

use rusqlite::{OptionalExtension, Params, Row, Transaction};

use super::column::number;
use super::record::{Backup, NewRun, Run};
use super::{Catalog, read};
use crate::error::Result;

/// How many of the last backups of a recipe are looked at to find one that is still there.
const LAST_BACKUPS: u32 = 20;

/// What the record knows of a recipe that was run.
#[derive(Clone, Debug)]
pub struct History {
    pub recipe: String,
    pub last: Run,
    /// The oldest of the runs that are under way.
    pub running: Option<Run>,
    pub last_success: Option<Run>,
    /// The runs since then that ended otherwise.
    pub failures: u64,
    /// The last backups that were proved, the newest first, each with the size of all that its run has made.
    pub backups: Vec<Backup>,
}

impl Catalog {
    /// What there is to know of each recipe that was ever run, by name. `alive` says whether a running one's process is still there.
    pub fn histories(&self, alive: &dyn Fn(&NewRun) -> bool) -> Result<Vec<History>> {
        self.settle(alive)?;
        self.reading(|tx| {
            let mut names = tx.prepare_cached("SELECT DISTINCT recipe FROM runs ORDER BY recipe")?;
            let names = names.query_map([], |row| row.get("recipe"))?.collect::<rusqlite::Result<Vec<String>>>()?;
            names.into_iter().filter_map(|name| history(tx, name).transpose()).collect()
        })
    }
}

fn history(tx: &Transaction, recipe: String) -> rusqlite::Result<Option<History>> {
    let one = |rest: &str| run(tx, &format!("SELECT * FROM runs WHERE recipe = ? {rest} LIMIT 1"), [&recipe]);
    let Some(last) = one("ORDER BY number DESC")? else { return Ok(None) };
    let failed = "SELECT count(*) AS failed FROM runs WHERE recipe = ?1 AND shown <> 'running'
                  AND number > coalesce((SELECT max(number) FROM runs WHERE recipe = ?1 AND shown = 'success'), 0)";
    let failures = tx.prepare_cached(failed)?.query_row([&recipe], |row| number(row, "failed"))?;
    let running = one("AND shown = 'running' ORDER BY number")?;
    let last_success = one("AND shown = 'success' ORDER BY number DESC")?;
    let backups = backups(tx, &recipe)?;
    Ok(Some(History { recipe, last, running, last_success, failures, backups }))
}

fn run(tx: &Transaction, sql: &str, asked: impl Params) -> rusqlite::Result<Option<Run>> {
    tx.prepare_cached(sql)?.query_row(asked, |row| read::run(tx, row)).optional()
}

fn backups(tx: &Transaction, recipe: &str) -> rusqlite::Result<Vec<Backup>> {
    let sql = "SELECT path, sha256, b.created_at,
                      (SELECT sum(size_bytes) FROM backups WHERE run_id = b.run_id) AS size_bytes
               FROM backups b JOIN backup_logs r ON r.id = b.run_id WHERE recipe = ? ORDER BY b.number DESC LIMIT ?";
    let mut query = tx.prepare_cached(sql)?;
    let found = query.query_map((recipe, LAST_BACKUPS), |row: &Row| read::backup(row))?;
    found.collect()
}

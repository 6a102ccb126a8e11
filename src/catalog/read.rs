//! Reads the record back, the newest first.

use std::collections::BTreeSet;

use rusqlite::{Row, Transaction};

use super::column::{json, moment, number, parsed, some_moment, some_number, status};
use super::query::Conditions;
use super::record::{AuditEntry, Backup, Failure, Moment, NewRun, Notification, Run, Status, Step};
use super::{Catalog, trouble};
use crate::error::{Kind, Result};

/// A filter for runs; absent fields match everything.
#[derive(Clone, Debug, Default)]
pub struct RunFilter {
    pub status: Option<Status>,
    pub backup_type: Option<String>,
    pub recipe: Option<String>,
    pub target: Option<String>,
    pub limit: Option<usize>,
}

/// A filter for audit entries; absent fields match everything. `backup_id` may be a prefix.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    pub operation: Option<String>,
    pub username: Option<String>,
    pub backup_id: Option<String>,
    pub limit: Option<usize>,
}

/// A filter for notifications; absent fields match everything. `backup_id` may be a prefix.
#[derive(Clone, Debug, Default)]
pub struct NotificationFilter {
    pub status: Option<String>,
    pub channel: Option<String>,
    pub backup_id: Option<String>,
    pub notification_type: Option<String>,
    pub limit: Option<usize>,
}

impl Catalog {
    /// The matching runs, the newest first. `alive` returns whether the process of a running one still exists.
    pub fn runs(&self, filter: &RunFilter, alive: &dyn Fn(&NewRun) -> bool) -> Result<Vec<Run>> {
        self.settle(alive)?;
        let conditions = Conditions::default()
            .holds(filter.status.map(shown_as))
            .equals("backup_type", filter.backup_type.as_deref())
            .equals("recipe", filter.recipe.as_deref())
            .equals("target", filter.target.as_deref());
        let (sql, values) = conditions.newest_first("runs", filter.limit);
        self.reading(|tx| tx.prepare_cached(&sql)?.query_map(values, |row| run(tx, row))?.collect())
    }

    /// Whether a backup with this SHA-256 was ever recorded.
    pub fn has_backup(&self, sha256: &str) -> Result<bool> {
        let sql = "SELECT EXISTS (SELECT 1 FROM backups WHERE sha256 = ?)";
        self.reading(|tx| tx.prepare_cached(sql)?.query_row([sha256], |row| row.get(0)))
    }

    /// The paths that runs have removed, according to the audit.
    pub fn removed(&self) -> Result<BTreeSet<String>> {
        let sql = "SELECT DISTINCT json_extract(effect.value, '$.object') AS path \
             FROM backup_audit_logs, json_each(iif(json_valid(details), details, '{}'), '$.effects') AS effect \
             WHERE operation LIKE 'run %' AND json_extract(effect.value, '$.effect') = 'remove' \
             AND json_extract(effect.value, '$.outcome') = 'done'";
        self.reading(|tx| tx.prepare_cached(sql)?.query_map([], |row| row.get("path"))?.collect())
    }

    /// The run whose id is `id`, or the only run whose id starts with it.
    pub fn run(&self, id: &str, alive: &dyn Fn(&NewRun) -> bool) -> Result<Option<Run>> {
        self.settle(alive)?;
        if id.is_empty() {
            return Ok(None);
        }
        let (sql, values) = Conditions::default().begins("id", Some(id)).newest_first("runs", None);
        let ids: Vec<String> =
            self.reading(|tx| tx.prepare_cached(&sql)?.query_map(values, |row| row.get("id"))?.collect())?;
        let found = match ids.as_slice() {
            [] => return Ok(None),
            [only] => only,
            several => several.iter().find(|full| *full == id).ok_or_else(|| trouble::ambiguous(id, several))?,
        };
        self.reading(|tx| {
            let mut query = tx.prepare_cached("SELECT * FROM runs WHERE id = ?")?;
            query.query_map([found], |row| run(tx, row))?.next().transpose()
        })
    }

    /// When the last runs of a recipe ended, without those that never got its lock.
    pub fn last_ends(&self, recipe: &str) -> Result<Vec<Moment>> {
        self.reading(|tx| {
            let sql =
                "SELECT ended_at FROM backup_logs WHERE recipe = ? AND status <> 'locked' ORDER BY number DESC LIMIT 5";
            let mut query = tx.prepare_cached(sql)?;
            let ends = query.query_map([recipe], |row| some_moment(row, "ended_at"))?;
            ends.filter_map(rusqlite::Result::transpose).collect()
        })
    }

    /// The audit entries, the newest first.
    pub fn audits(&self, filter: &AuditFilter) -> Result<Vec<AuditEntry>> {
        let AuditFilter { operation, username, backup_id, limit } = filter;
        let conditions = Conditions::default()
            .equals("operation", operation.as_deref())
            .equals("username", username.as_deref())
            .begins("backup_id", backup_id.as_deref());
        let (sql, values) = conditions.newest_first("backup_audit_logs", *limit);
        self.reading(|tx| tx.prepare_cached(&sql)?.query_map(values, audit)?.collect())
    }

    /// The matching notices, the newest first.
    pub fn notifications(&self, filter: &NotificationFilter) -> Result<Vec<Notification>> {
        let NotificationFilter { status, channel, backup_id, notification_type, limit } = filter;
        let conditions = Conditions::default()
            .equals("status", status.as_deref())
            .equals("channel", channel.as_deref())
            .begins("backup_id", backup_id.as_deref())
            .equals("notification_type", notification_type.as_deref());
        let (sql, values) = conditions.newest_first("notification_logs", *limit);
        self.reading(|tx| tx.prepare_cached(&sql)?.query_map(values, notification)?.collect())
    }
}

/// The condition for runs that are shown with this status: a run whose process is gone is shown as interrupted.
fn shown_as(status: Status) -> String {
    match status {
        Status::Running => "status = 'running' AND id NOT IN (SELECT id FROM gone)".to_owned(),
        Status::Interrupted => "(status = 'interrupted' OR id IN (SELECT id FROM gone))".to_owned(),
        _ => format!("status = '{status}'"),
    }
}

/// A row of `runs` as it was when the run started.
pub(super) fn new_run(row: &Row) -> rusqlite::Result<NewRun> {
    Ok(NewRun {
        id: row.get("id")?,
        recipe: row.get("recipe")?,
        recipe_sha256: row.get("recipe_sha256")?,
        backup_type: row.get("backup_type")?,
        kind: row.get("kind")?,
        subject: row.get("subject")?,
        target: row.get("target")?,
        started_at: moment(row, "started_at")?,
        host: row.get("host")?,
        username: row.get("username")?,
        process_id: row.get("process_id")?,
        parent: row.get("parent")?,
    })
}

/// A row of `runs`, with its backups and steps.
pub(super) fn run(tx: &Transaction, row: &Row) -> rusqlite::Result<Run> {
    let new = new_run(row)?;
    let (backups, steps) = (backups(tx, &new.id)?, steps(tx, &new.id)?);
    let mut run = Run { backups, steps, ..Run::of(new) };
    run.status = status(row, "shown")?;
    run.ended_at = some_moment(row, "ended_at")?;
    run.duration_ms = some_number(row, "duration_ms")?;
    run.error = failure(row)?.or_else(|| (run.status == Status::Interrupted).then(|| vanished(&run.id)));
    Ok(run)
}

fn failure(row: &Row) -> rusqlite::Result<Option<Failure>> {
    let Some(message) = row.get("error_message")? else { return Ok(None) };
    let kind = parsed(row, "error_kind", |word| Kind::ALL.into_iter().find(|kind| kind.word() == word))?;
    Ok(Some(Failure { kind, message, hint: row.get("error_hint")? }))
}

/// The error text for a run whose process could not write one.
fn vanished(id: &str) -> Failure {
    Failure {
        kind: Kind::Cancelled,
        message: format!("the process of run `{id}` is gone and left no outcome"),
        hint: Some("it was killed, or the machine went down; run the recipe again".to_owned()),
    }
}

fn backups(tx: &Transaction, run_id: &str) -> rusqlite::Result<Vec<Backup>> {
    // Without the manifest: that of a large archive is too much for a list.
    let sql = "SELECT path, size_bytes, sha256, created_at FROM backups WHERE run_id = ? ORDER BY number";
    tx.prepare_cached(sql)?.query_map([run_id], backup)?.collect()
}

pub(super) fn backup(row: &Row) -> rusqlite::Result<Backup> {
    Ok(Backup {
        path: row.get("path")?,
        size_bytes: number(row, "size_bytes")?,
        sha256: row.get("sha256")?,
        created_at: moment(row, "created_at")?,
    })
}

fn steps(tx: &Transaction, run_id: &str) -> rusqlite::Result<Vec<Step>> {
    let step = |row: &Row| {
        Ok(Step {
            name: row.get("name")?,
            status: status(row, "status")?,
            site: row.get("site")?,
            bytes_in: some_number(row, "bytes_in")?,
            bytes_out: some_number(row, "bytes_out")?,
            started_at: moment(row, "started_at")?,
            duration_ms: number(row, "duration_ms")?,
            error: row.get("error")?,
            measure: row.get("measure")?,
        })
    };
    tx.prepare_cached("SELECT * FROM steps WHERE run_id = ? ORDER BY number")?.query_map([run_id], step)?.collect()
}

fn audit(row: &Row) -> rusqlite::Result<AuditEntry> {
    Ok(AuditEntry {
        operation: row.get("operation")?,
        backup_id: row.get("backup_id")?,
        username: row.get("username")?,
        ip_address: row.get("ip_address")?,
        status: row.get("status")?,
        details: json(row, "details")?.unwrap_or_default(),
        created_at: moment(row, "created_at")?,
    })
}

fn notification(row: &Row) -> rusqlite::Result<Notification> {
    Ok(Notification {
        notification_type: row.get("notification_type")?,
        channel: row.get("channel")?,
        recipient: row.get("recipient")?,
        subject: row.get("subject")?,
        status: row.get("status")?,
        error_message: row.get("error_message")?,
        backup_id: row.get("backup_id")?,
        sent_at: moment(row, "sent_at")?,
    })
}

//! Writes the record: each call is one transaction, so the catalog stays readable if the process dies between two calls.

use rusqlite::Transaction;

use super::record::{AuditEntry, Backup, NewRun, Notification, Run, Status, Step};
use super::store::{Field, insert, update};
use super::{Catalog, targets, trouble};
use crate::error::Result;

impl Catalog {
    /// Records that a run has started. An id that is taken is an error of kind `already_exists`: wait for the next second.
    pub fn start_run(&self, run: &NewRun) -> Result<()> {
        self.writing_first(|tx| {
            targets::adopt(tx, run)?;
            let row = vec![
                ("id", Field::word(&run.id)),
                ("recipe", Field::word(&run.recipe)),
                ("recipe_sha256", Field::word(&run.recipe_sha256)),
                ("backup_type", Field::word(&run.backup_type)),
                ("kind", Field::word(&run.kind)),
                ("subject", Field::text(&run.subject)),
                ("target", Field::text(&run.target)),
                ("considered", Field::Number(0)),
                ("status", Field::word(Status::Running.word())),
                ("started_at", Field::Time(run.started_at)),
                ("host", Field::text(&run.host)),
                ("username", Field::text(&run.username)),
                ("process_id", Field::Number(run.process_id.into())),
                ("parent", run.parent.as_deref().map_or(Field::Null, Field::word)),
            ];
            insert(tx, "backup_logs", row)
        })
    }

    /// Records how a run ended. If called twice, the later call wins; it also corrects an inferred `interrupted`.
    pub fn finish_run(&self, run: &Run) -> Result<()> {
        let error = run.error.as_ref();
        let found = self.writing(|tx| {
            let row = vec![
                ("status", Field::word(run.status.word())),
                ("ended_at", run.ended_at.map_or(Field::Null, Field::Time)),
                ("duration_ms", Field::some_number(run.duration_ms)),
                ("error_kind", error.map_or(Field::Null, |error| Field::word(error.kind.word()))),
                ("error_message", Field::some_text(error.map(|error| error.message.as_str()))),
                ("error_hint", Field::some_text(error.and_then(|error| error.hint.as_deref()))),
            ];
            update(tx, "backup_logs", &run.id, row)
        })?;
        if found { Ok(()) } else { Err(trouble::no_such_run(&self.path, &run.id)) }
    }

    /// Records a step of a run that is over. Steps are numbered in the order of their calls.
    pub fn add_step(&self, run_id: &str, step: &Step) -> Result<()> {
        self.writing(|tx| {
            let next = "SELECT coalesce(max(number), 0) + 1 FROM steps WHERE run_id = ?";
            let number: u32 = tx.prepare_cached(next)?.query_row([run_id], |row| row.get(0))?;
            let row = vec![
                ("run_id", Field::word(run_id)),
                ("number", Field::Number(number.into())),
                ("name", Field::text(&step.name)),
                ("status", Field::word(step.status.word())),
                ("site", Field::some_text(step.site.as_deref())),
                ("bytes_in", Field::some_number(step.bytes_in)),
                ("bytes_out", Field::some_number(step.bytes_out)),
                ("started_at", Field::Time(step.started_at)),
                ("duration_ms", Field::Number(step.duration_ms)),
                ("error", Field::some_text(step.error.as_deref())),
                ("measure", step.measure.as_deref().map_or(Field::Null, Field::word)),
            ];
            insert(tx, "steps", row)
        })
    }

    /// Records a proved backup, with its manifest if it has one.
    pub fn add_backup(&self, run_id: &str, backup: &Backup, manifest: Option<&serde_json::Value>) -> Result<()> {
        self.writing(|tx| {
            let row = vec![
                ("run_id", Field::word(run_id)),
                ("path", Field::word(&backup.path)),
                ("size_bytes", Field::Number(backup.size_bytes)),
                ("sha256", Field::word(&backup.sha256)),
                ("manifest", manifest.map_or(Field::Null, |manifest| Field::Json(manifest.clone()))),
                ("created_at", Field::Time(backup.created_at)),
            ];
            insert(tx, "backups", row)
        })
    }

    /// Records an audited action.
    pub fn audit(&self, entry: &AuditEntry) -> Result<()> {
        self.writing(|tx| {
            let details = if entry.details.is_null() { Field::Null } else { Field::Json(entry.details.clone()) };
            let row = vec![
                ("operation", Field::text(&entry.operation)),
                ("backup_id", entry.backup_id.as_deref().map_or(Field::Null, Field::word)),
                ("username", Field::text(&entry.username)),
                ("ip_address", Field::some_text(entry.ip_address.as_deref())),
                ("status", Field::text(&entry.status)),
                ("details", details),
                ("created_at", Field::Time(entry.created_at)),
            ];
            insert(tx, "backup_audit_logs", row)
        })
    }

    /// Records a notice, and whether it arrived.
    pub fn add_notification(&self, notice: &Notification) -> Result<()> {
        self.writing(|tx| note(tx, notice))
    }
}

/// Adds a notice to the record.
pub(super) fn note(tx: &Transaction, notice: &Notification) -> rusqlite::Result<()> {
    let row = vec![
        ("notification_type", Field::text(&notice.notification_type)),
        ("channel", Field::text(&notice.channel)),
        ("recipient", Field::some_text(notice.recipient.as_deref())),
        ("subject", Field::some_text(notice.subject.as_deref())),
        ("status", Field::text(&notice.status)),
        ("error_message", Field::some_text(notice.error_message.as_deref())),
        ("backup_id", notice.backup_id.as_deref().map_or(Field::Null, Field::word)),
        ("sent_at", Field::Time(notice.sent_at)),
    ];
    insert(tx, "notification_logs", row)
}

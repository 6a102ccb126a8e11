//! Makes a run into the event that there is to tell of it; nothing else is asked, so a rehearsal can see it as well.

use super::event::{AlertedBackup, Event, EventKind, Finding};
use crate::catalog::{Moment, Run, Status, Step};
use crate::secret;

impl Event {
    /// What a run raises: its failure, in whole or in part. Nothing while it runs, or when all went well.
    pub fn of(run: &Run) -> Option<Event> {
        if matches!(run.status, Status::Success | Status::Running) {
            return None;
        }
        let mut event = Event::about_run(failure_kind(run), run, run.ended_at.unwrap_or(run.started_at));
        event.error = run.error.as_ref().map(|error| error.message.clone());
        event.hint = run.error.as_ref().and_then(|error| error.hint.clone());
        Some(event.cleaned())
    }

    /// What there is to tell when a run has worked after failures.
    pub fn recovered(run: &Run) -> Event {
        let mut event = Event::about_run(failure_kind(run), run, run.ended_at.unwrap_or(run.started_at));
        event.kind = EventKind::Recovered;
        event.cleaned()
    }

    /// How a run stands, for what watches it from outside.
    pub fn stands(run: &Run) -> Event {
        let raised = Event::of(run);
        raised.unwrap_or_else(|| {
            Event::about_run(failure_kind(run), run, run.ended_at.unwrap_or(run.started_at)).cleaned()
        })
    }

    fn about_run(kind: EventKind, run: &Run, time: Moment) -> Event {
        let backups = run.backups.iter().map(|backup| AlertedBackup {
            path: backup.path.clone(),
            size_bytes: backup.size_bytes,
            sha256: backup.sha256.clone(),
        });
        Event {
            recipe: run.recipe.clone(),
            host: run.host.clone(),
            outcome: run.status.word().to_owned(),
            duration_secs: run.duration_ms.unwrap_or(0) as f64 / 1000.0,
            backups: backups.collect(),
            findings: findings(run),
            ..Event::new(kind, &run.id, &run.backup_type, time)
        }
    }

    /// The findings that are listed: those of a report, and of a monitor however it is told.
    pub fn listed(&self) -> &[Finding] {
        let lists = |kind| matches!(kind, EventKind::Monitor | EventKind::Report);
        if lists(self.kind) || lists(self.about) { &self.findings } else { &[] }
    }

    /// Without any known secret. Words of our own stay as they are: a password such as `daily` must not spoil an id.
    pub fn cleaned(mut self) -> Event {
        let clean = |text: &mut String| *text = secret::redact(text);
        self.error.iter_mut().chain(&mut self.hint).for_each(clean);
        self.backups.iter_mut().for_each(|backup| clean(&mut backup.path));
        for finding in &mut self.findings {
            clean(&mut finding.subject);
            clean(&mut finding.message);
        }
        self
    }
}

/// What a monitor has found; when it came to nothing, why.
fn findings(run: &Run) -> Vec<Finding> {
    if !run.has_findings() {
        return Vec::new();
    }
    let finding = |step: &Step| Finding { subject: step.name.clone(), message: step.error.clone().unwrap_or_default() };
    let found: Vec<Finding> = run.findings().map(finding).collect();
    let failed = run.error.iter().filter(|_| found.is_empty());
    let failed = failed.map(|error| Finding { subject: run.recipe.clone(), message: error.message.clone() });
    found.iter().cloned().chain(failed).collect()
}

/// What the failure of a run is, by its kind.
fn failure_kind(run: &Run) -> EventKind {
    match run.kind.as_str() {
        "restore" => EventKind::RestoreFailure,
        "monitor" | "check" | "report" => EventKind::Monitor,
        "drill" => EventKind::DrillFailure,
        _ => EventKind::BackupFailure,
    }
}

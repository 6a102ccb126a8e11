//! Turns a run into its event. It needs only the run, so a rehearsal can use it as well.

use super::event::{AlertedBackup, Event, EventKind, Finding};
use crate::catalog::{Run, Status, Step, WARNING};
use crate::report::translated;
use crate::secret;

impl Event {
    /// The event of a failed or partial run. `None` while it is running, or if it succeeded.
    pub fn of(run: &Run) -> Option<Event> {
        if matches!(run.status, Status::Success | Status::Running) {
            return None;
        }
        let mut event = Event::about_run(run);
        event.error = run.error.as_ref().map(|error| error.message.clone());
        event.hint = run.error.as_ref().and_then(|error| error.hint.clone());
        Some(event.cleaned())
    }

    /// The event for the warnings of a success, if there are any.
    pub fn warning(run: &Run) -> Option<Event> {
        let finding = |step: &Step| Finding {
            subject: step.name.trim_start_matches(WARNING).to_owned(),
            message: step.error.clone().unwrap_or_default(),
        };
        let findings: Vec<Finding> = run.warnings().filter(|_| run.status == Status::Success).map(finding).collect();
        if findings.is_empty() {
            return None;
        }
        let about = Event::about_run(run);
        Some(Event { kind: EventKind::Warning, findings, ..about }.cleaned())
    }

    /// The event of a run that worked after failures.
    pub fn recovered(run: &Run) -> Event {
        let mut event = Event::about_run(run);
        event.kind = EventKind::Recovered;
        event.cleaned()
    }

    /// The state of a run, for an outside check.
    pub fn state_of(run: &Run) -> Event {
        Event::of(run).unwrap_or_else(|| Event::about_run(run).cleaned())
    }

    fn about_run(run: &Run) -> Event {
        let backups = run.backups.iter().map(|backup| AlertedBackup {
            path: backup.path.clone(),
            size_bytes: backup.size_bytes,
            sha256: backup.sha256.clone(),
        });
        Event {
            recipe: run.recipe.clone(),
            host: run.host.clone(),
            database: database_of(run),
            run_kind: run.kind.clone(),
            outcome: run.status.word().to_owned(),
            duration_secs: run.duration_ms.unwrap_or(0) as f64 / 1000.0,
            backups: backups.collect(),
            findings: findings(run),
            ..Event::new(failure_kind(run), &run.id, &run.backup_type, run.ended_at.unwrap_or(run.started_at))
        }
    }

    /// The listed findings: those of a report, warnings, and those of a monitor in every event about it.
    pub fn listed(&self) -> &[Finding] {
        let lists = |kind| matches!(kind, EventKind::Monitor | EventKind::Report | EventKind::Warning);
        if lists(self.kind) || lists(self.about) { &self.findings } else { &[] }
    }

    /// Translates the event for people: the record keeps errors in English.
    pub fn shown(&self) -> Event {
        let mut event = self.clone();
        let texts = event.error.iter_mut().chain(&mut event.hint);
        let texts = texts.chain(event.findings.iter_mut().map(|finding| &mut finding.message));
        texts.for_each(|text| *text = translated(text).into_owned());
        event
    }

    /// Removes every known secret. Our own words stay unchanged: a password such as `daily` must not damage an id.
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

/// The findings of a monitor, or why there are none.
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

/// The event kind of a failed run, by the kind of its recipe.
fn failure_kind(run: &Run) -> EventKind {
    match run.kind.as_str() {
        "restore" => EventKind::RestoreFailure,
        "monitor" | "check" | "report" => EventKind::Monitor,
        "drill" => EventKind::DrillFailure,
        _ => EventKind::BackupFailure,
    }
}

/// The database of a run, if its target names one.
fn database_of(run: &Run) -> Option<String> {
    let (_, said) = run.target.split_once(" (")?;
    let named = said.trim_end_matches(')').split(", ").filter_map(|word| word.split_once('='));
    let mut databases = named.filter(|(name, _)| matches!(*name, "database" | "db" | "dbname"));
    databases.next().map(|(_, value)| secret::redact(value)).filter(|value| !value.is_empty())
}

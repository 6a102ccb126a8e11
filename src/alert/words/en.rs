//! Events in English.

use super::{Labels, Sentences};
use crate::alert::event::{Event, EventKind};

pub const LABELS: Labels = Labels {
    id: "Backup ID",
    run_type: "Type",
    time: "Time",
    moment: "Time",
    local_time: "Local time",
    error: "Error",
    hint: "What to try",
    recipe: "Recipe",
    database: "Database",
    host: "Host",
    failures: "Failures in a row",
    relapses: "Relapses",
    first_failure: "First failure",
    contacts: "Contacts",
    system_url: "System URL",
};

pub fn sentences(event: &Event) -> Sentences {
    let Event { id, recipe, host, failures, relapses, level, .. } = event;
    let (what, how) = (noun(event), ended(event));
    let low = what.to_lowercase();
    let say = |subject: String, heading: String, advice| Sentences { subject, heading, advice };
    match event.kind {
        EventKind::Recovered => say(
            format!("[RECOVERED] {what} works again: {id}"),
            format!("[RECOVERED] The {low} works again"),
            match what {
                "Backup" => "There is no backup of the time in between: make sure that you have the ones you need.",
                _ => "",
            },
        ),
        EventKind::Digest if *relapses > 0 => say(
            format!("[AGAIN] {what} fails and works by turns: {recipe}"),
            format!("[AGAIN] The {low} fails and works by turns"),
            advice(event),
        ),
        EventKind::Digest => say(
            format!("[ONGOING] {what} {how} {failures} times: {recipe}"),
            format!("[ONGOING] The {low} keeps failing ({failures} times)"),
            advice(event),
        ),
        EventKind::Escalation => say(
            format!("[URGENT, LEVEL {level}] {what} {how} {failures} times in a row: {recipe}"),
            format!("[URGENT, LEVEL {level}] The {low} has failed {failures} times in a row"),
            "Look at the disk space, the permissions and the recipe.",
        ),
        EventKind::Warning => {
            let count = match event.findings.len() {
                1 => "a warning".to_owned(),
                count => format!("{count} warnings"),
            };
            say(
                format!("[WARNING] {what} succeeded with {count}: {id}"),
                format!("[WARNING] The {low} succeeded, with {count}"),
                "Look at each. Those that are fine can be accepted for good: many recipes take a param accept_warnings.",
            )
        }
        EventKind::Report => {
            let period = event.period.as_deref().unwrap_or_default();
            say(format!("[REPORT] Backup report: {period}"), format!("Backup report {period}"), "")
        }
        EventKind::Test => say(
            format!("[TEST] Backup alerts from {host}"),
            "[TEST] This is a test of the backup alerts".into(),
            "If you read this, the set-up works. There is nothing to do.",
        ),
        _ => say(format!("{} {what} {how}: {id}", mark(event)), heading(event), advice(event)),
    }
}

/// The noun for the run: a backup, unless its recipe has another kind.
fn noun(event: &Event) -> &'static str {
    match (event.about, event.run_kind.as_str()) {
        (EventKind::RestoreFailure, _) => "Restore",
        (EventKind::DrillFailure, _) => "Restore test",
        (EventKind::Monitor, "monitor") => "Backup monitor",
        (_, "maintenance") => "Maintenance",
        (_, "check") => "Check",
        (_, "report") => "Report",
        _ => "Backup",
    }
}

/// The outcome, after the noun.
fn ended(event: &Event) -> &'static str {
    match event.outcome.as_str() {
        "partial" => "incomplete",
        "locked" => "not started",
        "interrupted" => "interrupted",
        _ => "failed",
    }
}

fn mark(event: &Event) -> &'static str {
    match event.outcome.as_str() {
        _ if event.stopped_by_hand => "[STOPPED]",
        "partial" | "locked" => "[WARNING]",
        _ => "[URGENT]",
    }
}

fn heading(event: &Event) -> String {
    let (mark, low) = (mark(event), noun(event).to_lowercase());
    match event.outcome.as_str() {
        "partial" => format!("{mark} A {low} is incomplete: a part of it failed"),
        "locked" => format!("{mark} A {low} was not started: another run of the recipe is still active"),
        "interrupted" if event.stopped_by_hand => format!("{mark} A {low} was stopped from the keyboard"),
        "interrupted" => format!("{mark} A {low} was interrupted"),
        _ => format!("{mark} A {low} has failed"),
    }
}

fn advice(event: &Event) -> &'static str {
    match (event.about, event.outcome.as_str()) {
        (_, "locked") => "Look at the run that is active; stop it when it will not end.",
        (EventKind::RestoreFailure, _) => "Look at the state of the production database, and find the cause.",
        (EventKind::DrillFailure, "failure") => "This backup may not restore: look at another one.",
        (EventKind::BackupFailure, "partial") => "What succeeded can be used. Find out why the rest failed.",
        (EventKind::BackupFailure, _) if noun(event) == "Backup" => {
            "Find the cause soon, and consider running the backup by hand."
        }
        _ => "Find the cause soon.",
    }
}

//! Writes each event as text, the same on a terminal and in a log.

use std::time::Duration;

use serde_json::Value;

use super::outgoing;
use super::report_event::ReportEvent;
use super::translate::translated;
use crate::units::{show_duration, show_size};

/// The event as a sentence; further lines are indented. Progress has no text.
pub(super) fn of(event: &ReportEvent) -> Option<String> {
    let text = match event {
        // Most programs begin their lines with their name.
        ReportEvent::Log { program: Some(program), message, .. } if !message.starts_with(program.as_str()) => {
            format!("{program}: {message}")
        }
        ReportEvent::Log { message, .. } => message.clone(),
        ReportEvent::RunStarted { id, recipe, .. } => format!("{recipe} started ({id})"),
        ReportEvent::StepStarted { name, .. } => format!("{name}: started"),
        ReportEvent::StepEnded { name, status, bytes, duration, .. } => {
            format!("{name}: {}", step_end(status, *bytes, *duration))
        }
        ReportEvent::StepExpects { .. } | ReportEvent::StepProgress { .. } => return None,
        ReportEvent::RunEnded { outcome } => run_end(outcome),
    };
    Some(outgoing::indented(&translated(&text), "  "))
}

fn step_end(status: &str, bytes: u64, duration: Duration) -> String {
    let took = show_duration(duration);
    match (status, bytes) {
        ("success", 0) => format!("done in {took}"),
        ("success", bytes) => format!("{} in {took}", show_size(bytes)),
        ("failure", 0) => format!("failed after {took}"),
        ("failure", bytes) => format!("failed after {} and {took}", show_size(bytes)),
        (status, _) => format!("{status} after {took}"),
    }
}

fn run_end(outcome: &Value) -> String {
    let word = |key: &str| outcome[key].as_str().unwrap_or("?").to_owned();
    let (recipe, id) = (word("recipe"), word("id"));
    let secs = outcome["duration_secs"].as_f64().unwrap_or(0.0);
    let took = show_duration(Duration::try_from_secs_f64(secs).unwrap_or(Duration::ZERO));
    match word("status").as_str() {
        "success" => format!("{recipe} succeeded in {took} ({id})"),
        "partial" => format!("{recipe} was done only in part, in {took} ({id})"),
        "failure" => format!("{recipe} failed after {took} ({id})"),
        "locked" => format!("{recipe} did not run: another run of it holds the lock ({id})"),
        "interrupted" => format!("{recipe} was interrupted after {took} ({id})"),
        status => format!("{recipe} ended as {status} after {took} ({id})"),
    }
}

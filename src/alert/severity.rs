//! Decides how bad an event is, from its kind and from how the run really ended: the colour of a message must not lie.

use serde::Serialize;

use super::event::{Event, EventKind};

/// How bad something is, in the words that pagers have for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// It is as it should be: nobody has to do anything.
    Good,
    Info,
    Warning,
    Error,
    Critical,
}

impl Severity {
    pub const ALL: [Severity; 5] =
        [Severity::Good, Severity::Info, Severity::Warning, Severity::Error, Severity::Critical];

    pub fn word(self) -> &'static str {
        match self {
            Severity::Good => "good",
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Error => "error",
            Severity::Critical => "critical",
        }
    }
}

impl Event {
    /// `Good` only when the run has really succeeded, and the kind says nothing else: the worse of the two counts.
    pub fn severity(&self) -> Severity {
        let by_outcome = match self.outcome.as_str() {
            "success" => Severity::Good,
            // A monitor and a report are about no run of their own; one under way has not ended.
            "" | "running" => Severity::Info,
            "partial" => Severity::Warning,
            _ => Severity::Error,
        };
        let by_kind = match self.kind {
            EventKind::Recovered => Severity::Good,
            EventKind::Report if self.findings.is_empty() => Severity::Good,
            EventKind::Report => Severity::Info,
            EventKind::Monitor => Severity::Error,
            EventKind::Escalation => Severity::Critical,
            EventKind::BackupFailure | EventKind::Digest | EventKind::RestoreFailure | EventKind::DrillFailure => {
                match by_outcome {
                    Severity::Warning => Severity::Warning,
                    _ => Severity::Error,
                }
            }
        };
        by_outcome.max(by_kind)
    }
}

//! Decides the colour of a message from the outcome of the run, so that colour, words and outcome cannot disagree.

use super::event::{Event, EventKind, Severity};

/// The tone of a message at first sight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tone {
    /// All is well, and a run has proved it.
    Good,
    Neutral,
    Warning,
    Danger,
}

impl Tone {
    /// The name in the table that channels get.
    pub fn word(self) -> &'static str {
        match self {
            Tone::Good => "good",
            Tone::Neutral => "neutral",
            Tone::Warning => "warning",
            Tone::Danger => "danger",
        }
    }
}

impl Event {
    /// The worse of the kind's tone and the outcome's: good only if both are good.
    pub fn tone(&self) -> Tone {
        let by_outcome = match self.outcome.as_str() {
            "success" => Tone::Good,
            // The event is about no run, or about one that has not ended.
            "" | "running" => Tone::Neutral,
            "partial" | "locked" => Tone::Warning,
            _ => Tone::Danger,
        };
        let by_kind = match (self.severity(), self.kind) {
            (Severity::Info, EventKind::Recovered) => Tone::Good,
            (Severity::Info, EventKind::Report) if self.findings.is_empty() => Tone::Good,
            (Severity::Info, _) => Tone::Neutral,
            (Severity::Warning, _) => Tone::Warning,
            (Severity::Error | Severity::Critical, _) => Tone::Danger,
        };
        by_outcome.max(by_kind)
    }
}

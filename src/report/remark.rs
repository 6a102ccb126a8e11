//! Defines the remarks of a run, and how each level affects the outcome.

use serde::{Deserialize, Serialize};

/// The weight of a remark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// For the record only.
    Note,
    /// The run is a success; people are notified.
    Warning,
    /// Something was left out or cannot be used: the run is partial.
    Incomplete,
    /// The run has failed.
    Failure,
}

impl Level {
    pub fn word(self) -> &'static str {
        match self {
            Level::Note => "note",
            Level::Warning => "warning",
            Level::Incomplete => "incomplete",
            Level::Failure => "failure",
        }
    }
}

/// One remark of a run: kept with the run, and in the manifest of the backup that it is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remark {
    pub level: Level,
    /// An identifier for programs, the same for every remark of this kind: `not_restorable`.
    pub kind: String,
    pub message: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The pattern of the param that accepted it; an accepted remark counts as a note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<String>,
}

impl Remark {
    pub fn new(level: Level, kind: &str, message: impl Into<String>) -> Remark {
        Remark { level, kind: kind.to_owned(), message: message.into(), hint: None, accepted: None }
    }

    pub fn hint(self, hint: impl Into<String>) -> Remark {
        Remark { hint: Some(hint.into()), ..self }
    }

    /// Its name in the record: `warning: smaller`.
    pub fn title(&self) -> String {
        match &self.accepted {
            Some(pattern) => format!("accepted by `{pattern}`: {}", self.kind),
            None => format!("{}: {}", self.level.word(), self.kind),
        }
    }

    /// Its message and hint on one line.
    pub fn with_hint(&self) -> String {
        match &self.hint {
            Some(hint) => format!("{} (hint: {hint})", self.message),
            None => self.message.clone(),
        }
    }

    /// Accepts the remark if its kind or its message matches one of the patterns, where `*` is any text.
    pub fn accept(&mut self, patterns: &[String]) {
        let matching = |pattern: &&String| matches(pattern, &self.kind) || matches(pattern, &self.message);
        self.accepted = patterns.iter().find(matching).cloned();
    }

    /// Its effect on the outcome of the run.
    pub fn weight(&self) -> Level {
        if self.accepted.is_some() { Level::Note } else { self.level }
    }
}

/// Whether `text` matches `pattern`: `*` is any text, everything else is literal.
fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(rest) = parts.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    let mut rest = rest;
    for part in middle {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

//! Checks the filter words of a channel: a misspelt one would match nothing, and nobody would be notified.

use serde::de::{Deserialize, Deserializer};

use crate::suggest;

/// The names of events: each kind, and the follow-ups of a failure, as the record has them.
pub const EVENTS: [&str; 31] = [
    "backup_failure",
    "restore_failure",
    "drill_failure",
    "warning",
    "monitor",
    "digest",
    "escalation",
    "recovered",
    "report",
    "test",
    "backup_warning",
    "backup_digest",
    "backup_escalation",
    "backup_recovered",
    "restore_warning",
    "restore_digest",
    "restore_escalation",
    "restore_recovered",
    "drill_warning",
    "drill_digest",
    "drill_escalation",
    "drill_recovered",
    "monitor_warning",
    "monitor_digest",
    "monitor_escalation",
    "monitor_recovered",
    "level-1",
    "level-2",
    "level-3",
    "all",
    "*",
];

/// The types of runs.
pub const RUN_TYPES: [&str; 4] = ["daily", "weekly", "monthly", "manual"];

pub(super) fn events<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    known(Vec::deserialize(deserializer)?, &EVENTS)
}

pub(super) fn run_types<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    known(Vec::deserialize(deserializer)?, &RUN_TYPES)
}

fn known<E: serde::de::Error>(words: Vec<String>, valid: &[&str]) -> Result<Vec<String>, E> {
    match words.iter().find(|word| !valid.contains(&word.as_str())) {
        Some(word) => {
            let hint = suggest::hint(word, valid.iter().copied());
            Err(E::custom(format!("there is no `{}`\n{hint}", word.escape_debug())))
        }
        None => Ok(words),
    }
}

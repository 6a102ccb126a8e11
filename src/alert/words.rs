//! The text of an event, in Japanese as in the runbook (§5) and in English: subject, heading, labels, advice.

use serde::Serialize;

use super::event::{Event, EventKind};
use crate::config;

mod en;
mod ja;
mod monitor;

/// The languages of alerts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    En,
    Ja,
}

impl From<config::Language> for Language {
    fn from(language: config::Language) -> Language {
        match language {
            config::Language::En => Language::En,
            config::Language::Ja => Language::Ja,
        }
    }
}

/// The words of a message around the event's values.
#[derive(Clone, Debug, Serialize)]
pub struct Words {
    #[serde(skip)]
    pub language: Language,
    pub lang: &'static str,
    pub subject: String,
    pub heading: String,
    pub advice: &'static str,
    pub footer: String,
    pub rehearsal: &'static str,
    pub label: Labels,
}

/// The names of rows.
#[derive(Clone, Debug, Serialize)]
pub struct Labels {
    pub id: &'static str,
    #[serde(rename = "type")]
    pub run_type: &'static str,
    /// The label of the time of a failure.
    pub time: &'static str,
    /// The label of the time of other events.
    pub moment: &'static str,
    /// The label of the local time.
    pub local_time: &'static str,
    pub error: &'static str,
    pub hint: &'static str,
    pub recipe: &'static str,
    pub database: &'static str,
    pub host: &'static str,
    pub failures: &'static str,
    pub relapses: &'static str,
    pub first_failure: &'static str,
    pub contacts: &'static str,
    pub system_url: &'static str,
}

/// The subject without its place, the heading and the advice of an event.
struct Sentences {
    subject: String,
    heading: String,
    advice: &'static str,
}

impl Words {
    /// The words of an event; `system_name` is what the footer calls the system.
    pub fn of(event: &Event, language: Language, system_name: &str) -> Words {
        let Sentences { subject, heading, advice } = match (event.about, language) {
            (EventKind::Monitor, language) if event.kind != EventKind::Warning => monitor::sentences(event, language),
            (_, Language::Ja) => ja::sentences(event),
            (_, Language::En) => en::sentences(event),
        };
        let (lang, label, footer, rehearsal, mark) = match language {
            Language::Ja => (
                "ja",
                ja::LABELS,
                format!("{system_name} バックアップアラート"),
                "これは訓練です。実際の障害ではありません。",
                "【訓練】",
            ),
            Language::En => (
                "en",
                en::LABELS,
                format!("{system_name} backup alert"),
                "This is a rehearsal: nothing has really failed.",
                "[REHEARSAL] ",
            ),
        };
        let mark = if event.rehearsal { mark } else { "" };
        // A subject must be one line, whatever its values contain, or the alert would not arrive.
        let subject = format!("{mark}{subject}{}", place(event));
        let subject = subject.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        Words { language, lang, subject, heading, advice, footer, rehearsal, label }
    }
}

/// The place and time after the subject: recipe, database, host and local time.
fn place(event: &Event) -> String {
    // The subject of a continuing failure already names its recipe.
    let has_recipe =
        matches!(event.kind, EventKind::Digest | EventKind::Escalation) && event.about != EventKind::Monitor;
    let recipe = Some(event.recipe.as_str()).filter(|_| !has_recipe);
    // Without its seconds: `2026-02-15 12:00 +09:00`.
    let time = match event.local_time.split_at_checked(16) {
        Some((minute, rest)) => format!("{minute}{}", rest.get(3..).unwrap_or_default()),
        None => event.local_time.clone(),
    };
    let parts = [recipe, event.database.as_deref(), Some(event.host.as_str()), Some(&time)];
    let parts: Vec<&str> = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect();
    format!(" ({})", parts.join(", "))
}

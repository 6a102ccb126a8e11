//! Builds the table of an event for a channel: its values, and their labels in the reader's language.

use serde_json::{Value, json};

use super::Message;
use super::event::{Event, iso};
use super::text::{place, rows};
use super::words::{Language, Words};
use crate::stream::sha256::Sha256;

/// The event as channels see it. `json` is the same as text, to be passed on, without the mail's HTML.
pub fn table(event: &Event, message: &Message) -> Value {
    let words = &message.words;
    let error = event.error.as_ref().map(|text| json!({ "message": text, "hint": event.hint }));
    let mut shown = json!({
        "id": event.id,
        "type": event.run_type,
        "kind": event.kind,
        "about": event.about,
        "severity": event.severity(),
        "tone": event.tone().word(),
        "status": status(event),
        "time": iso(&event.time),
        "local_time": event.local_time,
        "recipe": event.recipe,
        "database": event.database,
        "host": event.host,
        "error": error,
        "system_url": event.system_url,
        "duration_secs": event.duration_secs,
        "backups": event.backups,
        "failures": event.failures,
        "relapses": event.relapses,
        "first_failure": event.first_failure.as_ref().map(iso),
        "level": event.level,
        "contacts": event.contacts,
        "findings": event.findings,
        "period": event.period,
        "rehearsal": event.rehearsal,
        "lang": words.lang,
        "subject": message.subject,
        "text": message.text,
    });
    let whole = shown.to_string();
    let event = &event.shown();
    let error = event.error.as_ref().map(|text| json!({ "message": text, "hint": event.hint }));
    if let Value::Object(shown) = &mut shown {
        shown.insert("error".to_owned(), json!(error));
        shown.insert("findings".to_owned(), json!(event.findings));
        shown.insert("message_id".to_owned(), Value::Null);
        shown.insert("json".to_owned(), whole.into());
        shown.insert("html".to_owned(), message.html.clone().into());
        shown.insert("heading".to_owned(), words.heading.as_str().into());
        shown.insert("advice".to_owned(), words.advice.into());
        shown.insert("footer".to_owned(), words.footer.as_str().into());
        shown.insert("note".to_owned(), if event.rehearsal { words.rehearsal } else { "" }.into());
        shown.insert("rows".to_owned(), all_rows(event, words));
        shown.insert("labels".to_owned(), json!(words.label));
    }
    shown
}

/// The run as `ping` gets it.
pub fn run_table(event: &Event) -> Value {
    json!({
        "id": event.id,
        "rid": rid(event),
        "recipe": event.recipe,
        "type": event.run_type,
        "host": event.host,
        "status": event.outcome,
        "time": iso(&event.time),
        "duration_secs": event.duration_secs,
        "error": event.error.as_ref().map(|text| json!({ "message": text, "hint": event.hint })),
        "backups": event.backups,
    })
}

/// A UUID (RFC 9562, version 8) that is the same for all pings of a run, and different for each run.
fn rid(event: &Event) -> String {
    let hex = Sha256::of(format!("{}/{}", event.host, event.id));
    format!("{}-{}-8{}-8{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..32])
}

/// The rows to show: the outcome comes first, so that nobody has to rely on the colour.
fn all_rows(event: &Event, words: &Words) -> Value {
    let language = words.language;
    let outcome = outcome_words(&event.outcome, language).map(|text| (outcome_label(language), text.to_owned()));
    let findings = event.listed().iter().map(|one| (one.subject.as_str(), one.message.clone()));
    let rows = outcome.into_iter().chain(rows(event, &words.label)).chain(place(event, &words.label)).chain(findings);
    rows.map(|(label, value)| json!({ "label": label, "value": value })).collect()
}

fn status(event: &Event) -> Option<&str> {
    Some(event.outcome.as_str()).filter(|outcome| !outcome.is_empty())
}

fn outcome_label(language: Language) -> &'static str {
    match language {
        Language::Ja => "結果",
        Language::En => "Outcome",
    }
}

/// The outcome of a run in words; empty for an event that is about no run.
fn outcome_words(outcome: &str, language: Language) -> Option<&str> {
    let ja = language == Language::Ja;
    let word = |japanese, english| if ja { japanese } else { english };
    Some(match outcome {
        "" => return None,
        "success" => word("成功", "success"),
        "partial" => word("一部失敗", "done in part: a step failed"),
        "failure" => word("失敗", "failure"),
        "interrupted" => word("中断", "interrupted"),
        "locked" => word("実行不可 (同じレシピが実行中)", "kept out by another run"),
        "running" => word("実行中", "running"),
        other => other,
    })
}

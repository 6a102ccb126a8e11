//! What a channel is given of an event: its values, and the words for them in the reader's language.

use serde_json::{Value, json};

use super::Message;
use super::event::{Event, iso};
use super::words::{Language, Words, rows};

/// The event as channels see it. `json` is the same as text, for those that hand it on; the mail's HTML is not in that.
pub fn table(event: &Event, message: &Message, language: Language) -> Value {
    let words = Words::of(event, language);
    let error = event.error.as_ref().map(|text| json!({ "message": text, "hint": event.hint }));
    let mut told = json!({
        "id": event.id,
        "type": event.run_type,
        "kind": event.kind,
        "about": event.about,
        "severity": event.severity(),
        "tone": event.tone().word(),
        "status": status(event),
        "time": iso(&event.time),
        "recipe": event.recipe,
        "host": event.host,
        "error": error,
        "system_url": event.system_url,
        "duration_secs": event.duration_secs,
        "backups": event.backups,
        "failures": event.failures,
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
    let whole = told.to_string();
    if let Value::Object(told) = &mut told {
        told.insert("message_id".to_owned(), Value::Null);
        told.insert("json".to_owned(), whole.into());
        told.insert("html".to_owned(), message.html.clone().into());
        told.insert("heading".to_owned(), words.heading.clone().into());
        told.insert("advice".to_owned(), words.advice.into());
        told.insert("footer".to_owned(), words.footer.into());
        told.insert("note".to_owned(), if event.rehearsal { words.rehearsal } else { "" }.into());
        told.insert("rows".to_owned(), all_rows(event, &words, language));
        told.insert("labels".to_owned(), json!(words.label));
    }
    told
}

/// What is shown by row: how the run ended comes first, so that no colour has to be believed.
fn all_rows(event: &Event, words: &Words, language: Language) -> Value {
    let outcome = outcome_words(&event.outcome, language).map(|text| (outcome_label(language), text.to_owned()));
    let findings = event.listed().iter().map(|one| (one.subject.as_str(), one.message.clone()));
    let rows = outcome.into_iter().chain(rows(event, &words.label)).chain(findings);
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

/// How a run ended, in words; nothing for an event that is about no run.
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

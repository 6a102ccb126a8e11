//! Writes the plain text of a message, and the rows that every channel shows.

use super::event::{Event, EventKind, iso, local};
use super::words::{Labels, Words};

/// The plain text of a message: for a backup failure exactly the runbook's text (§5.2), with the place after its
/// rows; the others follow the same pattern.
pub fn plain_text(event: &Event, words: &Words) -> String {
    let blocks = [
        if event.rehearsal { words.rehearsal.to_owned() } else { String::new() },
        words.heading.clone(),
        lines(rows(event, &words.label)),
        lines(place(event, &words.label)),
        lines(event.listed().iter().map(|one| (one.subject.as_str(), one.message.clone())).collect()),
        words.advice.to_owned(),
        lines(event.system_url.iter().map(|url| (words.label.system_url, url.clone())).collect()),
        format!("---\n{}", words.footer),
    ];
    let mut text = blocks.into_iter().filter(|block| !block.is_empty()).collect::<Vec<_>>().join("\n\n");
    text.push('\n');
    text
}

/// The rows of a message.
pub fn rows<'a>(event: &Event, label: &'a Labels) -> Vec<(&'a str, String)> {
    use EventKind as K;
    let about_a_run = !matches!(event.kind, K::Monitor | K::Report | K::Test);
    let in_a_row = matches!(event.kind, K::Recovered | K::Digest | K::Escalation);
    // After a recovery, the last failures are not counted.
    let over = event.kind == K::Recovered && event.relapses > 0;
    let went_wrong = about_a_run && !matches!(event.kind, K::Recovered | K::Warning);
    let text = |shown: bool, label, text: &str| (shown && !text.is_empty()).then(|| (label, text.to_owned()));
    let first_failure = event.first_failure_local.clone().or_else(|| event.first_failure.as_ref().map(local));
    let first_failure = first_failure.unwrap_or_default();
    let all = [
        text(about_a_run, label.id, &event.id),
        text(about_a_run, label.run_type, &event.run_type),
        text(true, if went_wrong { label.time } else { label.moment }, &iso(&event.time)),
        text(went_wrong, label.error, event.error.as_deref().unwrap_or_default()),
        text(in_a_row && !over, label.failures, &event.failures.to_string()),
        text(in_a_row && event.relapses > 0, label.relapses, &event.relapses.to_string()),
        text(in_a_row, label.first_failure, &first_failure),
        text(event.kind == K::Escalation, label.contacts, &event.contacts.join("; ")),
    ];
    all.into_iter().flatten().collect()
}

/// What to try, and the place and time: recipe, database, host, and the local time.
pub fn place<'a>(event: &Event, label: &'a Labels) -> Vec<(&'a str, String)> {
    let text = |label, text: &str| (!text.is_empty()).then(|| (label, text.to_owned()));
    let all = [
        text(label.hint, event.hint.as_deref().unwrap_or_default()),
        text(label.recipe, &event.recipe),
        text(label.database, event.database.as_deref().unwrap_or_default()),
        text(label.host, &event.host),
        text(label.local_time, &event.local_time),
    ];
    all.into_iter().flatten().collect()
}

fn lines(rows: Vec<(&str, String)>) -> String {
    rows.into_iter().map(|(label, value)| format!("{label}: {value}")).collect::<Vec<_>>().join("\n")
}

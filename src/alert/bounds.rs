//! Keeps an event small enough to be sent: an event that is too long for a channel would reach nobody.

use super::event::{Event, Finding};

/// The maximum length of an error or hint, and of a finding.
const MAX_TEXT_BYTES: usize = 16 << 10;
const MAX_FINDING_BYTES: usize = 2 << 10;
const MAX_FINDINGS: usize = 300;

impl Event {
    /// Shortens the event, with `…` in place of removed text. A long error keeps its beginning and its end.
    pub fn bounded(&self) -> Event {
        let text = |text: &Option<String>| text.as_deref().map(|text| cut(text, MAX_TEXT_BYTES));
        let finding = |one: &Finding| Finding {
            subject: cut(&one.subject, MAX_FINDING_BYTES),
            message: cut(&one.message, MAX_FINDING_BYTES),
        };
        let mut findings: Vec<Finding> = self.findings.iter().take(MAX_FINDINGS).map(finding).collect();
        let more = self.findings.len().saturating_sub(MAX_FINDINGS);
        findings.extend((more > 0).then(|| Finding { subject: "…".to_owned(), message: format!("+{more}") }));
        Event { error: text(&self.error), hint: text(&self.hint), findings, ..self.clone() }
    }
}

fn cut(text: &str, max: usize) -> String {
    if text.len() <= max {
        return text.to_owned();
    }
    let tail = max / 3;
    let (head, from) = (text.floor_char_boundary(max - tail), text.ceil_char_boundary(text.len() - tail));
    format!("{}…{}", &text[..head], &text[from..])
}

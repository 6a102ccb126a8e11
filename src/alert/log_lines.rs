//! Logs the result of an attempt, in the format of the runbook (§9.2).

use super::channel::{Channel, Delivered};
use super::event::{Event, EventKind};
use crate::error::{Error, Result};
use crate::report::{self, Level};
use crate::world::mail::trouble_of;

/// Logs the result of sending `event` to `channel`; `recipients` are those of this attempt, `subject` its first line.
pub fn log(channel: &Channel, recipients: &[String], subject: &str, event: &Event, result: &Result<Delivered>) {
    match result {
        Ok(Delivered { skipped: Some(why), .. }) => {
            report::log(Level::Info, &format!("the channel `{}` sent nothing: {why}", channel.name), None);
        }
        Ok(delivered) => sent(channel, recipients, subject, event, delivered),
        Err(error) => failed(channel, event, error),
    }
}

fn sent(channel: &Channel, recipients: &[String], subject: &str, event: &Event, delivered: &Delivered) {
    let name = name(event.kind);
    if !is_mail(channel) {
        let line = format!("[INFO] [Backup] {} alert sent to `{}` ({})", capital(name), channel.name, channel.kind);
        return report::log(Level::Info, &line, None);
    }
    let got = |one: &&String| !delivered.refused.iter().any(|refused| one.contains(&refused.address));
    let to = recipients.iter().filter(got).map(String::as_str).collect::<Vec<_>>().join(",");
    report::log(Level::Info, &format!("[INFO] [Backup] {} alert email sent to {to}", capital(name)), None);
    let id = delivered.message_id.as_deref().unwrap_or_default();
    let line = format!(
        "[INFO] [EmailService] Email sent successfully: {{ messageId: {id:?}, to: {to:?}, subject: {:?} }}",
        Plain(subject)
    );
    report::log(Level::Info, &line, None);
    for refused in &delivered.refused {
        let line = format!(
            "[ERROR] [Backup] Failed to send {name} alert email: {} was refused: {}",
            refused.address, refused.reply
        );
        report::log(Level::Error, &line, None);
    }
}

fn failed(channel: &Channel, event: &Event, error: &Error) {
    let (name, why) = (name(event.kind), error.one_line());
    if !is_mail(channel) {
        let line =
            format!("[ERROR] [Backup] Failed to send {name} alert to `{}` ({}): {why}", channel.name, channel.kind);
        return report::log(Level::Error, &with_hint(line, error), None);
    }
    report::log(Level::Error, &format!("[ERROR] [Backup] Failed to send {name} alert email: {why}"), None);
    let code = trouble_of(error)
        .map_or_else(|| format!("E{}", error.kind().word().to_uppercase()), |trouble| trouble.code.to_owned());
    let mut line = format!("[ERROR] [EmailService] Error sending email: {{ code: {code:?}, message: {:?}", Plain(&why));
    if let Some(hint) = error.hint_text() {
        line.push_str(&format!(", hint: {:?}", Plain(hint)));
    }
    report::log(Level::Error, &format!("{line} }}"), None);
}

fn with_hint(line: String, error: &Error) -> String {
    error.hint_text().map_or(line.clone(), |hint| format!("{line} (hint: {hint})"))
}

fn is_mail(channel: &Channel) -> bool {
    channel.kind == "email"
}

/// The runbook's text for an alert: `Failure alert email sent`, `Failed to send failure alert email`.
fn name(kind: EventKind) -> &'static str {
    match kind {
        EventKind::BackupFailure => "failure",
        EventKind::Recovered => "recovery",
        EventKind::Digest => "digest",
        EventKind::Escalation => "escalation",
        EventKind::RestoreFailure => "restore failure",
        EventKind::DrillFailure => "drill failure",
        EventKind::Warning => "warning",
        EventKind::Monitor => "monitor",
        EventKind::Report => "report",
        EventKind::Test => "test",
    }
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

/// A text in double quotes, with Japanese unescaped.
struct Plain<'a>(&'a str);

impl std::fmt::Debug for Plain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "\"{}\"", self.0.replace('\\', "\\\\").replace('"', "\\\"").replace(['\n', '\r'], " "))
    }
}

//! Hands messages to the mail server, and says whether it would take them.

use super::Message;
use crate::error::Result;
pub use crate::world::mail::settings::{Lookup, Recipients, Settings, recipients};
use crate::world::mail::{Mail, Mailbox, Sent};
use crate::world::{Caller, real};

/// Sends a message to all recipients at once. Some may be refused all the same: they stand in the answer, not in an error.
pub async fn send(
    caller: &Caller,
    settings: &Settings,
    to: Vec<Mailbox>,
    message: &Message,
    message_id: Option<String>,
) -> Result<Sent> {
    let mail = Mail {
        server: settings.server.clone(),
        from: settings.from.clone(),
        to,
        cc: Vec::new(),
        subject: message.subject.clone(),
        text: message.text.clone(),
        html: message.html.clone(),
        message_id,
    };
    caller.send(mail).await
}

/// Whether the server would take mails: connects, encrypts, logs in and leaves.
pub async fn verify(settings: &Settings) -> Result<()> {
    real::mail::verify(&settings.server).await
}

/// What `check` and the log say of that, in the runbook's words (§6, step 5).
pub fn verified_line(answer: &Result<()>) -> String {
    match answer {
        Ok(()) => "[EmailService] SMTP server is ready to send emails".to_owned(),
        Err(error) => format!("[EmailService] SMTP connection error: {}", error.one_line()),
    }
}

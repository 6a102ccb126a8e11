//! Writes a mail down as it goes over the wire: headers, and one part or two.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use chrono::{DateTime, FixedOffset};
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox as LettreMailbox, Message, MultiPart, SinglePart};
use lettre::{Address, address::Envelope};

use crate::error::{Error, Kind, Result};
use crate::world::mail::{Mail, Mailbox};

/// A mail as it goes over the wire.
pub struct Letter {
    pub bytes: Vec<u8>,
    pub message_id: String,
    pub from: Address,
    /// As `Mail::recipients` has them.
    pub to: Vec<Address>,
}

impl Letter {
    /// Whether an address needs SMTPUTF8; names need nothing.
    pub fn has_non_ascii_addresses(&self) -> bool {
        [&self.from]
            .into_iter()
            .chain(&self.to)
            .any(|address| !address.user().is_ascii() || !address.domain().is_ascii())
    }
}

pub fn compose(mail: &Mail, now: DateTime<FixedOffset>) -> Result<Letter> {
    let from = mailbox(&mail.from)?;
    let message_id = mail.message_id.clone().unwrap_or_else(|| new_id(now, from.email.domain()));
    let to = mail.recipients().into_iter().map(|to| Ok(mailbox(to)?.email)).collect::<Result<Vec<_>>>()?;
    let envelope = Envelope::new(Some(from.email.clone()), to.clone()).map_err(cannot)?;
    let mut builder = Message::builder()
        .message_id(Some(message_id.clone()))
        .date(SystemTime::from(now))
        .from(from.clone())
        .subject(&mail.subject)
        .envelope(envelope);
    for address in &mail.to {
        builder = builder.to(mailbox(address)?);
    }
    for address in &mail.cc {
        builder = builder.cc(mailbox(address)?);
    }
    // RFC 3834: nobody's holiday notice should answer. Exchange has its own word for it.
    for (name, value) in [("Auto-Submitted", "auto-generated"), ("X-Auto-Response-Suppress", "All")] {
        builder = builder.raw_header(HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned()));
    }
    let text = part(ContentType::TEXT_PLAIN, &mail.text);
    let message = match &mail.html {
        Some(html) => {
            builder.multipart(MultiPart::alternative().singlepart(text).singlepart(part(ContentType::TEXT_HTML, html)))
        }
        None => builder.singlepart(text),
    };
    Ok(Letter { bytes: message.map_err(cannot)?.formatted(), message_id, from: from.email, to })
}

fn part(content_type: ContentType, text: &str) -> SinglePart {
    SinglePart::builder().header(content_type).body(text.to_owned())
}

fn mailbox(mailbox: &Mailbox) -> Result<LettreMailbox> {
    Ok(LettreMailbox::new(mailbox.name.clone(), mailbox.address.parse().map_err(cannot)?))
}

fn cannot(cause: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(Kind::Recipe, "cannot write the mail").because(cause)
}

/// An id that no other mail has: the moment, the process, and a count.
fn new_id(now: DateTime<FixedOffset>, domain: &str) -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let (moment, count) = (now.timestamp_micros(), COUNT.fetch_add(1, Ordering::Relaxed));
    format!("<hikae.{moment:x}.{:x}.{count:x}@{domain}>", std::process::id())
}

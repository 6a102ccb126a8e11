//! Encodes a mail for transmission: headers, and one part or two.

pub(crate) mod headers;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use chrono::{DateTime, FixedOffset};
use lettre::address::{Address, Envelope};
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox as LettreMailbox, Message, MultiPart, SinglePart};

use self::headers::on_the_wire;
use crate::error::{Error, Kind, Result};
use crate::world::mail::Mail;

/// A mail as it is sent over the wire.
pub struct EncodedMail {
    pub bytes: Vec<u8>,
    pub message_id: String,
    pub from: String,
    /// The addresses of `Mail::recipients`.
    pub to: Vec<String>,
}

impl EncodedMail {
    /// Whether an address needs SMTPUTF8; display names do not.
    pub fn needs_smtputf8(&self) -> bool {
        !self.from.is_ascii() || !self.to.iter().all(|address| address.is_ascii())
    }
}

pub fn compose(mail: &Mail, now: DateTime<FixedOffset>) -> Result<EncodedMail> {
    let from = on_the_wire(&mail.from);
    let domain = from.rsplit_once('@').map_or("hikae.invalid", |(_, domain)| domain);
    let message_id = mail.message_id.clone().unwrap_or_else(|| new_id(now, domain));
    let to: Vec<String> = mail.recipients().into_iter().map(on_the_wire).collect();
    // The library needs a valid sender and recipient; the real ones are in the SMTP commands, and in the headers below.
    let somebody = Address::new_dangerous("hikae", "hikae.invalid");
    let envelope = Envelope::new(None, vec![somebody.clone()]).map_err(cannot)?;
    let builder = Message::builder().message_id(Some(message_id.clone())).date(SystemTime::from(now));
    let builder = builder.envelope(envelope).from(LettreMailbox::new(None, somebody));
    let text = part(ContentType::TEXT_PLAIN, &mail.text);
    let mut message = match &mail.html {
        Some(html) => {
            builder.multipart(MultiPart::alternative().singlepart(text).singlepart(part(ContentType::TEXT_HTML, html)))
        }
        None => builder.singlepart(text),
    }
    .map_err(cannot)?;
    for (name, value) in headers::of(mail) {
        let name = HeaderName::new_from_ascii_str(name);
        message.headers_mut().insert_raw(HeaderValue::dangerous_new_pre_encoded(name, value.clone(), value));
    }
    Ok(EncodedMail { bytes: message.formatted(), message_id, from, to })
}

fn part(content_type: ContentType, text: &str) -> SinglePart {
    SinglePart::builder().header(content_type).body(text.to_owned())
}

fn cannot(cause: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(Kind::Recipe, "cannot write the mail").because(cause)
}

/// A unique id: the time, the process, and a counter.
fn new_id(now: DateTime<FixedOffset>, domain: &str) -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let (moment, count) = (now.timestamp_micros(), COUNT.fetch_add(1, Ordering::Relaxed));
    format!("<hikae.{moment:x}.{:x}.{count:x}@{domain}>", std::process::id())
}

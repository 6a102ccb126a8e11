//! Writes the mail headers with user-written text, encoded and folded so that no line is too long.

use base64::prelude::{BASE64_STANDARD, Engine as _};

use crate::world::mail::{Mail, Mailbox};

/// The recommended maximum line length (RFC 5322 §2.1.1).
const LINE: usize = 76;
/// The text of one encoded word: 39 bytes are 52 characters of base64, so that the word fits after any header name.
const WORD_BYTES: usize = 39;

/// The headers other than date and message id.
pub fn of(mail: &Mail) -> Vec<(&'static str, String)> {
    let mut headers = vec![("From", folded("From", addresses(std::slice::from_ref(&mail.from))))];
    headers.push(("To", folded("To", addresses(&mail.to))));
    if !mail.cc.is_empty() {
        headers.push(("Cc", folded("Cc", addresses(&mail.cc))));
    }
    headers.push(("Subject", folded("Subject", text(&mail.subject))));
    // RFC 3834: prevents out-of-office replies. Exchange has a separate header for it.
    headers.push(("Auto-Submitted", "auto-generated".to_owned()));
    headers.push(("X-Auto-Response-Suppress", "All".to_owned()));
    headers
}

/// The words of an address list; each address ends with its comma.
fn addresses(list: &[Mailbox]) -> Vec<String> {
    let mut words = Vec::new();
    for (number, mailbox) in list.iter().enumerate() {
        let comma = if number + 1 < list.len() { "," } else { "" };
        match &mailbox.name {
            Some(name) => {
                words.extend(display_name(name));
                words.push(format!("<{}>{comma}", on_the_wire(mailbox)));
            }
            None => words.push(format!("{}{comma}", on_the_wire(mailbox))),
        }
    }
    words
}

/// A display name: unchanged, quoted, or encoded.
fn display_name(name: &str) -> Vec<String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~ ".contains(c);
    let quoted = || format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""));
    match is_short_ascii(name) {
        true if name.chars().all(is_plain) => text(name),
        true if quoted().len() < LINE - 12 => vec![quoted()],
        _ => encoded(name),
    }
}

/// A text: unchanged if it can be folded at its spaces, else encoded.
fn text(text: &str) -> Vec<String> {
    if is_short_ascii(text) { text.split(' ').map(str::to_owned).collect() } else { encoded(text) }
}

/// Whether a text can be sent unchanged: no word is longer than a line or looks encoded.
fn is_short_ascii(text: &str) -> bool {
    let fits = |word: &str| !word.is_empty() && word.len() < LINE - 12;
    text.is_ascii() && !text.contains("=?") && text.split(' ').all(fits)
}

/// Encoded words (RFC 2047) that never split a character.
fn encoded(text: &str) -> Vec<String> {
    let (mut words, mut piece) = (Vec::new(), String::new());
    for c in text.chars() {
        if piece.len() + c.len_utf8() > WORD_BYTES {
            words.push(format!("=?utf-8?b?{}?=", BASE64_STANDARD.encode(std::mem::take(&mut piece).as_bytes())));
        }
        piece.push(c);
    }
    if !piece.is_empty() {
        words.push(format!("=?utf-8?b?{}?=", BASE64_STANDARD.encode(piece.as_bytes())));
    }
    words
}

/// Joins the words, with a line break and a space where a line would become too long.
fn folded(name: &str, words: Vec<String>) -> String {
    let (mut value, mut column) = (String::new(), name.len() + 1);
    for word in words {
        if value.is_empty() {
            column += 1 + word.len();
        } else if column + 1 + word.len() > LINE {
            value.push_str("\r\n ");
            column = 1 + word.len();
        } else {
            value.push(' ');
            column += 1 + word.len();
        }
        value.push_str(&word);
    }
    value
}

/// An address as servers accept it: a non-ASCII domain in its ASCII form (punycode).
pub fn on_the_wire(mailbox: &Mailbox) -> String {
    let (local, domain) = mailbox.local_and_domain();
    if domain.is_ascii() {
        return mailbox.address.clone();
    }
    let url = reqwest::Url::parse(&format!("http://{domain}/"));
    let ascii = url.ok().and_then(|url| url.host_str().map(str::to_owned));
    format!("{local}@{}", ascii.as_deref().unwrap_or(domain))
}

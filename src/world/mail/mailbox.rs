//! Parses mail addresses as users and the RFC write them, with an optional name beside each.

use std::fmt;
use std::net::IpAddr;

use super::one_line;
use super::split::{self, Part};
use crate::error::{Error, Kind, Result};

/// The longest address (RFC 5321 §4.5.3.1).
const MAX_ADDRESS_BYTES: usize = 254;

/// `Name <address>`, or the address alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox {
    pub name: Option<String>,
    pub address: String,
}

impl Mailbox {
    /// Parses one address: `ops@example.com`, `Operations <ops@example.com>`, `"Yamada, Taro" <yamada@example.com>`.
    pub fn parse(text: &str) -> Result<Mailbox> {
        match Mailbox::read_list(text) {
            (mut found, wrong) if found.len() == 1 && wrong.is_empty() => Ok(found.remove(0)),
            (_, mut wrong) if !wrong.is_empty() => Err(wrong.remove(0)),
            _ => Err(not_an_address(text.trim(), "only one address is allowed here")),
        }
    }

    /// Parses addresses separated by commas or semicolons; one invalid address is an error for all.
    pub fn parse_list(text: &str) -> Result<Vec<Mailbox>> {
        match Mailbox::read_list(text) {
            (found, wrong) if wrong.is_empty() => Ok(found),
            (_, mut wrong) => Err(wrong.remove(0)),
        }
    }

    /// The valid addresses of a list, and the errors of the others.
    pub fn read_list(text: &str) -> (Vec<Mailbox>, Vec<Error>) {
        let (mut found, mut wrong) = (Vec::new(), Vec::new());
        for part in split::parts(text) {
            let Part { name, address } = split::name_and_address(part);
            let mailbox = Mailbox { name: Some(name).filter(|name| !name.is_empty()), address };
            match mailbox.check() {
                Ok(()) => found.push(mailbox),
                Err(error) => wrong.push(error),
            }
        }
        (found, wrong)
    }

    pub(super) fn check(&self) -> Result<()> {
        one_line("a mail address", &self.address)?;
        one_line("the name beside a mail address", self.name.as_deref().unwrap_or_default())?;
        match flaw(&self.address) {
            None => Ok(()),
            Some(why) => Err(not_an_address(&self.address, why)),
        }
    }

    /// The parts before and after the last `@`.
    pub fn local_and_domain(&self) -> (&str, &str) {
        self.address.rsplit_once('@').unwrap_or((&self.address, ""))
    }
}

fn not_an_address(text: &str, why: &str) -> Error {
    Error::new(Kind::Recipe, format!("`{text}` is not a mail address"))
        .because_text(why)
        .hint("write `ops@example.com`, or `Operations <ops@example.com>`; a comma splits several")
}

/// Why an address is invalid. Dots may be anywhere before the `@`: some providers issued `a..b@` and `a.@`.
fn flaw(address: &str) -> Option<&'static str> {
    let Some((local, domain)) = address.rsplit_once('@') else { return Some("it has no `@`") };
    match () {
        () if address.len() > MAX_ADDRESS_BYTES => Some("it is too long"),
        () if local.is_empty() => Some("there is nothing before the `@`"),
        () if !is_local(local) => Some("the part before the `@` has a character that must be quoted"),
        () if domain.is_empty() => Some("there is nothing after the `@`"),
        () if !is_domain(domain) => Some("the part after the `@` is not a domain"),
        () => None,
    }
}

fn is_local(local: &str) -> bool {
    if let Some(inner) = local.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        let mut escaped = false;
        let plain = inner.chars().all(|c| {
            let fine = escaped || c != '"';
            escaped = c == '\\' && !escaped;
            fine && !c.is_control()
        });
        return plain && !escaped && local.len() > 1;
    }
    // RFC 5322 §3.2.3, and letters beyond ASCII (RFC 6531).
    local.chars().all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c) || is_letter_beyond_ascii(c))
}

fn is_domain(domain: &str) -> bool {
    if let Some(literal) = domain.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return literal.strip_prefix("IPv6:").unwrap_or(literal).parse::<IpAddr>().is_ok();
    }
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c) || is_letter_beyond_ascii(c))
    };
    domain.split('.').all(label)
}

fn is_letter_beyond_ascii(c: char) -> bool {
    !c.is_ascii() && !c.is_whitespace() && !c.is_control()
}

impl fmt::Display for Mailbox {
    /// In a form that `parse` can read back: a name with special characters is quoted.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) if name.contains(|c| "()<>[]:;@\\,\"".contains(c)) => {
                write!(f, "\"{}\" <{}>", name.replace('\\', "\\\\").replace('"', "\\\""), self.address)
            }
            Some(name) => write!(f, "{name} <{}>", self.address),
            None => f.write_str(&self.address),
        }
    }
}

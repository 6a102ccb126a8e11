//! A mail address with the name of whom it belongs to.

use std::fmt;

use super::one_line;
use crate::error::{Error, Kind, Result};

/// `Name <address>`, or the address alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox {
    pub name: Option<String>,
    pub address: String,
}

impl Mailbox {
    /// Reads `ops@example.com` or `Operations <ops@example.com>`; the name may be in double quotes.
    pub fn parse(text: &str) -> Result<Mailbox> {
        let text = text.trim();
        let (name, address) = match text.strip_suffix('>').and_then(|rest| rest.rsplit_once('<')) {
            Some((name, address)) => (unquoted(name.trim()), address.trim()),
            None => (String::new(), text),
        };
        let name = Some(name).filter(|name| !name.is_empty());
        let mailbox = Mailbox { name, address: address.to_owned() };
        mailbox.check()?;
        Ok(mailbox)
    }

    /// Reads addresses that are split at commas; blanks around them do not count, and neither does an empty place.
    pub fn parse_list(text: &str) -> Result<Vec<Mailbox>> {
        split(text).into_iter().filter(|part| !part.trim().is_empty()).map(Mailbox::parse).collect()
    }

    pub(super) fn check(&self) -> Result<()> {
        one_line("a mail address", &self.address)?;
        one_line("the name beside a mail address", self.name.as_deref().unwrap_or_default())?;
        let address: Result<lettre::Address, _> = self.address.parse();
        address.map(drop).map_err(|cause| {
            Error::new(Kind::Recipe, format!("`{}` is not a mail address", self.address))
                .because(cause)
                .hint("write `ops@example.com`, or `Operations <ops@example.com>`; a comma splits several")
        })
    }
}

impl fmt::Display for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{name} <{}>", self.address),
            None => f.write_str(&self.address),
        }
    }
}

fn unquoted(name: &str) -> String {
    match name.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(inner) => inner.replace("\\\"", "\"").replace("\\\\", "\\"),
        None => name.to_owned(),
    }
}

/// The parts of a list; a comma in double quotes belongs to a name.
fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut start, mut quoted) = (Vec::new(), 0, false);
    for (at, c) in text.char_indices() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

//! Describes an HTTP request and its answer as plain data that shows no secret.

use std::fmt;

use bytes::Bytes;
use serde::Deserialize;

use super::SecretOrText;
use crate::error::{Error, Kind, Result};
use crate::stream::Source;

pub mod address;
pub mod certificate;
pub mod coding;
pub mod exchange;
pub mod hosts;
mod redirects;
pub mod upload;
pub mod words;
pub use address::Address;

/// The name that hikae sends to servers.
pub const USER_AGENT: &str = concat!("hikae/", env!("CARGO_PKG_VERSION"));

/// One request to one server: following a redirect makes a new request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpRequest {
    pub method: Method,
    pub url: Address,
    pub headers: Vec<(String, SecretOrText)>,
    pub body: Body,
    /// CA certificates trusted in addition to the system's, as PEM.
    pub roots: Option<Bytes>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    Get,
    Head,
    Options,
    Put,
    Delete,
    Post,
    Patch,
}

/// The bytes of a request, and the same as displayable text.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Body {
    pub data: Bytes,
    /// The text without its secrets.
    pub shown: String,
}

/// The answer of a server.
pub struct HttpResponse {
    pub status: u16,
    /// In order of arrival, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Its `End` means that every byte has arrived, if the server announced the length.
    pub body: Box<dyn Source>,
    /// Whether the server marks the end of the body. Otherwise a broken connection looks like the end.
    pub end_is_known: bool,
    /// The server's certificate, if the connection has one.
    pub certificate: Option<certificate::ServerCertificate>,
    /// Whether nothing was sent because this is a dry run: the answer of the server is unknown.
    pub withheld: bool,
}

/// Headers set by the connection itself: with another value, one request could pass for two.
const FRAMING: [&str; 4] = ["content-length", "transfer-encoding", "connection", "upgrade"];

impl Method {
    pub fn word(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Head => "HEAD",
            Method::Options => "OPTIONS",
            Method::Put => "PUT",
            Method::Delete => "DELETE",
            Method::Post => "POST",
            Method::Patch => "PATCH",
        }
    }

    /// Whether it only reads (RFC 9110 §9.2.1).
    pub fn only_reads(self) -> bool {
        matches!(self, Method::Get | Method::Head | Method::Options)
    }

    /// Whether sending it twice has the same effect as once (RFC 9110 §9.2.2).
    pub fn is_idempotent(self) -> bool {
        self.only_reads() || matches!(self, Method::Put | Method::Delete)
    }
}

impl HttpRequest {
    pub fn get(url: Address) -> HttpRequest {
        HttpRequest { method: Method::Get, url, headers: Vec::new(), body: Body::default(), roots: None }
    }

    /// The method and the address, for messages.
    pub fn title(&self) -> String {
        format!("{} {}", self.method.word(), self.url)
    }

    /// The value of a header; case does not matter.
    pub fn header(&self, name: &str) -> Option<&SecretOrText> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// Adds a header that the caller has not set.
    pub fn or_header(mut self, name: &str, value: &str) -> HttpRequest {
        if self.header(name).is_none() {
            self.headers.push((name.to_owned(), SecretOrText::Plain(value.to_owned())));
        }
        self
    }

    /// Refuses headers that would not arrive as intended, such as one with a line break.
    pub fn check(&self) -> Result<()> {
        self.headers.iter().try_for_each(|(name, value)| {
            let wrong = |why: &str, hint: &str| {
                let name: String = name.chars().filter(|c| !c.is_control()).take(80).collect();
                Err(Error::new(Kind::Recipe, format!("the header `{name}` {why}")).hint(hint.to_owned()))
            };
            let token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
            if name.is_empty() || !name.chars().all(token) {
                return wrong("has no valid name", "a name is letters, digits and `-`, such as `X-Api-Key`");
            }
            if FRAMING.iter().any(|framing| name.eq_ignore_ascii_case(framing)) {
                return wrong("cannot be set", "hikae sets it itself, as the body needs it");
            }
            match value.expose().chars().any(|c| c.is_control() && c != '\t') {
                true => wrong("holds a line break or another control character", "headers are one line each"),
                false => Ok(()),
            }
        })
    }
}

impl Body {
    /// A body without secrets.
    pub fn plain(text: impl Into<String>) -> Body {
        let shown = text.into();
        Body { data: Bytes::from(shown.clone()), shown }
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.data.len())
    }
}

impl HttpResponse {
    /// The value of a header, by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

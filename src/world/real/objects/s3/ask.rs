//! A request to a store, and its two kinds of answers.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::error::{Error, Kind, Result};
use crate::stream::Source;
use crate::stream::pump::collect;
use crate::world::http::Method;
use crate::world::objects::words::Refusal;

/// The prefix of the headers for an object's metadata.
pub const META: &str = "x-amz-meta-";

/// The most attempts at one request, and at one part of a large object.
const TRIES: u32 = 4;
const PATIENT_TRIES: u32 = 7;

/// The longest answer that is read as a whole: a page of a listing with a thousand long keys.
const ANSWER_BYTES: usize = 8 << 20;

/// A request to a store.
pub struct Ask<'a> {
    pub method: Method,
    /// The purpose of the request, in words, and its subject.
    pub act: &'a str,
    pub title: &'a str,
    pub key: Option<String>,
    pub query: Vec<(&'a str, String)>,
    pub headers: Vec<(&'a str, String)>,
    pub body: Bytes,
    pub tries: u32,
}

/// A successful answer, whose body is still unread.
pub struct StoreReply {
    pub status: u16,
    pub body: Box<dyn Source>,
    pub headers: Vec<(String, String)>,
}

/// An unsuccessful answer.
pub struct Refused {
    pub error: Error,
    pub refusal: Option<Refusal>,
}

impl StoreReply {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The metadata stored with the object.
    pub fn metadata(&self) -> BTreeMap<String, String> {
        let named = |(name, value): &(String, String)| Some((name.strip_prefix(META)?.to_owned(), value.clone()));
        self.headers.iter().filter_map(named).collect()
    }

    /// Its body, which is small.
    pub async fn bytes(mut self, title: &str) -> Result<Bytes> {
        let too_long = || Error::new(Kind::Other, format!("the answer about `{title}` is too long"));
        collect(&mut *self.body, ANSWER_BYTES, too_long).await
    }
}

impl Refused {
    /// Whether the store's error code is this one.
    pub fn is(&self, code: &str) -> bool {
        self.refusal.as_ref().is_some_and(|refusal| refusal.code == code)
    }

    /// Whether the store gives a reason.
    pub fn has_words(&self) -> bool {
        self.refusal.as_ref().is_some_and(|refusal| !refusal.code.is_empty())
    }

    pub fn status(&self) -> Option<u16> {
        self.refusal.as_ref().map(|refusal| refusal.status)
    }

    /// Whether the outcome is unknown, or an earlier attempt may have succeeded.
    pub fn is_unsure(&self) -> bool {
        matches!(self.error.kind(), Kind::Network | Kind::Timeout | Kind::NotFound | Kind::AlreadyExists | Kind::Other)
    }

    pub fn passes(&self) -> bool {
        match &self.refusal {
            Some(refusal) => refusal.passes(),
            None => matches!(self.error.kind(), Kind::Network | Kind::Timeout),
        }
    }
}

impl From<Error> for Refused {
    fn from(error: Error) -> Refused {
        Refused { error, refusal: None }
    }
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Error {
        refused.error
    }
}

impl<'a> Ask<'a> {
    pub fn of(method: Method, act: &'a str, title: &'a str) -> Ask<'a> {
        Ask { method, act, title, key: None, query: Vec::new(), headers: Vec::new(), body: Bytes::new(), tries: TRIES }
    }

    pub fn key(self, key: String) -> Ask<'a> {
        Ask { key: Some(key), ..self }
    }

    pub fn query(mut self, name: &'a str, value: &str) -> Ask<'a> {
        self.query.push((name, value.to_owned()));
        self
    }

    pub fn header(mut self, name: &'a str, value: impl Into<String>) -> Ask<'a> {
        self.headers.push((name, value.into()));
        self
    }

    /// A part of an upload that takes hours is retried for more than a few seconds.
    pub fn patient(self) -> Ask<'a> {
        Ask { tries: PATIENT_TRIES, ..self }
    }

    pub fn body(self, body: Bytes) -> Ask<'a> {
        Ask { body, ..self }
    }
}

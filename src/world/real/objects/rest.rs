//! Queries a store that speaks JSON or XML over http, and retries where that can help.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use serde::de::IgnoredAny;

use super::Reach;
use super::s3::xml;
use crate::error::{Error, Kind, Result};
use crate::report::{Level, log};
use crate::stream::pump::collect;
use crate::units::show_duration;
use crate::world::SecretOrText;
use crate::world::http::exchange::repeats::doubled;
use crate::world::http::{Address, Body, HttpRequest, HttpResponse, Method};
use crate::world::objects::Store;
use crate::world::objects::words::{Refusal, refused};
use crate::world::real::clock;

/// The most attempts at one request.
const TRIES: u32 = 4;

/// The most attempts to remove a wrong object.
const TAKE_BACKS: u32 = 5;

/// The longest answer that is read as a whole.
const ANSWER_BYTES: usize = 16 << 20;

/// A request to a store.
#[derive(Clone)]
pub struct Ask {
    pub method: Method,
    pub url: String,
    pub headers: Vec<(&'static str, String)>,
    /// Headers whose names are computed.
    pub named: Vec<(String, String)>,
    pub body: Bytes,
    /// The purpose of the request, and its subject.
    pub act: &'static str,
    pub title: String,
    /// Statuses that are no failure, in addition to the successful ones.
    pub fine: &'static [u16],
    pub tries: u32,
}

/// Authenticates requests.
pub trait Signer: Send + Sync {
    fn sign<'a>(&'a self, request: &'a mut HttpRequest) -> BoxFuture<'a, Result<()>>;

    /// The message of an unsuccessful answer.
    fn refusal(&self, answer: &HttpResponse, said: &[u8]) -> Refusal;
}

/// A store, the network that leads to it, and the credentials.
#[derive(Clone)]
pub struct Rest {
    pub store: Arc<Store>,
    pub reach: Reach,
    pub signer: Arc<dyn Signer>,
}

/// An unsuccessful answer.
pub struct Refused {
    pub error: Error,
    pub status: Option<u16>,
    /// Whether the store's error code says that a retry may help.
    passes: bool,
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Error {
        refused.error
    }
}

impl From<Error> for Refused {
    fn from(error: Error) -> Refused {
        Refused { error, status: None, passes: false }
    }
}

impl Refused {
    /// The outcome of the request is unknown.
    pub fn is_unsure(&self) -> bool {
        self.status.is_none_or(|status| matches!(status, 408 | 409 | 412 | 429 | 500..=599))
    }

    fn passes(&self) -> bool {
        match self.status {
            Some(status) => self.passes || matches!(status, 408 | 429 | 500 | 502..=504),
            None => matches!(self.error.kind(), Kind::Network | Kind::Timeout),
        }
    }
}

impl Ask {
    pub fn new(method: Method, act: &'static str, title: impl Into<String>, url: impl Into<String>) -> Ask {
        let (url, title, headers) = (url.into(), title.into(), Vec::new());
        Ask { method, url, headers, named: Vec::new(), body: Bytes::new(), act, title, fine: &[], tries: TRIES }
    }

    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Ask {
        self.headers.push((name, value.into()));
        self
    }

    pub fn body(self, body: impl Into<Bytes>) -> Ask {
        Ask { body: body.into(), ..self }
    }

    /// Also accepts these statuses.
    pub fn fine(self, fine: &'static [u16]) -> Ask {
        Ask { fine, ..self }
    }

    /// Sends the request only once: the caller finds out by other means what became of it.
    pub fn once(self) -> Ask {
        Ask { tries: 1, ..self }
    }
}

impl Rest {
    /// A successful answer, or the error. Transient failures are retried, after growing pauses.
    pub async fn send(&self, ask: &Ask) -> Result<HttpResponse, Refused> {
        let mut tries = 1;
        loop {
            let refused = match self.try_once(ask).await {
                Ok(answer) => return Ok(answer),
                Err(refused) => refused,
            };
            if tries >= ask.tries || !refused.passes() {
                return Err(refused);
            }
            let pause = doubled(tries, f64::from(clock::now().timestamp_subsec_micros() % 1000) / 1000.0);
            let line = format!("{}; the next try is in {}", refused.error.one_line(), show_duration(pause));
            log(Level::Info, &crate::secret::redact(&line), None);
            clock::sleep(pause).await;
            tries += 1;
        }
    }

    /// The whole of a small answer. An answer with status 200 and an error inside is a failure.
    pub async fn ask(&self, ask: &Ask) -> Result<Bytes, Refused> {
        let mut tries = 1;
        loop {
            let said = whole(self.send(ask).await?, &ask.title).await?;
            if !is_error(&said) {
                return Ok(said);
            }
            if tries >= ask.tries {
                let refusal = Refusal::new(500, "", "an error came as if it were a good answer");
                return Err(self.refused(ask, &refusal));
            }
            clock::sleep(doubled(tries, 0.5)).await;
            tries += 1;
        }
    }

    /// Removes an object that differs from what was sent; a failed removal is retried, because the object must not stay.
    pub async fn take_back(&self, ask: &Ask) {
        for number in 1.. {
            let refused = match self.ask(ask).await {
                Ok(_) => return,
                Err(refused) if matches!(refused.status, Some(404 | 412)) => return,
                Err(refused) => refused,
            };
            if number == TAKE_BACKS {
                let line = format!("{}; it stays there, and is not what was sent", refused.error.one_line());
                return log(Level::Warn, &line, None);
            }
            clock::sleep(doubled(number, 0.5)).await;
        }
    }

    /// Whether anything exists at this url, such as a bucket.
    pub async fn is_there(&self, act: &'static str, title: &str, url: String) -> Result<bool> {
        match self.ask(&Ask::new(Method::Get, act, title, url)).await {
            Ok(_) => Ok(true),
            Err(refused) if refused.status == Some(404) => Ok(false),
            Err(refused) => Err(refused.into()),
        }
    }

    async fn try_once(&self, ask: &Ask) -> Result<HttpResponse, Refused> {
        let mut request = HttpRequest::get(Address::parse(&ask.url)?);
        request.method = ask.method;
        request.roots = self.store.roots.clone();
        request.body = Body { data: ask.body.clone(), shown: String::new() };
        let plain = |(name, value): &(&str, String)| ((*name).to_owned(), SecretOrText::Plain(value.clone()));
        request.headers = ask.headers.iter().map(plain).collect();
        let named = |(name, value): &(String, String)| (name.clone(), SecretOrText::Plain(value.clone()));
        request.headers.extend(ask.named.iter().map(named));
        self.signer.sign(&mut request).await?;
        let cannot = |error: Error| error.within(format!("cannot {} `{}`", ask.act, ask.title));
        let mut answer = self.reach.http.send(request, &self.reach.environment).await.map_err(cannot)?;
        let status = answer.status;
        if (200..300).contains(&status) || ask.fine.contains(&status) {
            return Ok(answer);
        }
        // The body only explains the status.
        let said = collect(&mut *answer.body, ANSWER_BYTES, too_long).await.unwrap_or_default();
        let mut refusal = self.signer.refusal(&answer, &said);
        refusal.status = status;
        Err(self.refused(ask, &refusal))
    }

    fn refused(&self, ask: &Ask, refusal: &Refusal) -> Refused {
        let error = refused(ask.act, &ask.title, &self.store, refusal);
        Refused { error, status: Some(refusal.status), passes: refusal.passes() }
    }
}

/// Whether a small answer is an error, in XML or in JSON.
fn is_error(said: &Bytes) -> bool {
    match said.first() {
        Some(b'{') => {
            serde_json::from_slice::<BTreeMap<String, IgnoredAny>>(said).is_ok_and(|top| top.contains_key("error"))
        }
        Some(_) => xml::read(said).is_some_and(|top| top.name == "Error"),
        None => false,
    }
}

/// The whole body of a small answer.
pub async fn whole(mut answer: HttpResponse, title: &str) -> Result<Bytes> {
    let cannot = format!("cannot read the answer about `{title}`");
    collect(&mut *answer.body, ANSWER_BYTES, too_long).await.map_err(|error| error.within(cannot))
}

fn too_long() -> Error {
    Error::new(Kind::Other, "the answer is too long")
}

/// Percent-encodes every byte except letters, digits and `-._~`.
pub fn percent(text: &str, keep_slashes: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(byte.into()),
            b'/' if keep_slashes => out.push('/'),
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

//! Asks an object store, again where that can help, and reads what it refuses.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;

use super::super::{clock, http::Http};
use super::sign::signed;
use super::{error_of, xml};
use crate::error::{Error, Kind, Result};
use crate::report::{Level, log};
use crate::stream::Source;
use crate::stream::pump::collect;
use crate::units::show_duration;
use crate::world::http::exchange::repeats::doubled;
use crate::world::http::{Address, Body, HttpRequest, HttpResponse, Method};
use crate::world::objects::Store;
use crate::world::objects::words::Refusal;

/// How the headers of what is stored with an object begin.
pub const META: &str = "x-amz-meta-";

/// How often the same is asked at most.
const TRIES: u32 = 4;

/// The longest answer that is read whole: a page of a listing with a thousand long keys.
const ANSWER_BYTES: usize = 8 << 20;

/// A store, and the network that leads to it.
#[derive(Clone)]
pub struct Connection {
    pub store: Arc<Store>,
    pub http: Http,
    pub environment: Arc<BTreeMap<String, String>>,
}

/// What a store is asked.
pub struct Ask<'a> {
    pub method: Method,
    /// What it is for, in words, and about what.
    pub act: &'a str,
    pub title: &'a str,
    pub key: Option<&'a str>,
    pub query: Vec<(&'a str, String)>,
    pub headers: Vec<(&'a str, String)>,
    pub body: Bytes,
}

/// A good answer, whose body is still to be read.
pub struct StoreReply {
    pub status: u16,
    pub body: Box<dyn Source>,
    headers: Vec<(String, String)>,
}

/// An answer that is none.
pub struct Refused {
    error: Error,
    refusal: Option<Refusal>,
}

impl StoreReply {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// What was stored with the object.
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
    /// Whether the store says this word.
    pub fn is(&self, code: &str) -> bool {
        self.refusal.as_ref().is_some_and(|refusal| refusal.code == code)
    }

    /// Whether the store says why.
    pub fn has_words(&self) -> bool {
        self.refusal.as_ref().is_some_and(|refusal| !refusal.code.is_empty())
    }

    pub fn status(&self) -> Option<u16> {
        self.refusal.as_ref().map(|refusal| refusal.status)
    }

    /// Nobody knows what became of it, or another try of it had come through.
    pub fn is_unsure(&self) -> bool {
        matches!(self.error.kind(), Kind::Network | Kind::Timeout | Kind::NotFound | Kind::AlreadyExists | Kind::Other)
    }

    fn passes(&self) -> bool {
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
        Ask { method, act, title, key: None, query: Vec::new(), headers: Vec::new(), body: Bytes::new() }
    }

    pub fn key(self, key: &'a str) -> Ask<'a> {
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

    pub fn body(self, body: Bytes) -> Ask<'a> {
        Ask { body, ..self }
    }
}

impl Connection {
    /// The whole of a small answer.
    pub async fn ask(&self, ask: &Ask<'_>) -> Result<Bytes> {
        self.send(ask).await?.bytes(ask.title).await
    }

    /// A good answer, or why there is none. What passes is asked again, after a pause that gets longer.
    pub async fn send(&self, ask: &Ask<'_>) -> Result<StoreReply, Refused> {
        let mut tries = 1;
        loop {
            let refused = match self.try_once(ask).await {
                Ok(answer) => return Ok(answer),
                Err(refused) => refused,
            };
            if tries == TRIES || !refused.passes() {
                return Err(refused);
            }
            let pause = doubled(tries, f64::from(clock::now().timestamp_subsec_micros() % 1000) / 1000.0);
            let told = format!("{}; the next try is in {}", refused.error.one_line(), show_duration(pause));
            log(Level::Info, &crate::secret::redact(&told), None);
            clock::sleep(pause).await;
            tries += 1;
        }
    }

    async fn try_once(&self, ask: &Ask<'_>) -> Result<StoreReply, Refused> {
        let request = self.request(ask)?;
        let cannot = |error: Error| error.within(format!("cannot {} `{}`", ask.act, ask.title));
        let answer = self.http.send(request, &self.environment).await.map_err(cannot)?;
        if (200..300).contains(&answer.status) {
            return Ok(StoreReply { status: answer.status, body: answer.body, headers: answer.headers });
        }
        let refusal = read_refusal(answer).await;
        Err(Refused { error: error_of(ask, &self.store, &refusal), refusal: Some(refusal) })
    }

    fn request(&self, ask: &Ask<'_>) -> Result<HttpRequest> {
        let url = Address::parse(&url(&self.store, ask)?)?;
        let mut request = HttpRequest::get(url);
        request.method = ask.method;
        request.roots = self.store.roots.clone();
        request.body = Body { data: ask.body.clone(), shown: String::new() };
        request.headers = signed(&self.store, &request, &ask.headers, clock::now().to_utc());
        Ok(request)
    }
}

/// Where the store is asked: the bucket in the path, or before the host.
fn url(store: &Store, ask: &Ask<'_>) -> Result<String> {
    let amazon = || Address::parse(&format!("https://s3.{}.amazonaws.com", store.region));
    let endpoint = store.endpoint.clone().map_or_else(amazon, Ok)?;
    let base = endpoint.url();
    let (scheme, path) = (base.scheme(), base.path().trim_end_matches('/'));
    let mut url = match store.path_style {
        true => format!("{scheme}://{}{path}/{}", endpoint.authority(), store.bucket),
        false => format!("{scheme}://{}.{}{path}", store.bucket, endpoint.authority()),
    };
    url.push('/');
    url.push_str(&percent(ask.key.unwrap_or_default(), true));
    if ask.key.is_none() && store.path_style {
        url.pop();
    }
    let mut query: Vec<String> =
        ask.query.iter().map(|(name, value)| format!("{}={}", percent(name, false), percent(value, false))).collect();
    query.sort_unstable();
    if !query.is_empty() {
        url.push('?');
        url.push_str(&query.join("&"));
    }
    Ok(url)
}

/// Names and values as the query of a url has them.
pub fn form(pairs: &BTreeMap<String, String>) -> String {
    let pair = |(name, value): (&String, &String)| format!("{}={}", percent(name, false), percent(value, false));
    pairs.iter().map(pair).collect::<Vec<_>>().join("&")
}

/// Every byte but letters, digits and `-._~`, as signatures want it.
fn percent(text: &str, keep_slashes: bool) -> String {
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

/// What a store says when it refuses; an answer without words has at least its status.
async fn read_refusal(answer: HttpResponse) -> Refusal {
    let status = answer.status;
    let region = answer.header("x-amz-bucket-region").map(str::to_owned);
    let answer = StoreReply { status, body: answer.body, headers: answer.headers };
    let said = answer.bytes("an error").await.unwrap_or_default(); // it only explains the status
    let mut refusal = xml::read(&said).map(|error| refusal_in(status, &error)).unwrap_or_default();
    refusal.status = status;
    refusal.region = refusal.region.or(region);
    refusal
}

/// The words of an `Error` element.
pub fn refusal_in(status: u16, error: &xml::Element) -> Refusal {
    let mut refusal = Refusal::new(status, error.text("Code"), error.text("Message"));
    refusal.region = Some(error.text("Region")).filter(|region| !region.is_empty()).map(str::to_owned);
    refusal
}

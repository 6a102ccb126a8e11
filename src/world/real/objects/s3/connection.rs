//! Sends requests to an object store, retries where that can help, and interprets refusals.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;

use super::account::Account;
use super::ask::{Ask, Refused, StoreReply};
use super::sign::signed;
use super::{error_of, xml};
use crate::error::{Error, Result};
use crate::report::{Level, log};
use crate::units::show_duration;
use crate::world::http::exchange::repeats::doubled;
use crate::world::http::{Address, Body, HttpRequest, HttpResponse};
use crate::world::objects::kinds::arn;
use crate::world::objects::words::Refusal;
use crate::world::objects::{Keys, Store};
use crate::world::real::clock;
use crate::world::real::http::Http;
use crate::world::real::objects::rest::percent;
use crate::world::real::objects::{Learned, Reach};

/// A store, and the network that leads to it.
#[derive(Clone)]
pub struct Connection {
    pub store: Arc<Store>,
    /// The settings from the recipe, or else from the environment.
    endpoint: Option<Address>,
    region: String,
    path_style: bool,
    keys: Keys,
    /// The source of the keys, in words.
    pub who: String,
    http: Http,
    environment: Arc<BTreeMap<String, String>>,
    pub learned: Learned,
}

impl Connection {
    pub async fn open(store: &Arc<Store>, reach: &Reach) -> Result<Connection> {
        let Account { endpoint, region, path_style, keys, who } = Account::of(store, reach).await?;
        let (store, http, environment) = (store.clone(), reach.http.clone(), reach.environment.clone());
        let learned = reach.learned.clone();
        Ok(Connection { store, endpoint, region, path_style, keys, who, http, environment, learned })
    }

    /// The whole of a small answer. An answer with status 200 and an error inside counts as an error.
    pub async fn ask(&self, ask: &Ask<'_>) -> Result<Bytes> {
        let mut tries = 1;
        loop {
            let answer = self.send(ask).await?;
            let status = answer.status;
            let said = answer.bytes(ask.title).await?;
            let Some(error) = xml::read(&said).filter(|top| top.name == "Error") else { return Ok(said) };
            let refusal = refusal_in(if status == 200 { 500 } else { status }, &error);
            if tries >= ask.tries || !refusal.passes() {
                return Err(error_of(ask, &self.store, &refusal));
            }
            clock::sleep(doubled(tries, 0.5)).await;
            tries += 1;
        }
    }

    /// A successful answer, or the error. Transient failures are retried, after growing pauses.
    pub async fn send(&self, ask: &Ask<'_>) -> Result<StoreReply, Refused> {
        let (mut tries, mut moved) = (1, false);
        loop {
            let refused = match self.try_once(ask).await {
                Ok(answer) => return Ok(answer),
                Err(refused) => refused,
            };
            if !moved && self.moves(&refused) {
                moved = true;
                continue;
            }
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

    /// If a bucket is in another region, later requests go there; this is logged once.
    fn moves(&self, refused: &Refused) -> bool {
        let known = self.region();
        let Some(refusal) = &refused.refusal else { return false };
        let misplaced = matches!(refusal.status, 301 | 307)
            || refusal.code == "AuthorizationHeaderMalformed"
            || refusal.status == 400;
        let Some(region) = refusal.region.as_ref().filter(|region| **region != known && misplaced) else {
            return false;
        };
        let container = self.store.container();
        let line =
            format!("`{container}` is in the region `{region}`, and not in `{known}`: set `AWS_REGION={region}`");
        log(Level::Warn, &line, None);
        self.learned.keep_region(&self.store, region);
        true
    }

    /// The bucket and its address, as in the record of uploads.
    pub fn place(&self) -> String {
        let endpoint = self.endpoint.as_ref().map_or("https://amazonaws.com", |endpoint| endpoint.url().as_str());
        format!("{} at {}", self.store.container(), endpoint.trim_end_matches('/'))
    }

    /// Whether the store is Google, used with S3 keys.
    pub fn is_google(&self) -> bool {
        let is_host = |host: &str| host == "storage.googleapis.com" || host.ends_with(".storage.googleapis.com");
        let named = self.endpoint.as_ref().and_then(|endpoint| endpoint.url().host_str());
        named.is_some_and(is_host) || self.learned.is_google(&self.store)
    }

    /// The region of the bucket, as far as it is known.
    pub fn region(&self) -> String {
        self.learned.region(&self.store).unwrap_or_else(|| self.region.clone())
    }

    async fn try_once(&self, ask: &Ask<'_>) -> Result<StoreReply, Refused> {
        let request = self.request(ask)?;
        let cannot = |error: Error| error.within(format!("cannot {} `{}`", ask.act, ask.title));
        let answer = self.http.send(request, &self.environment).await.map_err(cannot)?;
        if answer.header("x-guploader-uploadid").is_some() || answer.header("x-goog-hash").is_some() {
            self.learned.keep_google(&self.store);
        }
        if (200..300).contains(&answer.status) {
            return Ok(StoreReply { status: answer.status, body: answer.body, headers: answer.headers });
        }
        let refusal = read_refusal(answer).await;
        Err(Refused { error: error_of(ask, &self.store, &refusal), refusal: Some(refusal) })
    }

    fn request(&self, ask: &Ask<'_>) -> Result<HttpRequest> {
        let url = Address::parse(&self.url(ask)?)?;
        let mut request = HttpRequest::get(url);
        request.method = ask.method;
        request.roots = self.store.roots.clone();
        request.body = Body { data: ask.body.clone(), shown: String::new() };
        request.headers = signed(&self.keys, &self.region(), &request, &ask.headers, clock::now().to_utc());
        Ok(request)
    }

    /// The address of the bucket, which is in the path or in the host name.
    fn base(&self) -> Result<String> {
        let (bucket, region) = (&self.store.bucket, self.region());
        let domain = domain(&region);
        if let Some((region, account, name)) = arn(bucket) {
            let domain = self::domain(region);
            return Ok(format!("https://{name}-{account}.s3-accesspoint.{region}.{domain}"));
        }
        let amazon = || Address::parse(&format!("https://s3.{region}.{domain}"));
        let endpoint = self.endpoint.clone().map_or_else(amazon, Ok)?;
        let base = endpoint.url();
        let (scheme, path) = (base.scheme(), base.path().trim_end_matches('/'));
        Ok(match self.path_style {
            true => format!("{scheme}://{}{path}/{bucket}", endpoint.authority()),
            false => format!("{scheme}://{bucket}.{}{path}", endpoint.authority()),
        })
    }

    fn url(&self, ask: &Ask<'_>) -> Result<String> {
        let mut url = self.base()?;
        match &ask.key {
            Some(key) => url.push_str(&format!("/{}", percent(key, true))),
            None if self.path_style && arn(&self.store.bucket).is_none() => {}
            None => url.push('/'),
        }
        url.push_str(&query_of(ask));
        Ok(url)
    }
}

/// Amazon has a separate domain for China.
fn domain(region: &str) -> &'static str {
    if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" }
}

fn query_of(ask: &Ask<'_>) -> String {
    let mut query: Vec<String> =
        ask.query.iter().map(|(name, value)| format!("{}={}", percent(name, false), percent(value, false))).collect();
    query.sort_unstable();
    if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) }
}

/// Names and values, encoded for the query of a url.
pub fn form(pairs: &BTreeMap<String, String>) -> String {
    let pair = |(name, value): (&String, &String)| format!("{}={}", percent(name, false), percent(value, false));
    pairs.iter().map(pair).collect::<Vec<_>>().join("&")
}

/// The store's error message; an answer without one has at least its status.
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

/// The content of an `Error` element.
pub fn refusal_in(status: u16, error: &xml::Element) -> Refusal {
    let mut refusal = Refusal::new(status, error.text("Code"), error.text("Message"));
    refusal.region = Some(error.text("Region")).filter(|region| !region.is_empty()).map(str::to_owned);
    refusal
}

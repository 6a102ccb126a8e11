//! Finds the answers of the servers in a simulated world, by method and url, from the setup.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, FixedOffset, TimeDelta};
use serde::Deserialize;

use super::setup_values;
use crate::error::{Error, Kind, Result};
use crate::secret::redact;
use crate::suggest::{listed, nearest};
use crate::world::http::HttpRequest;
use crate::world::http::certificate::ServerCertificate;

/// A server's answers to a request, one after the other; the last one is repeated.
#[derive(Clone, Debug)]
pub struct Route(pub Vec<CannedResponse>);

/// An answer, its duration, and how it breaks.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CannedResponse {
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    #[serde(deserialize_with = "setup_values::bytes")]
    pub body: Bytes,
    /// For a big body: this many zeroes.
    #[serde(deserialize_with = "setup_values::size")]
    pub size: Option<u64>,
    /// The time until the answer begins.
    #[serde(deserialize_with = "setup_values::duration")]
    pub takes: Duration,
    /// The request is accepted, but never answered.
    pub hangs: bool,
    /// The body stalls after this many bytes.
    #[serde(deserialize_with = "setup_values::size")]
    pub hangs_after: Option<u64>,
    /// The connection breaks after this many bytes of the body.
    #[serde(deserialize_with = "setup_values::size")]
    pub cut_after: Option<u64>,
    /// The server is unreachable.
    pub refused: bool,
    /// The certificate of an https server.
    pub certificate: ShownCertificate,
}

/// The certificate of a simulated server.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ShownCertificate {
    /// The number of days until it expires.
    pub days: i64,
    pub names: Option<Vec<String>>,
    pub issuer: String,
}

impl Default for ShownCertificate {
    fn default() -> ShownCertificate {
        ShownCertificate { days: 90, names: None, issuer: "Simulated CA".to_owned() }
    }
}

impl ShownCertificate {
    /// The certificate of `host` at a moment; it was issued ninety days before its end.
    pub fn of(&self, host: &str, now: DateTime<FixedOffset>) -> ServerCertificate {
        let not_after = (now + TimeDelta::days(self.days)).timestamp();
        ServerCertificate {
            names: self.names.clone().unwrap_or_else(|| vec![host.to_owned()]),
            issuer: self.issuer.clone(),
            not_before: not_after - TimeDelta::days(90).num_seconds(),
            not_after,
        }
    }
}

impl Default for CannedResponse {
    fn default() -> CannedResponse {
        CannedResponse {
            status: 200,
            headers: BTreeMap::new(),
            body: Bytes::new(),
            size: None,
            takes: Duration::ZERO,
            hangs: false,
            hangs_after: None,
            cut_after: None,
            refused: false,
            certificate: ShownCertificate::default(),
        }
    }
}

impl From<CannedResponse> for Route {
    fn from(answer: CannedResponse) -> Route {
        Route(vec![answer])
    }
}

impl<'de> Deserialize<'de> for Route {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Route, D::Error> {
        use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
        struct Reader;
        impl<'de> serde::de::Visitor<'de> for Reader {
            type Value = Route;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(
                    "what is answered, a table such as { status = 500, body = \"…\" }, or a list of such tables",
                )
            }

            fn visit_str<E>(self, text: &str) -> Result<Route, E> {
                Ok(CannedResponse { body: text.to_owned().into(), ..CannedResponse::default() }.into())
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<Route, A::Error> {
                CannedResponse::deserialize(MapAccessDeserializer::new(map)).map(Route::from)
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, list: A) -> Result<Route, A::Error> {
                let routes = Vec::<Route>::deserialize(SeqAccessDeserializer::new(list))?;
                let answers: Vec<CannedResponse> = routes.into_iter().flat_map(|route| route.0).collect();
                match answers.is_empty() {
                    true => Err(serde::de::Error::custom("a list of answers is empty")),
                    false => Ok(Route(answers)),
                }
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

/// The route of a request: first by the whole url, then without the query, then without the method.
pub fn find<'a>(request: &HttpRequest, routes: &'a BTreeMap<String, Route>) -> Option<(&'a str, &'a Route)> {
    let url = request.url.url();
    let mut bare = url.clone();
    bare.set_query(None);
    let matching = |asked: &reqwest::Url, with_method: bool| {
        routes.iter().find(|(key, _)| match key.split_once(' ') {
            Some((method, text)) => with_method && method == request.method.word() && same(text, asked),
            None => !with_method && same(key, asked),
        })
    };
    let found = matching(url, true).or_else(|| matching(&bare, true));
    let found = found.or_else(|| matching(url, false)).or_else(|| matching(&bare, false));
    found.map(|(key, route)| (key.as_str(), route))
}

fn same(text: &str, asked: &reqwest::Url) -> bool {
    reqwest::Url::parse(text.trim()).is_ok_and(|url| url == *asked)
}

/// The error for a request that the spec does not declare; it says what to declare.
pub fn undeclared(title: &str, routes: &BTreeMap<String, Route>) -> Error {
    let error = Error::new(Kind::NotFound, format!("nothing answers `{title}` in this world"));
    if routes.is_empty() {
        let hint = format!("declare it: `http = {{ [{title:?}] = {{ status = 200 }} }}`");
        return error.because_text("no route is declared").hint(hint);
    }
    let keys = || routes.keys().map(String::as_str);
    let error = error.because_text(format!("declared: {}", redact(&listed(keys()))));
    match nearest(title, keys()) {
        Some(near) => error.hint(format!("did you mean `{near}`? else add it to the `http` of the spec's world")),
        None => error.hint("add it to the `http` of the spec's world"),
    }
}

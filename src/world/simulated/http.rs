//! Answers the http requests of a simulated world: what each server says was told before, or is told by a function.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use serde::Deserialize;

use super::clock::Pace;
use super::given;
use super::state::Shared;
use crate::error::{Error, Kind, Result};
use crate::secret::{MASK, redact};
use crate::stream::{Piece, Source};
use crate::suggest::{listed, nearest};
use crate::world::Value;
use crate::world::http::words::{cut_off, refused};
use crate::world::http::{HttpRequest, HttpResponse, Method};

/// As large as pieces get.
const PIECE_BYTES: u64 = 64 << 10;

static ZEROES: [u8; PIECE_BYTES as usize] = [0; PIECE_BYTES as usize];

/// What a server says to a request.
#[derive(Clone)]
pub enum Route {
    /// One answer after the other; the last one stays.
    Answers(Vec<Answer>),
    Function(Function),
}

pub type Function = Arc<dyn Fn(HttpCall) -> BoxFuture<'static, Result<Answer>> + Send + Sync>;

/// What a function is told about the request that it answers, with its secrets.
#[derive(Clone, Debug)]
pub struct HttpCall {
    pub method: &'static str,
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
}

/// An answer, how long it takes, and how it breaks.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Answer {
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    #[serde(deserialize_with = "given::text")]
    pub body: Bytes,
    /// For a big body: so many zeroes.
    #[serde(deserialize_with = "given::size")]
    pub size: Option<u64>,
    /// How long it takes until the answer begins.
    #[serde(deserialize_with = "given::duration")]
    pub takes: Duration,
    /// The request is taken, and nothing is ever answered.
    pub hangs: bool,
    /// Nothing more comes after so many bytes of the body.
    #[serde(deserialize_with = "given::size")]
    pub hangs_after: Option<u64>,
    /// The connection breaks after so many bytes of the body.
    #[serde(deserialize_with = "given::size")]
    pub cut_after: Option<u64>,
    /// Nothing listens there.
    pub refused: bool,
}

impl Default for Answer {
    fn default() -> Answer {
        Answer {
            status: 200,
            headers: BTreeMap::new(),
            body: Bytes::new(),
            size: None,
            takes: Duration::ZERO,
            hangs: false,
            hangs_after: None,
            cut_after: None,
            refused: false,
        }
    }
}

/// A request that was sent, without its secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requested {
    pub method: &'static str,
    pub url: String,
    /// Names in lower case.
    pub headers: BTreeMap<String, String>,
    pub body: String,
    /// What was answered; `None` while nothing is.
    pub status: Option<u16>,
}

/// What the servers of a world have heard.
#[derive(Default)]
pub struct Heard {
    pub requested: Vec<Requested>,
    /// How often each route was asked.
    asked: BTreeMap<String, usize>,
}

impl Route {
    /// A server that Rust answers for.
    pub fn function(answer: impl Fn(HttpCall) -> Result<Answer> + Send + Sync + 'static) -> Route {
        Route::Function(Arc::new(move |call| Box::pin(std::future::ready(answer(call)))))
    }
}

impl From<Answer> for Route {
    fn from(answer: Answer) -> Route {
        Route::Answers(vec![answer])
    }
}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Route::Answers(answers) => answers.fmt(f),
            Route::Function(_) => f.write_str("Function"),
        }
    }
}

impl<'de> Deserialize<'de> for Route {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Route, D::Error> {
        use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
        struct Reader;
        impl<'de> serde::de::Visitor<'de> for Reader {
            type Value = Route;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("what is answered, a table such as { status = 500, body = \"…\" }, or a list of such tables")
            }

            fn visit_str<E>(self, text: &str) -> Result<Route, E> {
                Ok(Answer { body: text.to_owned().into(), ..Answer::default() }.into())
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<Route, A::Error> {
                Answer::deserialize(MapAccessDeserializer::new(map)).map(Route::from)
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, list: A) -> Result<Route, A::Error> {
                let answers = Vec::<Answer>::deserialize(SeqAccessDeserializer::new(list))?;
                match answers.is_empty() {
                    true => Err(serde::de::Error::custom("a list of answers is empty")),
                    false => Ok(Route::Answers(answers)),
                }
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

/// Answers a request, as its route says.
pub async fn answer(
    request: HttpRequest,
    routes: &BTreeMap<String, Route>,
    pace: Pace,
    shared: &Shared,
) -> Result<HttpResponse> {
    request.check()?;
    let Some((key, route)) = find(&request, routes) else {
        let title = request.title();
        shared.lock().undeclared.push(title.clone());
        return Err(undeclared(&title, routes));
    };
    let number = note(&request, shared);
    let answer = match route {
        Route::Answers(answers) => {
            let mut state = shared.lock();
            let asked = state.heard.asked.entry(key.to_owned()).or_default();
            *asked += 1;
            answers[(*asked - 1).min(answers.len() - 1)].clone()
        }
        Route::Function(function) => function(call(&request)).await?,
    };
    if answer.refused {
        return Err(refused(&request));
    }
    pace.pass(answer.takes).await?;
    if answer.hangs {
        return Err(pace.hang().await);
    }
    shared.lock().heard.requested[number].status = Some(answer.status);
    Ok(response(&request, answer, pace))
}

/// The route of a request: the one with its whole url first, then the one without the query, then without the method.
fn find<'a>(request: &HttpRequest, routes: &'a BTreeMap<String, Route>) -> Option<(&'a str, &'a Route)> {
    let url = request.url.url();
    let mut bare = url.clone();
    bare.set_query(None);
    let matching = |wanted: &reqwest::Url, with_method: bool| {
        routes.iter().find(|(key, _)| match key.split_once(' ') {
            Some((method, text)) => with_method && method == request.method.word() && same(text, wanted),
            None => !with_method && same(key, wanted),
        })
    };
    let found = matching(url, true).or_else(|| matching(&bare, true));
    let found = found.or_else(|| matching(url, false)).or_else(|| matching(&bare, false));
    found.map(|(key, route)| (key.as_str(), route))
}

fn same(text: &str, wanted: &reqwest::Url) -> bool {
    reqwest::Url::parse(text.trim()).is_ok_and(|url| url == *wanted)
}

fn note(request: &HttpRequest, shared: &Shared) -> usize {
    let shown = |value: &Value| match value {
        Value::Plain(text) => redact(text),
        Value::Secret(_) => MASK.to_owned(),
    };
    let headers = request.headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), shown(value))).collect();
    let (method, url) = (request.method.word(), request.url.to_string());
    let mut state = shared.lock();
    let body = redact(&request.body.shown);
    state.heard.requested.push(Requested { method, url, headers, body, status: None });
    state.heard.requested.len() - 1
}

fn call(request: &HttpRequest) -> HttpCall {
    HttpCall {
        method: request.method.word(),
        url: request.url.url().to_string(),
        headers: request.headers.iter().map(|(name, value)| (name.clone(), value.expose().to_owned())).collect(),
        body: request.body.data.clone(),
    }
}

fn response(request: &HttpRequest, answer: Answer, pace: Pace) -> HttpResponse {
    let empty = request.method == Method::Head || matches!(answer.status, 204 | 304);
    let size = if empty { 0 } else { answer.size.unwrap_or(answer.body.len() as u64) };
    let mut headers: Vec<(String, String)> =
        answer.headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.clone())).collect();
    headers.push(("content-length".to_owned(), size.to_string()));
    let status = answer.status;
    let body = Box::new(AnswerSource { title: request.title(), answer, size, given: 0, pace });
    HttpResponse { status, headers, body, end_is_told: true, withheld: false }
}

/// The body of an answer, until it ends, hangs or breaks.
struct AnswerSource {
    title: String,
    answer: Answer,
    size: u64,
    given: u64,
    pace: Pace,
}

impl AnswerSource {
    async fn piece(&mut self) -> Result<Piece> {
        let stop = [self.answer.hangs_after, self.answer.cut_after].into_iter().flatten().min();
        let stop = stop.unwrap_or(self.size).min(self.size);
        if self.given < stop {
            let step = PIECE_BYTES.min(stop - self.given);
            let at = self.given as usize;
            self.given += step;
            return Ok(Piece::Data(match self.answer.size {
                Some(_) => Bytes::from_static(&ZEROES[..step as usize]),
                None => self.answer.body.slice(at..at + step as usize),
            }));
        }
        if self.answer.hangs_after.is_some() {
            return Err(self.pace.hang().await);
        }
        match self.answer.cut_after {
            Some(_) => Err(cut_off(&self.title, self.given, Some(self.size))),
            None => Ok(Piece::End),
        }
    }
}

impl Source for AnswerSource {
    fn next(&mut self) -> BoxFuture<'_, Result<Piece>> {
        Box::pin(self.piece())
    }
}

/// What a spec has to say when a recipe sends a request that it did not think of.
fn undeclared(title: &str, routes: &BTreeMap<String, Route>) -> Error {
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

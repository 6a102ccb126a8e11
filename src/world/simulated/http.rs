//! Answers the http requests of a simulated world, and records them.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;

use super::clock::Pace;
use super::routes::{CannedResponse, Route, find, undeclared};
use super::seen::Requested;
use super::setup::SimulatedSetup;
use super::state::Shared;
use crate::error::Result;
use crate::secret::{MASK, redact};
use crate::stream::pump::collect;
use crate::stream::{Piece, Sink, Source};
use crate::world::SecretOrText;
use crate::world::http::upload::Upload;
use crate::world::http::words::{cut_off, refused, too_long};
use crate::world::http::{Body, HttpRequest, HttpResponse, Method};

/// How much of the answer to an upload is read.
const TOLD_BYTES: usize = 4096;

/// The largest piece.
const PIECE_BYTES: u64 = 64 << 10;

static ZEROES: [u8; PIECE_BYTES as usize] = [0; PIECE_BYTES as usize];

/// Answers a request according to its route.
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
    let answer = next(key, route, shared);
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

fn note(request: &HttpRequest, shared: &Shared) -> usize {
    let shown = |value: &SecretOrText| match value {
        SecretOrText::Plain(text) => redact(text),
        SecretOrText::Secret(_) => MASK.to_owned(),
    };
    let headers = request.headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), shown(value))).collect();
    let (method, url, address) = (request.method.word(), request.url.to_string(), request.url.clone());
    let mut state = shared.lock();
    let body = redact(&request.body.shown);
    state.heard.requested.push(Requested { method, url, address, headers, body, status: None });
    state.heard.requested.len() - 1
}

/// The next answer of a route; the last one is repeated.
fn next(key: &str, Route(answers): &Route, shared: &Shared) -> CannedResponse {
    let mut state = shared.lock();
    let asked = state.heard.asked.entry(key.to_owned()).or_default();
    *asked += 1;
    answers[(*asked - 1).min(answers.len() - 1)].clone()
}

fn response(request: &HttpRequest, answer: CannedResponse, pace: Pace) -> HttpResponse {
    let empty = request.method == Method::Head || matches!(answer.status, 204 | 304);
    let size = if empty { 0 } else { answer.size.unwrap_or(answer.body.len() as u64) };
    let mut headers: Vec<(String, String)> =
        answer.headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.clone())).collect();
    headers.push(("content-length".to_owned(), size.to_string()));
    let status = answer.status;
    let certificate = request.url.is_https().then(|| answer.certificate.of(request.url.host(), pace.now()));
    let body = Box::new(AnswerSource { title: request.title(), answer, size, given: 0, pace });
    HttpResponse { status, headers, body, end_is_known: true, certificate, withheld: false }
}

/// The body of an answer, until it ends, hangs or breaks.
struct AnswerSource {
    title: String,
    answer: CannedResponse,
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

/// Takes a body as a stream, and answers when it is complete.
pub fn upload(upload: Upload, setup: Arc<SimulatedSetup>, pace: Pace, shared: Shared) -> Result<Box<dyn Sink>> {
    upload.request.check()?;
    if find(&upload.request, &setup.http).is_none() {
        let title = upload.request.title();
        shared.lock().undeclared.push(title.clone());
        return Err(undeclared(&title, &setup.http));
    }
    Ok(Box::new(UploadSink { upload, setup, pace, shared, data: Vec::new() }))
}

struct UploadSink {
    upload: Upload,
    setup: Arc<SimulatedSetup>,
    pace: Pace,
    shared: Shared,
    data: Vec<u8>,
}

impl Sink for UploadSink {
    fn write(&mut self, data: Bytes) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            self.data.extend_from_slice(&data);
            self.upload.has_room(self.data.len() as u64)
        })
    }

    fn seal(&mut self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async { self.upload.is_whole(self.data.len() as u64) })
    }

    fn commit(self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        Box::pin(async move {
            let UploadSink { upload, setup, pace, shared, data } = *self;
            upload.is_whole(data.len() as u64)?;
            let shown = String::from_utf8_lossy(&data).into_owned();
            let body = Body { data: data.into(), shown };
            let request = HttpRequest { body, ..upload.request.clone() };
            let mut answered = answer(request, &setup.http, pace, &shared).await?;
            let said = collect(&mut *answered.body, TOLD_BYTES, || too_long(&upload.request.title(), TOLD_BYTES)).await;
            upload.judge(answered.status, &said.unwrap_or_default())
        })
    }

    fn abort(self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        Box::pin(async { Ok(()) })
    }
}

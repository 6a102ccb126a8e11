//! Sends HTTP requests over the real network: one connection each, no redirects, no retries.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::tls::TlsInfo;
use reqwest::{RequestBuilder, Response};

use crate::error::{Error, Kind, Result};
use crate::stream::{Piece, Sink, Source};
use crate::world::http::upload::Upload;
use crate::world::http::words::{cannot_send, cut_off};
use crate::world::http::{HttpRequest, HttpResponse, Method};
use certificate::read as read_certificate;
use client::{Clients, Ready};
use upload::UploadSink;

mod certificate;
mod client;
mod trouble;
mod upload;

pub use client::VARIABLES;

/// The HTTP client of the real network.
#[derive(Clone, Default)]
pub struct Http {
    clients: Arc<Clients>,
}

impl Http {
    /// Sends a request; the proxies come from `environment`.
    pub async fn send(
        &self,
        request: HttpRequest,
        environment: &Arc<BTreeMap<String, String>>,
    ) -> Result<HttpResponse> {
        let (client, built) = self.build(&request, environment).await?;
        // Some servers refuse a POST without an explicit empty length.
        let says_empty = !request.method.only_reads() && request.method != Method::Delete;
        let built = if request.body.data.is_empty() && says_empty { built.header("content-length", 0) } else { built };
        let built = if request.body.data.is_empty() { built } else { built.body(request.body.data.clone()) };
        match built.send().await {
            Ok(response) => Ok(answer(&request, response)),
            Err(error) => Err(trouble::explain(&request, error, client.proxy_of(&request))),
        }
    }

    /// Sends a request whose body is a stream.
    pub async fn upload(&self, upload: Upload, environment: &Arc<BTreeMap<String, String>>) -> Result<Box<dyn Sink>> {
        let (client, built) = self.build(&upload.request, environment).await?;
        let built = match upload.size_bytes {
            Some(size) => built.header("content-length", size),
            None => built,
        };
        let proxy = client.proxy_of(&upload.request).cloned();
        Ok(Box::new(UploadSink::start(upload, built, proxy)))
    }

    async fn build(
        &self,
        request: &HttpRequest,
        environment: &Arc<BTreeMap<String, String>>,
    ) -> Result<(Arc<Ready>, RequestBuilder)> {
        request.check()?;
        let headers = headers(request)?;
        let client = self.clients.fit(request, environment).await?;
        let method = reqwest::Method::from_bytes(request.method.word().as_bytes())
            .map_err(|cause| cannot_send(request, Kind::Other).because(cause))?;
        let built = client.client.request(method, request.url.url().clone()).headers(headers);
        Ok((client, built))
    }
}

fn headers(request: &HttpRequest) -> Result<HeaderMap> {
    let mut headers = HeaderMap::new();
    for (name, value) in &request.headers {
        let wrong = || Error::new(Kind::Recipe, format!("the header `{}` cannot be sent", name.escape_debug()));
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|cause| wrong().because(cause))?;
        let mut value = HeaderValue::from_bytes(value.expose().as_bytes()).map_err(|cause| wrong().because(cause))?;
        value.set_sensitive(true); // so that no library shows it
        headers.append(name, value);
    }
    Ok(headers)
}

fn answer(request: &HttpRequest, response: Response) -> HttpResponse {
    let status = response.status().as_u16();
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers: Vec<(String, String)> =
        response.headers().iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
    let empty = request.method == Method::Head || matches!(status, 100..=199 | 204 | 304);
    let end_is_known = empty || marks_its_end(&headers);
    let of = if empty { None } else { response.content_length() };
    let shown = response.extensions().get::<TlsInfo>().and_then(TlsInfo::peer_certificate);
    let certificate = shown.and_then(read_certificate);
    let body = Box::new(ResponseSource { title: request.title(), response, got: 0, of });
    HttpResponse { status, headers, body, end_is_known, certificate, withheld: false }
}

/// Whether the end of the answer's body is marked. A coding other than `chunked` ends with the connection, even if a length is announced as
/// well (RFC 9112 §6.3).
fn marks_its_end(headers: &[(String, String)]) -> bool {
    match headers.iter().rfind(|(name, _)| name == "transfer-encoding") {
        Some((_, codings)) => {
            codings.rsplit(',').next().is_some_and(|last| last.trim().eq_ignore_ascii_case("chunked"))
        }
        None => headers.iter().any(|(name, _)| name == "content-length"),
    }
}

/// The body of an answer, as it arrives.
struct ResponseSource {
    title: String,
    response: Response,
    got: u64,
    of: Option<u64>,
}

impl Source for ResponseSource {
    fn next(&mut self) -> BoxFuture<'_, Result<Piece>> {
        Box::pin(async {
            loop {
                match self.response.chunk().await {
                    Ok(Some(data)) if data.is_empty() => {}
                    Ok(Some(data)) => {
                        self.got += data.len() as u64;
                        return Ok(Piece::Data(data));
                    }
                    Ok(None) => return Ok(Piece::End),
                    // hyper's own message only says, in one way or another, that the message is incomplete.
                    Err(_incomplete) => return Err(cut_off(&self.title, self.got, self.of)),
                }
            }
        })
    }
}

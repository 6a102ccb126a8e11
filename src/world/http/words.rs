//! Builds the messages of failed requests, the same in every world, with hints for the user.

use std::fmt;
use std::time::Duration;

use super::{Address, HttpRequest};
use crate::error::{Error, Kind};
use crate::units::{show_duration, show_size};

/// How much of an error response is shown.
const TOLD_CHARS: usize = 200;

/// A cause from before the first byte was sent, so that a retry does nothing twice.
#[derive(Debug)]
struct NeverSent(String);

impl fmt::Display for NeverSent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NeverSent {}

/// A cause from after the request was sent and before its answer: the server may have processed it.
#[derive(Debug)]
struct Unanswered(String);

impl fmt::Display for Unanswered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unanswered {}

/// Whether an error says that nothing of the request was sent.
pub fn was_never_sent(error: &Error) -> bool {
    has::<NeverSent>(error)
}

/// Whether an error says that the request was sent, but got no answer.
pub fn was_unanswered(error: &Error) -> bool {
    has::<Unanswered>(error)
}

fn has<Cause: std::error::Error + 'static>(error: &Error) -> bool {
    let first: Option<&(dyn std::error::Error + 'static)> = Some(error);
    std::iter::successors(first, |error| error.source()).any(<dyn std::error::Error>::is::<Cause>)
}

/// The error when the server accepted the connection, but sent no valid answer.
pub fn unanswered(request: &HttpRequest, cause: impl Into<String>) -> Error {
    cannot_send(request, Kind::Network).because(Unanswered(cause.into()))
}

/// The error when the status was good, but the body, which says whether the message was accepted, is incomplete.
pub fn answer_broke_off(title: &str, broken: &Error) -> Error {
    Error::new(Kind::Network, format!("the answer to `{title}` broke off")).because(Unanswered(broken.one_line()))
}

/// The error when the status was good, but the answer is not that of a service that accepted the message.
pub fn not_taken(title: &str, status: u16, body: &[u8], hint: Option<String>) -> Error {
    let what = format!("`{title}` was answered with {status}, but the answer does not say that the message was taken");
    let said = said(body);
    let said = if said.is_empty() { "the answer is empty".to_owned() } else { said };
    let hint = hint.unwrap_or_else(|| {
        "check the address of the channel: a proxy, a login page or a removed webhook may answer in its place"
            .to_owned()
    });
    Error::new(Kind::Network, what).because_text(said).hint(hint)
}

/// The error when no connection to the server could be made.
pub fn no_connection(request: &HttpRequest, kind: Kind, cause: impl Into<String>) -> Error {
    cannot_send(request, kind).because(NeverSent(cause.into()))
}

pub fn cannot_send(request: &HttpRequest, kind: Kind) -> Error {
    Error::new(kind, format!("cannot send `{}`", request.title()))
}

/// The error when nothing listens on the port.
pub fn refused(request: &HttpRequest) -> Error {
    let hint = format!("nothing listens on `{}:{}`: is the server running?", request.url.host(), request.url.port());
    no_connection(request, Kind::Network, "Connection refused").hint(hint)
}

/// The error when the connection ended before the answer.
pub fn cut_off(title: &str, got: u64, of: Option<u64>) -> Error {
    let error = Error::new(Kind::Network, format!("the answer to `{title}` broke off"));
    let error = match of {
        Some(of) => error.because_text(format!("{} of {} had come", show_size(got), show_size(of))),
        None => error.because_text(format!("{} had come, and its end had not", show_size(got))),
    };
    error.hint("the server or the network ended the connection: try again")
}

/// The error when only the end of the connection would mark the end of the answer.
pub fn end_is_unknown(title: &str) -> Error {
    Error::new(Kind::Integrity, format!("nobody can tell whether the answer to `{title}` is complete"))
        .because_text("the server gave neither its length nor its end")
        .hint("the server must send `Content-Length`, or the body in chunks")
}

/// The error of a redirect when redirects are not followed.
pub fn redirected_away(request: &HttpRequest, status: u16, to: &Address) -> Error {
    Error::new(Kind::Network, format!("`{}` was answered with {status}: a redirect to `{to}`", request.title()))
        .because_text("what was sent is lost by a redirect, so none is followed")
        .hint("set the address to the one that it leads to")
}

/// The error of an answer that is compressed although the request did not ask for it.
pub fn is_packed(title: &str, coding: &str) -> Error {
    Error::new(Kind::Integrity, format!("the answer to `{title}` is packed: `Content-Encoding: {coding}`"))
        .because_text("the request did not ask for that")
        .hint("ask for it and unpack it: `headers = { [\"Accept-Encoding\"] = \"gzip\" }`, then `:gunzip()`")
}

/// The error of an answer that is longer than allowed.
pub fn too_long(title: &str, max_bytes: usize) -> Error {
    Error::new(Kind::Space, format!("the answer to `{title}` is longer than {}", show_size(max_bytes as u64)))
        .hint("raise `max_bytes`, or let `http.download` carry it as a stream")
}

/// The error of a body whose length differs from the announced length.
pub fn wrong_length(request: &HttpRequest, sent: u64, of: u64) -> Error {
    let more = if sent > of { "more" } else { "less" };
    Error::new(Kind::Integrity, format!("the body of `{}` is {more} than the announced {of} bytes", request.title()))
        .hint("leave out `size_bytes` where the size of the stream is not known before")
}

/// The error of an unexpected status; `body` is the beginning of the answer's body.
pub fn bad_status(request: &HttpRequest, status: u16, body: &[u8], asked: Option<Duration>) -> Error {
    let reason = reqwest::StatusCode::from_u16(status).ok().and_then(|code| code.canonical_reason());
    let reason = reason.map_or_else(String::new, |reason| format!(" {reason}"));
    let error = Error::new(kind_of(status), format!("`{}` was answered with {status}{reason}", request.title()));
    let said = said(body);
    let error = if said.is_empty() { error } else { error.because_text(said) };
    match (hint_of(status), asked) {
        (_, Some(asked)) => error.hint(format!("the server asks to wait {}", show_duration(asked))),
        (Some(hint), None) => error.hint(hint),
        (None, None) => error,
    }
}

fn kind_of(status: u16) -> Kind {
    match status {
        401 | 403 | 407 => Kind::Denied,
        404 | 410 => Kind::NotFound,
        408 | 504 => Kind::Timeout,
        413 | 507 => Kind::Space,
        429 | 500..=599 => Kind::Network,
        _ => Kind::Other,
    }
}

fn hint_of(status: u16) -> Option<&'static str> {
    Some(match status {
        206 => "this is only a part of the file there: the server or a proxy cut it",
        200..=299 => "it is not an error, but not an expected answer either: `expect` lists the expected ones",
        401 => "the server does not know who asks: check the token or the password, and whether it has expired",
        403 => "the server knows who asks, and does not allow it: check what the account may do",
        404 | 410 => "check the address: there is nothing under this path",
        405 => "the server does not take this method here: check the address and `method`",
        407 => "the proxy wants a user and a password: `HTTPS_PROXY=http://user:password@host:port`",
        408 | 504 => "the server took too long: try again later",
        413 => "the body is larger than the server takes",
        429 => "the server is asked too often: try again later",
        500..=599 => "the server itself failed: look at its log, or try again later",
        _ => return None,
    })
}

/// The first characters of an answer on one line, without secrets.
fn said(body: &[u8]) -> String {
    // Redacted before it is cut: half a secret would not be recognized.
    let text = crate::secret::redact(&String::from_utf8_lossy(body));
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let text: String = text.chars().filter(|c| !c.is_control()).collect();
    match text.char_indices().nth(TOLD_CHARS) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

//! What every world promises about http: one request, one answer, and an end that is proved.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use hikae::error::Kind;
use hikae::world::http::upload::Upload;
use hikae::world::http::words::was_never_sent;
use hikae::world::http::{Address, HttpRequest, HttpResponse, Method};
use hikae::world::limited::Limited;
use hikae::world::simulated::Route;
use hikae::world::{Caller, Limits, SecretOrText};
use serde_json::json;

use super::place::{Place, drain};
use crate::support::receiver::Receiver;

static RECEIVER: LazyLock<Receiver> = LazyLock::new(Receiver::start);

/// What the simulated world plays: the same as the receiver does.
pub fn routes() -> BTreeMap<String, Route> {
    let at = |method: &str, path: &str| format!("{method} {}", RECEIVER.url(path));
    let routes = json!({
        at("GET", "/says/hello"): "hello",
        at("HEAD", "/says/hello"): "hello",
        at("GET", "/status/503"): { "status": 503, "body": "status 503" },
        at("GET", "/status/204"): { "status": 204 },
        at("GET", "/to/302?to=/says/hello"): { "status": 302, "headers": { "Location": "/says/hello" } },
        at("GET", "/short"): { "body": "0123456789".repeat(10), "cut_after": 10 },
        at("PUT", "/echo/up"): { "status": 200 },
        at("POST", "/status/507"): { "status": 507, "body": "status 507" },
        at("PUT", "/echo/given-up"): { "status": 200 },
        at("PUT", "/hang"): { "hangs": true },
        at("GET", "/hang"): { "hangs": true },
        at("GET", "/hang-body"): { "body": "1234567890", "hangs_after": 4 },
        "GET http://127.0.0.1:1/": { "refused": true },
    });
    serde_json::from_value(routes).unwrap()
}

fn request(method: Method, path: &str) -> HttpRequest {
    HttpRequest { method, ..HttpRequest::get(Address::parse(&RECEIVER.url(path)).unwrap()) }
}

async fn get(place: &Place, path: &str) -> HttpResponse {
    place.call.request(request(Method::Get, path)).await.unwrap()
}

pub async fn an_answer_is_given_as_it_came(place: &Place) {
    let mut answer = get(place, "/says/hello").await;
    assert_eq!((answer.status, answer.end_is_known, answer.withheld), (200, true, false));
    assert_eq!(answer.header("content-length"), Some("5"));
    assert_eq!(drain(&mut *answer.body).await.unwrap(), b"hello");
}

pub async fn a_bad_status_is_an_answer_too(place: &Place) {
    let mut answer = get(place, "/status/503").await;
    assert_eq!(answer.status, 503);
    assert_eq!(drain(&mut *answer.body).await.unwrap(), b"status 503");
}

pub async fn a_redirect_is_left_to_the_caller(place: &Place) {
    let answer = get(place, "/to/302?to=/says/hello").await;
    assert_eq!((answer.status, answer.header("location")), (302, Some("/says/hello")));
}

pub async fn an_answer_without_a_body_ends_at_once(place: &Place) {
    for request in [request(Method::Head, "/says/hello"), request(Method::Get, "/status/204")] {
        let mut answer = place.call.request(request).await.unwrap();
        assert!(answer.end_is_known);
        assert_eq!(drain(&mut *answer.body).await.unwrap(), b"");
    }
}

pub async fn a_body_that_breaks_off_never_ends(place: &Place) {
    let mut answer = get(place, "/short").await;
    assert_eq!(answer.status, 200);
    let error = drain(&mut *answer.body).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Network);
    assert_eq!(error.what(), format!("the answer to `GET {}` broke off", RECEIVER.url("/short")));
    assert_eq!(error.causes(), ["10 B of 100 B had come"]);
    assert!(!was_never_sent(&error));
}

pub async fn a_server_that_hangs_is_cut_off(place: &Place) {
    let limits = Limits { total: Duration::from_secs(60), idle: Duration::from_millis(300) };
    let call = Caller::new(Arc::new(Limited::new(place.call.world.clone())), limits);
    let error = call.request(request(Method::Get, "/hang")).await.err().unwrap();
    assert_eq!((error.kind(), error.what().contains("moved no byte for 0.3s")), (Kind::Timeout, true), "{error}");
    let mut answer = call.request(request(Method::Get, "/hang-body")).await.unwrap();
    let error = drain(&mut *answer.body).await.unwrap_err();
    assert_eq!((error.kind(), error.what().contains("moved no byte for 0.3s")), (Kind::Timeout, true), "{error}");
}

pub async fn what_was_never_sent_is_told(place: &Place) {
    let request = HttpRequest::get(Address::parse("http://127.0.0.1:1/").unwrap());
    let error = place.call.request(request).await.err().unwrap();
    assert_eq!((error.kind(), error.what()), (Kind::Network, "cannot send `GET http://127.0.0.1:1/`"));
    assert_eq!(error.causes(), ["Connection refused"]);
    assert_eq!(error.hint_text(), Some("nothing listens on `127.0.0.1:1`: is the server running?"));
    assert!(was_never_sent(&error));
}

pub async fn a_line_break_in_a_header_is_refused(place: &Place) {
    for (name, value) in
        [("X-A", "1\r\nX-B: 2"), ("X-A\r\nX-B", "1"), ("X A", "1"), ("Content-Length", "5"), ("X-A", "\0")]
    {
        let mut request = request(Method::Get, "/says/hello");
        request.headers.push((name.to_owned(), SecretOrText::Plain(value.to_owned())));
        let checked = request.check();
        let error = place.call.request(request).await.err().unwrap();
        assert_eq!(error.kind(), Kind::Recipe, "{name}: {value:?}: {error:?}");
        assert!(checked.is_err() && !error.what().contains(['\r', '\n']), "{error:?}");
    }
}

fn upload(method: Method, path: &str) -> Upload {
    Upload { request: request(method, path), expect: None, size_bytes: None }
}

pub async fn a_body_goes_out_as_a_stream(place: &Place) {
    for size_bytes in [None, Some(11)] {
        let upload = Upload { size_bytes, ..upload(Method::Put, "/echo/up") };
        let mut sink = place.call.upload(upload).await.unwrap();
        for piece in ["hello", "", " world"] {
            sink.write(piece.into()).await.unwrap();
        }
        sink.seal().await.unwrap();
        sink.commit().await.unwrap();
    }
}

pub async fn an_upload_that_is_answered_badly_has_failed(place: &Place) {
    let mut sink = place.call.upload(upload(Method::Post, "/status/507")).await.unwrap();
    sink.write("hello".into()).await.unwrap();
    sink.seal().await.unwrap();
    let error = sink.commit().await.unwrap_err();
    let url = RECEIVER.url("/status/507");
    assert_eq!(error.what(), format!("`POST {url}` was answered with 507 Insufficient Storage"));
    assert_eq!((error.kind(), error.causes()), (Kind::Space, vec!["status 507".to_owned()]));
}

pub async fn a_body_is_as_long_as_it_was_announced(place: &Place) {
    for (size, sent) in [(4, "hello"), (6, "hello")] {
        let upload = Upload { size_bytes: Some(size), ..upload(Method::Put, "/echo/up") };
        let mut sink = place.call.upload(upload).await.unwrap();
        let error = match sink.write(sent.into()).await {
            Ok(()) => sink.seal().await.unwrap_err(),
            Err(error) => error,
        };
        assert_eq!(error.kind(), Kind::Integrity, "{error}");
    }
}

pub async fn an_upload_that_is_given_up_is_never_whole(place: &Place) {
    let before = RECEIVER.got().len();
    for size_bytes in [None, Some(5)] {
        let given_up = || Upload { size_bytes, ..upload(Method::Put, "/echo/given-up") };
        let mut sink = place.call.upload(given_up()).await.unwrap();
        sink.write("hello".into()).await.unwrap();
        sink.abort().await.unwrap();
        let mut dropped = place.call.upload(given_up()).await.unwrap();
        dropped.write("hello".into()).await.unwrap();
        dropped.seal().await.unwrap();
        drop(dropped);
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    let came = RECEIVER.got().into_iter().skip(before).filter(|got| got.target == "/echo/given-up").count();
    assert_eq!(came, 0);
}

pub async fn an_upload_whose_server_hangs_is_cut_off(place: &Place) {
    let limits = Limits { total: Duration::from_secs(60), idle: Duration::from_millis(300) };
    let call = Caller::new(Arc::new(Limited::new(place.call.world.clone())), limits);
    let mut sink = call.upload(upload(Method::Put, "/hang")).await.unwrap();
    sink.write("hello".into()).await.unwrap();
    sink.seal().await.unwrap();
    let error = sink.commit().await.unwrap_err();
    assert_eq!((error.kind(), error.what().contains("moved no byte for 0.3s")), (Kind::Timeout, true), "{error}");
}

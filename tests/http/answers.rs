//! What counts as an answer: a good status, and every byte that was announced.

use std::time::Duration;

use hikae::error::Kind;
use hikae::world::http::exchange::Policy;
use hikae::world::journal::Outcome;

use super::{get, post, refused, send, stack};
use crate::support::receiver::Receiver;

#[tokio::test]
async fn good_statuses_are_answers_and_the_rest_are_errors_of_their_kind() {
    let (receiver, (_, call)) = (Receiver::start(), stack(&[]));
    for status in [200, 201, 202] {
        let answer = send(&call, get(&receiver.url(&format!("/status/{status}"))), Policy::default()).await.unwrap();
        assert_eq!(answer, (status, format!("status {status}")));
    }
    for (status, kind) in [
        (400, Kind::Other),
        (401, Kind::Denied),
        (403, Kind::Denied),
        (404, Kind::NotFound),
        (408, Kind::Timeout),
        (429, Kind::Network),
        (500, Kind::Network),
        (504, Kind::Timeout),
        (304, Kind::Other),
    ] {
        let url = receiver.url(&format!("/status/{status}"));
        let error = refused(&call, get(&url)).await;
        assert_eq!(error.kind(), kind, "{status}: {error:?}");
        assert!(error.what().starts_with(&format!("`GET {url}` was answered with {status}")), "{error}");
    }
    let policy = Policy { expect: Some(vec![404]), ..Policy::default() };
    assert_eq!(send(&call, get(&receiver.url("/status/404")), policy.clone()).await.unwrap().0, 404);
    let error = send(&call, get(&receiver.url("/status/200")), policy).await.unwrap_err();
    assert!(error.what().ends_with("was answered with 200 OK"), "{error}");
}

#[tokio::test]
async fn what_the_server_says_of_a_refusal_is_told_in_part() {
    let (receiver, (_, call)) = (Receiver::start(), stack(&[]));
    let error = refused(&call, post(&receiver.url("/repeats"), &"wrong\n".repeat(200))).await;
    let said = &error.causes()[0];
    assert!(said.starts_with("you said wrong wrong") && said.ends_with('…') && said.chars().count() == 201, "{said}");
    assert_eq!(error.hint_text(), Some("the server itself failed: look at its log, or try again later"));
}

#[tokio::test]
async fn an_answer_ends_only_where_the_server_said() {
    let (receiver, (journal, call)) = (Receiver::start(), stack(&[]));
    let answer = send(&call, get(&receiver.url("/chunked")), Policy::default()).await.unwrap();
    assert_eq!(answer.1, "abcdefg");
    for (path, what) in [
        ("/short", "the answer to `GET [URL]` broke off"),
        ("/chunked-short", "the answer to `GET [URL]` broke off"),
        ("/unannounced", "nobody can tell whether the answer to `GET [URL]` is complete"),
        ("/coded/gzip", "nobody can tell whether the answer to `GET [URL]` is complete"),
        ("/coded/identity", "nobody can tell whether the answer to `GET [URL]` is complete"),
        ("/coded/chunked,gzip", "nobody can tell whether the answer to `GET [URL]` is complete"),
        ("/coded-length", "nobody can tell whether the answer to `GET [URL]` is complete"),
        ("/hang-up", "cannot send `GET [URL]`"),
        ("/nonsense", "cannot send `GET [URL]`"),
    ] {
        let url = receiver.url(path);
        let error = refused(&call, get(&url)).await;
        assert_eq!(error.what().replace(&url, "[URL]"), what, "{error:?}");
        assert!(matches!(error.kind(), Kind::Network | Kind::Integrity), "{error:?}");
    }
    let records = journal.entries();
    assert_eq!((records[0].status, &records[0].outcome, records[0].size_bytes), (Some(200), &Outcome::Done, 7));
    assert!(records[1..].iter().all(|record| record.outcome != Outcome::Done || record.status == Some(200)));
    assert_eq!(records[0].to_json()["status"], 200);
}

#[tokio::test]
async fn a_slow_answer_passes_and_a_silent_one_is_cut_off() {
    let (receiver, (_, mut call)) = (Receiver::start(), stack(&[]));
    call.limits.idle = Duration::from_secs(5);
    assert_eq!(send(&call, get(&receiver.url("/slow")), Policy::default()).await.unwrap().1, "drips");
    call.limits.idle = Duration::from_millis(200);
    for path in ["/hang", "/hang-body"] {
        let error = refused(&call, get(&receiver.url(path))).await;
        assert_eq!(error.kind(), Kind::Timeout, "{error:?}");
        assert!(error.what().ends_with("moved no byte for 0.2s"), "{error}");
    }
    call.limits.total = Duration::from_millis(500);
    call.limits.idle = Duration::from_secs(60);
    let error = refused(&call, get(&receiver.url("/hang"))).await;
    assert_eq!(error.what(), format!("`GET {}` took longer than 0.5s", receiver.url("/hang")));
}

#[tokio::test]
async fn only_declared_hosts_are_spoken_to() {
    let (receiver, (_, call)) = (Receiver::start(), stack(&[]));
    let error = refused(&call, get(&format!("http://localhost:{}/says/x", receiver.port()))).await;
    assert_eq!(error.kind(), Kind::Denied);
    assert_eq!(error.what(), format!("the recipe may not connect to `localhost:{}`", receiver.port()));
    assert_eq!(
        error.hint_text().unwrap(),
        format!("add `connect = {{ \"localhost:{}\" }}` to its needs", receiver.port())
    );
    assert!(receiver.got().is_empty());
}

#[tokio::test]
async fn a_name_that_does_not_exist_is_told() {
    use hikae::world::{Caller, Limits, real::Real};
    let limits = Limits { total: Duration::from_secs(60), idle: Duration::from_secs(60) };
    let call = Caller::new(std::sync::Arc::new(Real::beneath([]).unwrap()), limits);
    let error = refused(&call, get("http://no-such-host.invalid/")).await;
    assert_eq!(error.kind(), Kind::Network);
    assert_eq!(error.causes()[0], "the name `no-such-host.invalid` cannot be resolved");
}

#[tokio::test]
async fn a_request_says_who_asks() {
    let (receiver, (_, call)) = (Receiver::start(), stack(&[]));
    send(&call, post(&receiver.url("/echo"), ""), Policy::default()).await.unwrap();
    let got = &receiver.got()[0];
    assert_eq!(got.headers["user-agent"], concat!("hikae/", env!("CARGO_PKG_VERSION")));
    assert_eq!(got.headers["content-length"], "0");
    assert!(!got.headers.contains_key("accept-encoding"), "what comes is what is saved");
}

#[tokio::test]
async fn the_proxy_of_the_environment_is_used_unless_the_host_is_spared() {
    let (receiver, proxy) = (Receiver::start(), Receiver::start());
    let through = format!("http://me:open-sesame@127.0.0.1:{}", proxy.port());
    let (_, call) = stack(&[("HTTP_PROXY", &through)]);
    send(&call, get(&receiver.url("/says/hello")), Policy::default()).await.unwrap();
    assert!(receiver.got().is_empty());
    assert_eq!(proxy.got()[0].target, receiver.url("/says/hello"));
    assert!(proxy.got()[0].headers["proxy-authorization"].starts_with("Basic "));
    let (_, call) = stack(&[("HTTP_PROXY", &through), ("NO_PROXY", "localhost,127.0.0.1")]);
    send(&call, get(&receiver.url("/says/hello")), Policy::default()).await.unwrap();
    assert_eq!((receiver.got().len(), proxy.got().len()), (1, 1));

    let (_, call) = stack(&[("HTTP_PROXY", &through), ("NO_PROXY", " * ")]);
    send(&call, get(&receiver.url("/says/hello")), Policy::default()).await.unwrap();
    assert_eq!((receiver.got().len(), proxy.got().len()), (2, 1), "`*` spares every host");

    let dead = format!("127.0.0.1:{}", crate::support::receiver::closed_port());
    let (_, call) = stack(&[("http_proxy", &dead)]);
    let error = refused(&call, get(&receiver.url("/says/hello"))).await;
    assert!(error.hint_text().unwrap().contains(&format!("the proxy `{dead}`")), "{error:?}");
    let closed = crate::support::receiver::closed_port();
    for spared in ["127.0.0.1", "127.0.0.0/8"] {
        let (_, call) = stack(&[("HTTP_PROXY", &through), ("NO_PROXY", spared)]);
        let error = refused(&call, get(&format!("http://127.0.0.1:{closed}/"))).await;
        assert!(error.hint_text().unwrap().contains("nothing listens on"), "{error:?}");
    }
    let (_, call) = stack(&[("HTTP_PROXY", "socks5://open-sesame")]);
    let error = refused(&call, get(&receiver.url("/says/hello"))).await;
    assert_eq!(error.what(), "the variable `HTTP_PROXY` names no proxy");
}

//! What is tried again: only what is safe to send twice, after a pause, as often as was said.

use std::sync::Arc;
use std::time::Duration;

use hikae::error::Kind;
use hikae::world::http::exchange::Policy;
use hikae::world::http::{HttpRequest, Method};
use hikae::world::simulated::{Simulated, SimulatedSetup};
use hikae::world::{Caller, Limits, World};
use serde_json::json;

use super::{get, post, send, stack};
use crate::support::receiver::Receiver;

const TWICE: Policy = Policy { expect: None, retries: 2, repeatable: None, follow: true };

fn simulated(routes: serde_json::Value) -> (Simulated, Caller) {
    let setup = json!({ "now": "2026-02-15T02:00:00+09:00", "http": routes });
    let world = Simulated::new(serde_json::from_value::<SimulatedSetup>(setup).unwrap()).unwrap();
    let limits = Limits { total: Duration::from_secs(600), idle: Duration::from_secs(30) };
    (world.clone(), Caller::new(Arc::new(world), limits))
}

#[tokio::test]
async fn what_is_safe_to_repeat_is_tried_again() {
    let (receiver, (_, call)) = (Receiver::start(), stack(&[]));
    assert_eq!(send(&call, get(&receiver.url("/flaky/a/2")), TWICE).await.unwrap().1, "at last");
    assert_eq!(receiver.got().len(), 3);
    let error = send(&call, get(&receiver.url("/flaky/b/3")), TWICE).await.unwrap_err();
    assert_eq!(error.what(), format!("`GET {}` failed 3 times", receiver.url("/flaky/b/3")));
    assert_eq!((error.kind(), receiver.got().len()), (Kind::Network, 6));
}

#[tokio::test]
async fn a_post_is_sent_once_unless_the_recipe_says_that_twice_is_safe() {
    let (receiver, (_, call)) = (Receiver::start(), stack(&[]));
    for path in ["/flaky/a/1", "/hang-up", "/short"] {
        let before = receiver.got().len();
        send(&call, post(&receiver.url(path), "x"), TWICE).await.unwrap_err();
        assert_eq!(receiver.got().len(), before + 1, "{path}");
    }
    let safe = Policy { repeatable: Some(true), ..TWICE };
    assert_eq!(send(&call, post(&receiver.url("/flaky/b/2"), "x"), safe).await.unwrap().1, "at last");
    let never = Policy { repeatable: Some(false), ..TWICE };
    let before = receiver.got().len();
    send(&call, get(&receiver.url("/flaky/c/1")), never).await.unwrap_err();
    assert_eq!(receiver.got().len(), before + 1);
}

#[tokio::test]
async fn the_pause_that_the_server_asks_for_is_made() {
    let (receiver, (journal, call)) = (Receiver::start(), stack(&[]));
    // Also for a post: the server says that it has done nothing.
    assert_eq!(send(&call, post(&receiver.url("/busy/a/1"), "x"), TWICE).await.unwrap().1, "thanks");
    let sleep = &journal.entries()[1];
    assert_eq!(sleep.effect.verb(), "sleep");
    assert!(sleep.lasted.unwrap() >= Duration::from_secs(1));
    let error = send(&call, get(&receiver.url("/busy/b/3600")), TWICE).await.unwrap_err();
    assert_eq!(error.hint_text(), Some("the server asks to wait 1h"), "nobody waits for that long");
    assert_eq!(receiver.got().len(), 3);
}

#[tokio::test]
async fn a_date_to_wait_for_is_understood() {
    let busy = json!({ "status": 503, "headers": { "Retry-After": "Sat, 14 Feb 2026 17:01:00 GMT" } });
    let (world, call) = simulated(json!({ "http://api.example/": [busy, "ready"] }));
    assert_eq!(send(&call, get("http://api.example/"), TWICE).await.unwrap().1, "ready");
    assert_eq!(world.elapsed(), Duration::from_secs(60));
}

#[tokio::test]
async fn pauses_grow_and_are_the_same_in_every_simulation() {
    let pauses = || async {
        let (world, call) = simulated(json!({ "http://api.example/": { "status": 503 } }));
        let policy = Policy { retries: 5, ..Policy::default() };
        send(&call, get("http://api.example/"), policy).await.unwrap_err();
        assert_eq!(world.snapshot().requested.len(), 6);
        world.elapsed()
    };
    let (one, other) = (pauses().await, pauses().await);
    assert_eq!(one, other);
    // 0.5 + 1 + 2 + 4 + 8 seconds, each between half as long and half as long again.
    assert!(one > Duration::from_millis(7750) && one < Duration::from_millis(23250), "{one:?}");
}

#[tokio::test]
async fn no_try_begins_after_the_time_is_up() {
    let (world, mut call) = simulated(json!({ "http://api.example/": { "hangs": true } }));
    call.limits = Limits { total: Duration::from_secs(50), idle: Duration::from_secs(30) };
    let error = send(&call, get("http://api.example/"), Policy { retries: 10, ..TWICE }).await.unwrap_err();
    assert_eq!((error.kind(), world.snapshot().requested.len()), (Kind::Timeout, 2));
    assert_eq!(world.elapsed(), Duration::from_secs(50));
}

#[tokio::test]
async fn where_nothing_was_sent_even_a_post_is_tried_again() {
    let refused = json!({ "refused": true });
    let (world, call) = simulated(json!({ "POST http://api.example/": [refused, "in"] }));
    assert_eq!(send(&call, post("http://api.example/", "x"), TWICE).await.unwrap().1, "in");
    assert_eq!(world.snapshot().requested.len(), 2);
    let (world, call) = simulated(json!({ "POST http://api.example/": [{ "cut_after": 1, "body": "xx" }, "in"] }));
    send(&call, post("http://api.example/", "x"), TWICE).await.unwrap_err();
    assert_eq!(world.snapshot().requested.len(), 1);
}

#[tokio::test]
async fn what_cannot_get_better_is_not_tried_again() {
    let (receiver, (_, call)) = (Receiver::start(), stack(&[]));
    for status in [400, 401, 404, 413] {
        let before = receiver.got().len();
        let delete = HttpRequest { method: Method::Delete, ..get(&receiver.url(&format!("/status/{status}"))) };
        send(&call, delete, TWICE).await.unwrap_err();
        assert_eq!(receiver.got().len(), before + 1);
    }
}

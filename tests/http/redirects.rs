//! Where redirects lead: hop by hop to declared hosts, without a secret to another server, and never from https to http.

use hikae::error::Kind;
use hikae::secret::Secret;
use hikae::world::SecretOrText;
use hikae::world::http::exchange::Policy;
use hikae::world::http::{HttpRequest, Method};

use super::{get, post, refused, send, stack};
use crate::support::receiver::Receiver;

fn to(receiver: &Receiver, status: u16, target: &str) -> String {
    receiver.url(&format!("/to/{status}?to={target}"))
}

#[tokio::test]
async fn a_redirect_to_a_declared_host_is_followed() {
    let (one, other, (journal, call)) = (Receiver::start(), Receiver::start(), stack(&[]));
    let answer = send(&call, get(&to(&one, 302, &other.url("/says/there"))), Policy::default()).await.unwrap();
    assert_eq!(answer, (200, "there".to_owned()));
    let answer = send(&call, get(&to(&one, 307, "/says/here")), Policy::default()).await.unwrap();
    assert_eq!(answer.1, "here");
    assert_eq!(journal.entries().len(), 4, "each hop is an effect of its own");
    assert_eq!(journal.entries()[0].status, Some(302));
}

#[tokio::test]
async fn a_redirect_to_an_undeclared_host_is_refused() {
    let (one, other, (_, call)) = (Receiver::start(), Receiver::start(), stack(&[]));
    let target = format!("http://localhost:{}/says/there", other.port());
    let error = refused(&call, get(&to(&one, 302, &target))).await;
    assert_eq!(error.kind(), Kind::Denied);
    assert!(error.what().starts_with("cannot follow the redirect of `http://127.0.0.1:"), "{error}");
    assert_eq!(error.causes(), [format!("the recipe may not connect to `localhost:{}`", other.port())]);
    assert!(other.got().is_empty());
    for target in ["ftp://127.0.0.1/x", "file:///etc/passwd", "http://"] {
        let error = refused(&call, get(&to(&one, 302, target))).await;
        assert!(error.what().ends_with("redirects to an address that cannot be read"), "{error:?}");
    }
}

#[tokio::test]
async fn secrets_go_to_the_first_server_only() {
    let (one, other, (_, call)) = (Receiver::start(), Receiver::start(), stack(&[]));
    let headers = || {
        vec![
            ("Authorization".to_owned(), SecretOrText::Plain("Basic abc".to_owned())),
            ("X-Api-Key".to_owned(), SecretOrText::Secret(Secret::new("open-sesame-redirected"))),
            ("X-Plain".to_owned(), SecretOrText::Plain("stays".to_owned())),
        ]
    };
    let request = |url: &str| HttpRequest { headers: headers(), ..get(url) };
    send(&call, request(&to(&one, 302, &other.url("/echo"))), Policy::default()).await.unwrap();
    assert_eq!(one.got()[0].headers["x-api-key"], "open-sesame-redirected");
    let passed_on = &other.got()[0].headers;
    assert!(!passed_on.contains_key("authorization") && !passed_on.contains_key("x-api-key"), "{passed_on:?}");
    assert_eq!(passed_on["x-plain"], "stays");
    send(&call, request(&to(&one, 302, "/echo")), Policy::default()).await.unwrap();
    assert_eq!(one.got()[2].headers["authorization"], "Basic abc", "the same server sees it again");
}

#[tokio::test]
async fn what_was_posted_is_asked_for_or_posted_again_as_the_status_says() {
    let (one, (_, call)) = (Receiver::start(), stack(&[]));
    for (status, method, body) in
        [(301, "GET", ""), (302, "GET", ""), (303, "GET", ""), (307, "POST", "data"), (308, "POST", "data")]
    {
        send(&call, post(&to(&one, status, "/echo"), "data"), Policy::default()).await.unwrap();
        let got = one.got().pop().unwrap();
        assert_eq!((got.method.as_str(), got.body.as_str()), (method, body), "{status}");
    }
    let put = HttpRequest { method: Method::Put, ..post(&to(&one, 302, "/echo"), "data") };
    send(&call, put, Policy::default()).await.unwrap();
    assert_eq!(one.got().pop().unwrap().method, "PUT");
}

#[tokio::test]
async fn a_circle_ends() {
    let (one, (_, call)) = (Receiver::start(), stack(&[]));
    let error = refused(&call, get(&one.url("/circle"))).await;
    assert_eq!(error.what(), format!("`GET {}` redirects more than 10 times", one.url("/circle")));
    assert_eq!(one.got().len(), 11);
}

#[tokio::test]
async fn a_redirect_that_is_expected_is_an_answer() {
    let (one, (_, call)) = (Receiver::start(), stack(&[]));
    let policy = Policy { expect: Some(vec![302]), ..Policy::default() };
    assert_eq!(send(&call, get(&to(&one, 302, "/says/x")), policy).await.unwrap().0, 302);
    assert_eq!(one.got().len(), 1);
}

//! Holds requests to real receivers: good answers, bad ones, broken ones, and hosts that nobody declared.

mod addresses;
mod answers;
mod recipes;
mod redirects;
mod repeats;
mod tls;
mod uploads;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use hikae::error::{Error, Result};
use hikae::world::guarded::{Guarded, Needs};
use hikae::world::http::exchange::{Exchange, Policy, Proved};
use hikae::world::http::{Address, Body, HttpRequest, Method};
use hikae::world::journal::Journal;
use hikae::world::limited::Limited;
use hikae::world::real::Real;
use hikae::world::{Caller, Limits};

use hikae::stream::{Piece, Source};

type Stack = Journal<Guarded<Limited<Real>>>;

/// The worlds that a recipe has, in which `127.0.0.1` is declared.
fn stack(environment: &[(&str, &str)]) -> (Arc<Stack>, Caller) {
    let needs = Needs { connect: vec!["127.0.0.1".to_owned()], ..Needs::default() };
    let all: BTreeMap<String, String> =
        environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let real = Real::beneath([]).unwrap().with_variables(all);
    let journal = Arc::new(Journal::new(Guarded::new(Limited::new(real), needs).unwrap()));
    let limits = Limits { total: Duration::from_secs(60), idle: Duration::from_secs(30) };
    (journal.clone(), Caller::new(journal, limits))
}

fn get(url: &str) -> HttpRequest {
    HttpRequest::get(Address::parse(url).unwrap())
}

fn post(url: &str, body: &str) -> HttpRequest {
    HttpRequest { method: Method::Post, body: Body::plain(body), ..get(url) }
}

/// Sends a request as the module `http` does, and gives its status and its proved body.
async fn send(caller: &Caller, request: HttpRequest, policy: Policy) -> Result<(u16, String)> {
    let exchange = Exchange { caller: caller.clone(), request, policy };
    exchange
        .run(|answer, title| async move {
            let (status, mut body) = (answer.status, Proved::new(answer, title));
            let mut all = Vec::new();
            while let Piece::Data(data) = body.next().await? {
                all.extend_from_slice(&data);
            }
            Ok((status, String::from_utf8(all).unwrap()))
        })
        .await
}

async fn refused(caller: &Caller, request: HttpRequest) -> Error {
    send(caller, request, Policy::default()).await.unwrap_err()
}

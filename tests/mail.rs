//! Mails, held to real mail servers: how they are reached, what arrives, and what is said when a server says no.

mod arrives;
mod encrypted;
mod login;
mod oauth;
mod odd;
mod recipe;

use std::sync::Arc;
use std::time::Duration;

use hikae::error::{Error, Kind, Result};
use hikae::world::limited::Limited;
use hikae::world::mail::{Again, Mailbox, Sent, Server, trouble_of};
use hikae::world::real::Real;
use hikae::world::{Caller, Limits, Mail};

/// A hang is told apart from a slow machine by this much.
const WALL: Duration = Duration::from_secs(60);

fn caller() -> Caller {
    Caller::new(Arc::new(Limited::new(Real::ambient())), Limits { total: WALL, idle: WALL })
}

fn mail(server: Server) -> Mail {
    Mail {
        server,
        from: Mailbox::parse("ITSM-Sec Nexus <noreply@itsm.local>").unwrap(),
        to: Mailbox::parse_list("ops@example.com").unwrap(),
        cc: Vec::new(),
        subject: "a subject".to_owned(),
        text: "a text\n".to_owned(),
        html: None,
        message_id: None,
    }
}

async fn send(mail: Mail) -> Result<Sent> {
    let sent = tokio::time::timeout(WALL * 2, caller().send(mail)).await;
    sent.expect("the mail neither went out nor failed")
}

/// The error of a mail: its kind, the runbook's code, what another try is worth.
#[track_caller]
fn told(answer: Result<Sent>, kind: Kind, code: &str, again: Again) -> Error {
    let error = answer.expect_err("the mail should not have gone out");
    let trouble = trouble_of(&error).unwrap_or_else(|| panic!("no trouble with the mail: {error:?}"));
    assert_eq!((error.kind(), trouble.code, trouble.again), (kind, code, again), "{error:?}");
    assert!(error.hint_text().is_some(), "{error:?}");
    error
}

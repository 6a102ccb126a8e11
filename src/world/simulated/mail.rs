//! Simulates the mail server of a world: its mailbox, and the ways in which it refuses.

use serde::Deserialize;

use super::clock::Pace;
use super::seen::Posted;
use super::state::{Shared, State};
use crate::error::Result;
use crate::secret::Secret;
use crate::world::mail::{
    Mail, Refused, Security, Sent, Server, answered, closed, is_gone, login_refused, no_recipient_left, not_trusted,
    password_in_the_open, silent, unreachable, without_starttls,
};

/// The mail server of a world: by default it accepts every mail.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SmtpSetup {
    /// The server is unreachable.
    pub down: bool,
    /// It accepts the connection and never answers.
    pub hangs: bool,
    /// It disconnects before it has the content of the mail.
    pub drops: bool,
    /// It does not support STARTTLS.
    pub no_tls: bool,
    /// Its certificate has no trusted issuer.
    pub untrusted: bool,
    /// The password that it expects from every user; any if not set.
    pub password: Option<Secret>,
    /// It defers this many mails with 451 before it accepts one.
    pub greylist: u32,
    /// The addresses that do not exist on it.
    pub refuse: Vec<String>,
    /// Its answer to the content of a mail, if it does not accept it, such as `552 too large`.
    pub reject: Option<String>,
}

pub async fn send(mail: &Mail, smtp: &SmtpSetup, pace: &Pace, shared: &Shared) -> Result<Sent> {
    mail.check()?;
    let server = &mail.server;
    if smtp.down {
        return Err(unreachable(server, "Connection refused"));
    }
    if smtp.hangs {
        pace.pass(server.greeting_within()).await?;
        return Err(silent(server, "the greeting", server.greeting_within(), false));
    }
    log_in(server, smtp)?;
    let mut state = shared.lock();
    if state.put_off < smtp.greylist {
        state.put_off += 1;
        let reply = "451 4.7.1 greylisted, please try again later";
        return Err(no_recipient_left(server, &refused_with(reply, addresses(mail))));
    }
    take(mail, smtp, &mut state)
}

/// The steps before the mail itself: encryption and login.
fn log_in(server: &Server, smtp: &SmtpSetup) -> Result<()> {
    let with_password = server.logs_in() && !server.allow_plain_auth;
    let encrypted = match server.security {
        Security::Tls => true,
        Security::StartTls if smtp.no_tls => return Err(without_starttls(server)),
        Security::Plain if with_password && smtp.no_tls => return Err(password_in_the_open(server)),
        Security::StartTls => true,
        Security::Plain => with_password,
    };
    if encrypted && smtp.untrusted && server.ca_pem.is_none() {
        let said = "no authority that this machine trusts has signed it";
        return Err(not_trusted(
            server,
            said,
            "name the certificate of your own CA, or that of the server itself: SMTP_CA_FILE=/etc/ssl/our-ca.pem",
        ));
    }
    match (&server.user, &smtp.password) {
        (Some(_), Some(expected)) if server.password.as_ref() != Some(expected) => {
            Err(login_refused(server, "535 5.7.8 authentication failed"))
        }
        _ => Ok(()),
    }
}

fn take(mail: &Mail, smtp: &SmtpSetup, state: &mut State) -> Result<Sent> {
    let server = &mail.server;
    let (refused, accepted): (Vec<String>, Vec<String>) =
        addresses(mail).partition(|address| smtp.refuse.contains(address));
    let refused = refused_with("550 5.1.1 no such user", refused);
    if accepted.is_empty() {
        return Err(no_recipient_left(server, &refused));
    }
    if smtp.drops {
        return Err(closed(server, "the content of the mail", "the server closed the connection", true));
    }
    if let Some(reply) = &smtp.reject {
        return Err(answered(server, "EMESSAGE", "its content", reply));
    }
    let count = state.posted.len() + 1;
    let message_id = mail.message_id.clone().unwrap_or_else(|| format!("<{count}@simulated.invalid>"));
    state.posted.push(Posted {
        server: server.address(),
        from: mail.from.to_string(),
        to: accepted.clone(),
        subject: mail.subject.clone(),
        text: mail.text.clone(),
        html: mail.html.clone(),
        message_id: message_id.clone(),
        user: server.user.clone(),
    });
    Ok(Sent { message_id, reply: format!("250 queued as {count}"), accepted, refused })
}

fn addresses(mail: &Mail) -> impl Iterator<Item = String> {
    mail.recipients().into_iter().map(|mailbox| mailbox.address.clone())
}

fn refused_with(reply: &str, addresses: impl IntoIterator<Item = String>) -> Vec<Refused> {
    let retryable = !is_gone(reply);
    addresses.into_iter().map(|address| Refused { address, reply: reply.to_owned(), retryable }).collect()
}

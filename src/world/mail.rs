//! Describes a mail and its server as plain data, with the checks that are the same in every world.

mod mailbox;
mod refusal;
pub mod settings;
mod split;
mod trouble;

use std::time::Duration;

use crate::error::{Error, Kind, Result};
use crate::secret::Secret;

pub use mailbox::Mailbox;
pub use trouble::{Again, Trouble, trouble_of};

pub(super) use refusal::is_gone;
pub(super) use trouble::{
    answered, closed, login_refused, no_recipient_left, not_trusted, password_in_the_open, silent, speaks_tls_at_once,
    tls_failed, unknown_host, unreachable, without_starttls,
};

/// One mail, with the server that is to deliver it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    pub server: Server,
    pub from: Mailbox,
    pub to: Vec<Mailbox>,
    pub cc: Vec<Mailbox>,
    pub subject: String,
    pub text: String,
    /// The same text as HTML; both parts are then sent, and the mail program of the reader picks one.
    pub html: Option<String>,
    /// The same id for each attempt, so that a receiver recognizes a second copy; generated when absent.
    pub message_id: Option<String>,
}

/// A mail server, and how to connect to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    pub host: String,
    pub port: u16,
    pub security: Security,
    /// Without a user there is no login.
    pub user: Option<String>,
    pub password: Option<Secret>,
    /// An OAuth 2 access token, sent instead of the password.
    pub token: Option<Secret>,
    /// The name that hikae sends in its greeting; the machine's own when absent.
    pub ehlo_name: Option<String>,
    /// Whether the password may be sent over an unencrypted connection.
    pub allow_plain_auth: bool,
    /// CA certificates, as PEM, trusted in addition to the system's.
    pub ca_pem: Option<String>,
    /// The longest time to establish a connection.
    pub connect_timeout: Duration,
    /// The longest time for the answer to one command; the content may take three times as long.
    pub step_timeout: Duration,
}

/// When a connection is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Security {
    /// Never; but with a password, the server is first asked for TLS.
    Plain,
    /// After a short plain-text greeting, and before anything confidential.
    StartTls,
    /// From the first byte.
    Tls,
}

impl Security {
    /// The default for a port (runbook §4): 465 is TLS, 25 and 1025 are plain, and all others must switch to TLS.
    pub fn of_port(port: u16) -> Security {
        match port {
            465 => Security::Tls,
            25 | 1025 => Security::Plain,
            _ => Security::StartTls,
        }
    }
}

/// The answer of a server that accepted a mail.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    pub message_id: String,
    /// The server's last reply, with its code.
    pub reply: String,
    /// The addresses that the mail goes to.
    pub accepted: Vec<String>,
    /// The addresses that the server refused; the others received the mail.
    pub refused: Vec<Refused>,
}

/// An address that a server refused.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
pub struct Refused {
    pub address: String,
    pub reply: String,
    /// Whether the server may accept it later.
    pub retryable: bool,
}

impl Server {
    /// A server with the defaults for its port, without a login.
    pub fn new(host: impl Into<String>, port: u16) -> Server {
        Server {
            host: host.into(),
            port,
            security: Security::of_port(port),
            user: None,
            password: None,
            token: None,
            ehlo_name: None,
            allow_plain_auth: false,
            ca_pem: None,
            connect_timeout: Duration::from_secs(15),
            step_timeout: Duration::from_secs(60),
        }
    }

    /// Whether there is a login.
    pub fn logs_in(&self) -> bool {
        self.user.is_some()
    }

    /// The longest time until the server has sent its greeting.
    pub fn greeting_within(&self) -> Duration {
        self.connect_timeout + self.step_timeout
    }

    /// `host:port`, as used in messages and declarations.
    pub fn address(&self) -> String {
        match self.host.contains(':') {
            true => format!("[{}]:{}", self.host, self.port),
            false => format!("{}:{}", self.host, self.port),
        }
    }
}

impl Mail {
    /// All recipients, each once.
    pub fn recipients(&self) -> Vec<&Mailbox> {
        let mut all: Vec<&Mailbox> = Vec::new();
        for mailbox in self.to.iter().chain(&self.cc) {
            if !all.iter().any(|known| known.address.eq_ignore_ascii_case(&mailbox.address)) {
                all.push(mailbox);
            }
        }
        all
    }

    /// What it is about, for messages: its recipients and its subject.
    pub fn line(&self) -> String {
        let to: Vec<&str> = self.recipients().iter().map(|mailbox| mailbox.address.as_str()).collect();
        let subject: String = self.subject.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        format!("{}: {subject}", to.join(", "))
    }

    /// The size of the subject and both texts: the encoded mail is a little larger.
    pub fn size_bytes(&self) -> u64 {
        (self.subject.len() + self.text.len() + self.html.as_ref().map_or(0, String::len)) as u64
    }

    /// The answer when mails are only planned: all recipients count as accepted.
    pub fn withheld(&self) -> Sent {
        let accepted = self.recipients().into_iter().map(|mailbox| mailbox.address.clone()).collect();
        let message_id = self.message_id.clone().unwrap_or_else(|| "<dry-run@hikae.invalid>".to_owned());
        Sent { message_id, reply: "not sent: this is a dry run".to_owned(), accepted, refused: Vec::new() }
    }

    /// Refuses what no world may send: a line break that would start another header, and a mail without recipients.
    pub fn check(&self) -> Result<()> {
        if self.to.is_empty() {
            return Err(Error::new(Kind::Recipe, "the mail has no recipient").hint("name one in `to`"));
        }
        one_line("the subject of the mail", &self.subject)?;
        if let Some(id) = &self.message_id {
            one_line("the message id of the mail", id)?;
        }
        one_line("the user of the mail server", self.server.user.as_deref().unwrap_or_default())?;
        one_line("the mail server", &self.server.host)?;
        one_line("the name for EHLO", self.server.ehlo_name.as_deref().unwrap_or_default())?;
        [&self.from].into_iter().chain(&self.to).chain(&self.cc).try_for_each(Mailbox::check)
    }
}

/// Refuses control characters: in a header or a command, a line break would start another one.
fn one_line(what: &str, text: &str) -> Result<()> {
    if !text.chars().any(char::is_control) {
        return Ok(());
    }
    let shown = text.escape_debug();
    Err(Error::new(Kind::Recipe, format!("{what} holds a line break or another control character: `{shown}`"))
        .hint("take it out: behind a line break another header would begin"))
}

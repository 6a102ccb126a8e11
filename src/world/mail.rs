//! A mail and the server that is to take it, as plain data, with what every world refuses alike.

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

/// One mail, with the server that is asked to take it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    pub server: Server,
    pub from: Mailbox,
    pub to: Vec<Mailbox>,
    pub cc: Vec<Mailbox>,
    pub subject: String,
    pub text: String,
    /// The same for programs that show HTML; both parts are then sent, and the reader's program picks.
    pub html: Option<String>,
    /// The same id for each attempt, so that a receiver recognizes a second copy; made up when absent.
    pub message_id: Option<String>,
}

/// A mail server, and how it is spoken to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    pub host: String,
    pub port: u16,
    pub security: Security,
    /// Without a user nobody logs in.
    pub user: Option<String>,
    pub password: Option<Secret>,
    /// An OAuth 2 access token, which is sent in the place of the password.
    pub token: Option<Secret>,
    /// The name by which hikae greets the server; the machine's own when absent.
    pub ehlo_name: Option<String>,
    /// Whether the password may go over a connection that is not encrypted.
    pub allow_plain_auth: bool,
    /// Certificates, as PEM, that are trusted beside those of the system.
    pub ca_pem: Option<String>,
    /// The longest time until there is a connection.
    pub connect_timeout: Duration,
    /// The longest time until one command is answered; the content may take three times as long.
    pub step_timeout: Duration,
}

/// When a connection is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Security {
    /// Never; but a password makes the server be asked for TLS first.
    Plain,
    /// After a few words in the open, and before anything that matters.
    StartTls,
    /// From the first byte.
    Tls,
}

impl Security {
    /// What belongs to a port (runbook §4): 465 is TLS, 25 and 1025 are plain, and all others must switch to TLS.
    pub fn of_port(port: u16) -> Security {
        match port {
            465 => Security::Tls,
            25 | 1025 => Security::Plain,
            _ => Security::StartTls,
        }
    }
}

/// What a server has answered to a mail that it took.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    pub message_id: String,
    /// The server's last word, with its code.
    pub reply: String,
    /// The addresses that the mail goes to.
    pub accepted: Vec<String>,
    /// The addresses that the server refused; the others have the mail.
    pub refused: Vec<Refused>,
}

/// An address that a server refused.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
pub struct Refused {
    pub address: String,
    pub reply: String,
    /// Whether the server may take it later.
    pub retryable: bool,
}

impl Server {
    /// A server that is spoken to as its port has it, without a login.
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

    /// Whether somebody logs in.
    pub fn logs_in(&self) -> bool {
        self.user.is_some()
    }

    /// The longest time until the server has said who it is.
    pub fn greeting_within(&self) -> Duration {
        self.connect_timeout + self.step_timeout
    }

    /// `host:port`, as messages and declarations have it.
    pub fn address(&self) -> String {
        match self.host.contains(':') {
            true => format!("[{}]:{}", self.host, self.port),
            false => format!("{}:{}", self.host, self.port),
        }
    }
}

impl Mail {
    /// Everybody who is to get it, each once.
    pub fn recipients(&self) -> Vec<&Mailbox> {
        let mut all: Vec<&Mailbox> = Vec::new();
        for mailbox in self.to.iter().chain(&self.cc) {
            if !all.iter().any(|known| known.address.eq_ignore_ascii_case(&mailbox.address)) {
                all.push(mailbox);
            }
        }
        all
    }

    /// What it is about, for people: its recipients and its subject.
    pub fn line(&self) -> String {
        let to: Vec<&str> = self.recipients().iter().map(|mailbox| mailbox.address.as_str()).collect();
        let subject: String = self.subject.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        format!("{}: {subject}", to.join(", "))
    }

    /// The size of what people wrote: the letter itself is a little larger.
    pub fn size_bytes(&self) -> u64 {
        (self.subject.len() + self.text.len() + self.html.as_ref().map_or(0, String::len)) as u64
    }

    /// The answer where mails are only planned: everybody is taken to be accepted.
    pub fn withheld(&self) -> Sent {
        let accepted = self.recipients().into_iter().map(|mailbox| mailbox.address.clone()).collect();
        let message_id = self.message_id.clone().unwrap_or_else(|| "<dry-run@hikae.invalid>".to_owned());
        Sent { message_id, reply: "not sent: this is a dry run".to_owned(), accepted, refused: Vec::new() }
    }

    /// Refuses what no world may send: a line break where it would begin another header, and a mail to nobody.
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

/// Refuses control characters: in a header or a command a line break would begin another one.
fn one_line(what: &str, text: &str) -> Result<()> {
    if !text.chars().any(char::is_control) {
        return Ok(());
    }
    let shown = text.escape_debug();
    Err(Error::new(Kind::Recipe, format!("{what} holds a line break or another control character: `{shown}`"))
        .hint("take it out: behind a line break another header would begin"))
}

//! Holds one conversation with a mail server: each command has its time, and only the codes that belong to it are a yes.
//!
//! lettre's own transport gives up at the first recipient that is refused, puts no time on an answer, and takes any 2xx or
//! 3xx for a yes; so its connection is driven here command by command.

use std::future::Future;
use std::time::Duration;

use lettre::Address;
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail as MailFrom, Noop, Quit, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailParameter};
use lettre::transport::smtp::response::{Response, Severity};

use super::explain::{explain, no_reply_text};
use super::letter::Letter;
use super::tls;
use crate::error::{Error, Kind, Result};
use crate::secret::Secret;
use crate::world::mail::{Security, Server, closed, login_refused, password_in_the_open, silent, without_starttls};

/// How long a goodbye may take: nothing depends on it.
const GOODBYE: Duration = Duration::from_secs(2);

pub struct Talk<'a> {
    server: &'a Server,
    connection: AsyncSmtpConnection,
}

/// What a server says to a command: the reply with its code.
pub enum Answer {
    Yes(String),
    No(String),
}

impl<'a> Talk<'a> {
    /// Connects, encrypts as the server's settings have it, and logs in when there is a user.
    pub async fn open(server: &'a Server, own_host: &str) -> Result<Talk<'a>> {
        let hello = ClientId::Domain(own_host.to_owned());
        let implicit = match server.security {
            Security::Tls => Some(tls::parameters(server).await?),
            _ => None,
        };
        let step = if implicit.is_some() { "the TLS handshake and the greeting" } else { "the greeting" };
        let connect = AsyncSmtpConnection::connect_tokio1(
            (server.host.as_str(), server.port),
            Some(server.connect_timeout),
            &hello,
            implicit,
            None,
        );
        let within = server.greeting_within();
        let connection =
            timely(server, step, within, false, connect).await?.map_err(|e| explain(server, step, &e, false))?;
        let mut talk = Talk { server, connection };
        if talk.wants_starttls()? {
            talk.encrypt(&hello).await?;
        }
        if server.user.is_some() {
            talk.login().await?;
        }
        Ok(talk)
    }

    /// A password asks for TLS also where the settings would do without.
    fn wants_starttls(&self) -> Result<bool> {
        let with_password = self.server.user.is_some() && !self.server.allow_plain_auth;
        match (self.server.security, self.connection.can_starttls()) {
            (Security::Tls, _) => Ok(false),
            (Security::StartTls, true) => Ok(true),
            (Security::StartTls, false) => Err(without_starttls(self.server)),
            (Security::Plain, offered) if with_password => {
                if offered {
                    Ok(true)
                } else {
                    Err(password_in_the_open(self.server))
                }
            }
            (Security::Plain, _) => Ok(false),
        }
    }

    async fn encrypt(&mut self, hello: &ClientId) -> Result<()> {
        let (server, step) = (self.server, "STARTTLS");
        let parameters = tls::parameters(server).await?;
        let encrypt = self.connection.starttls(parameters, hello);
        timely(server, step, server.step_timeout, false, encrypt).await?.map_err(|e| explain(server, step, &e, false))
    }

    async fn login(&mut self) -> Result<()> {
        let (server, step) = (self.server, "the login");
        let user = server.user.clone().unwrap_or_default();
        let password = server.password.as_ref().map_or("", Secret::expose);
        hide_encoded(&user, password);
        let offered = [Mechanism::Plain, Mechanism::Login];
        if self.connection.server_info().get_auth_mechanism(&offered).is_none() {
            return Err(login_refused(server, "the server offers neither PLAIN nor LOGIN"));
        }
        let credentials = Credentials::new(user, password.to_owned());
        let auth = self.connection.auth(&offered, &credentials);
        match timely(server, step, server.step_timeout, false, auth).await? {
            Ok(response) if response.has_code(235) => Ok(()),
            Ok(response) => Err(login_refused(server, &shown(&response))),
            Err(error) => match error.status() {
                Some(code) => Err(login_refused(server, &format!("{code} {}", no_reply_text(&error)))),
                None => Err(explain(server, step, &error, false)),
            },
        }
    }

    pub async fn from(&mut self, letter: &Letter) -> Result<Answer> {
        let mut parameters = Vec::new();
        if letter.has_non_ascii_addresses() {
            if !self.connection.server_info().supports_feature(Extension::SmtpUtfEight) {
                let what = format!("the mail server `{}` takes no address beyond ASCII", self.server.address());
                return Err(
                    Error::new(Kind::Denied, what).hint("use an address of ASCII letters; names may be in any script")
                );
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        self.ask("MAIL FROM", MailFrom::new(Some(letter.from.clone()), parameters)).await
    }

    pub async fn to(&mut self, address: &Address) -> Result<Answer> {
        self.ask("RCPT TO", Rcpt::new(address.clone(), Vec::new())).await
    }

    /// Hands the letter over. Once all of it is sent, the server may have it even when its answer does not come.
    pub async fn letter(&mut self, bytes: &[u8]) -> Result<Answer> {
        let (server, within) = (self.server, self.server.step_timeout);
        let go_ahead = timely(server, "DATA", within, false, self.connection.command(Data)).await?;
        match go_ahead {
            Ok(response) if response.has_code(354) => {}
            Ok(response) => return Err(out_of_step(server, "DATA", &response, false)),
            Err(error) => return refusal(server, "DATA", &error, false),
        }
        let step = "the content of the mail";
        let handed_over = timely(server, step, within * 3, true, self.connection.message(bytes)).await?;
        answer(server, step, handed_over, true)
    }

    /// Asks for nothing, to see whether the server still answers.
    pub async fn nothing(&mut self) -> Result<()> {
        match self.ask("NOOP", Noop).await? {
            Answer::Yes(_) => Ok(()),
            Answer::No(reply) => Err(crate::world::mail::answered(self.server, "ECONNECTION", "NOOP", &reply)),
        }
    }

    pub async fn leave(&mut self) {
        // The server may be gone, or slow to say goodbye: nothing depends on it.
        let _goodbye = tokio::time::timeout(GOODBYE, self.connection.command(Quit)).await;
    }

    async fn ask(&mut self, step: &str, command: impl std::fmt::Display) -> Result<Answer> {
        let server = self.server;
        let reply = timely(server, step, server.step_timeout, false, self.connection.command(command)).await?;
        answer(server, step, reply, false)
    }
}

/// Only a code of the form 2xx is a yes; a reply that is out of step must not pass for one.
fn answer(server: &Server, step: &str, reply: Result<Response, SmtpError>, unsure: bool) -> Result<Answer> {
    match reply {
        Ok(response) if response.code().severity == Severity::PositiveCompletion => Ok(Answer::Yes(shown(&response))),
        Ok(response) => Err(out_of_step(server, step, &response, unsure)),
        Err(error) => refusal(server, step, &error, unsure),
    }
}

/// A reply that says no; anything else is an error.
fn refusal(server: &Server, step: &str, error: &SmtpError, unsure: bool) -> Result<Answer> {
    match error.status() {
        Some(code) => Ok(Answer::No(format!("{code} {}", no_reply_text(error)))),
        None => Err(explain(server, step, error, unsure)),
    }
}

fn out_of_step(server: &Server, step: &str, response: &Response, unsure: bool) -> Error {
    closed(server, step, &format!("an answer out of step: {}", shown(response)), unsure)
}

fn shown(response: &Response) -> String {
    let words: Vec<&str> = response.message().collect();
    format!("{} {}", response.code(), words.join(" ")).trim_end().to_owned()
}

async fn timely<T>(
    server: &Server,
    step: &str,
    within: Duration,
    unsure: bool,
    work: impl Future<Output = Result<T, SmtpError>>,
) -> Result<Result<T, SmtpError>> {
    tokio::time::timeout(within, work).await.map_err(|_| silent(server, step, within, unsure))
}

/// A server may quote the command that it did not understand, and in that one the password stands encoded.
fn hide_encoded(user: &str, password: &str) {
    if !password.is_empty() {
        let _known =
            [Secret::new(base64(password.as_bytes())), Secret::new(base64(format!("\0{user}\0{password}").as_bytes()))];
    }
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let bits = group.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        for place in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * place) & 63) as usize];
            text.push(if place <= group.len() { char::from(letter) } else { '=' });
        }
    }
    text
}

//! A conversation with a mail server: each command has a time limit, and only the code that belongs to it counts as success.

pub(crate) mod login;

use std::future::Future;
use std::time::Duration;

use tokio::net::TcpStream;

use super::encoded::EncodedMail;
use super::explain::{explain, out_of_step};
use super::tls::Encryption;
use super::wire::{Reply, Stream, Wire, WireError};
use super::{hello, probe};
use crate::error::{Error, Kind, Result};
use crate::world::mail::{Security, Server, answered, password_in_the_open, silent, without_starttls};

/// How long QUIT may take: nothing depends on it.
const GOODBYE: Duration = Duration::from_secs(2);

pub struct Talk<'a> {
    pub(super) server: &'a Server,
    pub(super) wire: Wire,
    /// The extensions of the server, from its reply to EHLO, in upper case.
    pub(super) offers: Vec<String>,
}

/// The server's answer to a command: the reply with its code.
pub enum SmtpReply {
    Yes(String),
    No(String),
}

impl<'a> Talk<'a> {
    /// Connects, and encrypts as the server settings say.
    pub async fn open(server: &'a Server, own_host: &str) -> Result<Talk<'a>> {
        let stream = connect(server).await?;
        let own_name = hello::own_name(server, own_host, stream.local_addr().ok());
        let wire = match server.security {
            Security::Tls => encrypted(server, stream, "the TLS handshake").await?,
            _ => Wire::new(Stream::Plain(stream)),
        };
        let mut talk = Talk { server, wire, offers: Vec::new() };
        talk.greeting().await?;
        talk.hello(&own_name).await?;
        if talk.wants_starttls()? {
            talk = talk.encrypt().await?;
            talk.hello(&own_name).await?;
        }
        Ok(talk)
    }

    async fn greeting(&mut self) -> Result<()> {
        let (server, step) = (self.server, "the greeting");
        let greeting = timely(server, step, server.greeting_within(), false, self.wire.reply());
        let reply = match server.security {
            Security::Tls => greeting.await?,
            // A server that waits for TLS sends nothing: without this probe, the error would only be a timeout.
            _ => tokio::select! {
                reply = greeting => reply?,
                error = probe::speaks_tls(server) => return Err(error),
            },
        };
        let reply = reply.map_err(|error| explain(server, step, error, false))?;
        if reply.code == 220 { Ok(()) } else { Err(answered(server, "ECONNECTION", step, &reply.to_string())) }
    }

    async fn hello(&mut self, own_name: &str) -> Result<()> {
        let reply = self.ask("EHLO", &format!("EHLO {own_name}")).await?;
        if reply.is_success() {
            self.offers = reply.lines.iter().skip(1).map(|line| line.trim().to_uppercase()).collect();
            return Ok(());
        }
        // Old servers know only HELO.
        self.offers.clear();
        let reply = self.ask("HELO", &format!("HELO {own_name}")).await?;
        if reply.is_success() {
            return Ok(());
        }
        Err(answered(self.server, "ECONNECTION", "HELO", &reply.to_string()))
    }

    /// Whether the server supports an extension.
    pub(super) fn offers(&self, extension: &str) -> bool {
        self.offers.iter().any(|line| line.split(' ').next() == Some(extension))
    }

    /// A password requires TLS even if the settings do not.
    fn wants_starttls(&self) -> Result<bool> {
        let with_password = self.server.logs_in() && !self.server.allow_plain_auth;
        match (self.server.security, self.offers("STARTTLS")) {
            (Security::Tls, _) => Ok(false),
            (Security::StartTls, true) => Ok(true),
            (Security::StartTls, false) => Err(without_starttls(self.server)),
            (Security::Plain, true) if with_password => Ok(true),
            (Security::Plain, false) if with_password => Err(password_in_the_open(self.server)),
            (Security::Plain, _) => Ok(false),
        }
    }

    async fn encrypt(mut self) -> Result<Talk<'a>> {
        let (server, step) = (self.server, "STARTTLS");
        let reply = self.ask(step, step).await?;
        if reply.code != 220 {
            return Err(answered(server, "ESOCKET", step, &reply.to_string()));
        }
        let stream = self.wire.into_plain().map_err(|error| explain(server, step, error, false))?;
        Ok(Talk { server, wire: encrypted(server, stream, step).await?, offers: Vec::new() })
    }

    pub async fn from(&mut self, encoded: &EncodedMail) -> Result<SmtpReply> {
        let mut command = format!("MAIL FROM:<{}>", encoded.from);
        if encoded.needs_smtputf8() {
            if !self.offers("SMTPUTF8") {
                let what = format!("the mail server `{}` takes no address beyond ASCII", self.server.address());
                return Err(
                    Error::new(Kind::Denied, what).hint("use an address of ASCII letters; names may be in any script")
                );
            }
            command.push_str(" SMTPUTF8");
        }
        self.say("MAIL FROM", &command).await
    }

    pub async fn to(&mut self, address: &str) -> Result<SmtpReply> {
        self.say("RCPT TO", &format!("RCPT TO:<{address}>")).await
    }

    /// Sends the content. After all of it is sent, the server may have accepted it even if its answer is lost.
    pub async fn data(&mut self, bytes: &[u8]) -> Result<SmtpReply> {
        let (server, within) = (self.server, self.server.step_timeout);
        let reply = self.ask("DATA", "DATA").await?;
        if reply.is_refusal() {
            return Ok(SmtpReply::No(reply.to_string()));
        }
        if reply.code != 354 {
            return Err(out_of_step(server, "DATA", &reply, false));
        }
        let step = "the content of the mail";
        let reply = timely(server, step, within * 3, true, self.wire.content(bytes)).await?;
        let reply = reply.map_err(|error| explain(server, step, error, true))?;
        yes_or_no(server, step, &reply, true)
    }

    /// Sends NOOP, to check that the server still answers.
    pub async fn nothing(&mut self) -> Result<()> {
        match self.say("NOOP", "NOOP").await? {
            SmtpReply::Yes(_) => Ok(()),
            SmtpReply::No(reply) => Err(answered(self.server, "ECONNECTION", "NOOP", &reply)),
        }
    }

    pub async fn leave(&mut self) {
        // The server may be gone, or slow to answer QUIT: nothing depends on it.
        drop(tokio::time::timeout(GOODBYE, self.wire.command("QUIT")).await);
    }

    async fn say(&mut self, step: &str, line: &str) -> Result<SmtpReply> {
        let reply = self.ask(step, line).await?;
        yes_or_no(self.server, step, &reply, false)
    }

    /// Sends one line and returns the reply, whatever it is.
    pub(super) async fn ask(&mut self, step: &str, line: &str) -> Result<Reply> {
        let server = self.server;
        let reply = timely(server, step, server.step_timeout, false, self.wire.command(line)).await?;
        reply.map_err(|error| explain(server, step, error, false))
    }
}

/// Only a 2xx code is success; an out-of-step reply must not count as one.
fn yes_or_no(server: &Server, step: &str, reply: &Reply, unsure: bool) -> Result<SmtpReply> {
    match () {
        () if reply.is_success() => Ok(SmtpReply::Yes(reply.to_string())),
        () if reply.is_refusal() => Ok(SmtpReply::No(reply.to_string())),
        () => Err(out_of_step(server, step, reply, unsure)),
    }
}

async fn connect(server: &Server) -> Result<TcpStream> {
    let within = server.connect_timeout;
    let connecting = TcpStream::connect((server.host.as_str(), server.port));
    let connected = tokio::time::timeout(within, connecting).await;
    let connected = connected.map_err(|_| silent(server, "the connection", within, false))?;
    connected.map_err(|error| explain(server, "the connection", WireError::Io(error), false))
}

async fn encrypted(server: &Server, stream: TcpStream, step: &str) -> Result<Wire> {
    let encryption = Encryption::prepare(server).await?;
    let within = server.greeting_within();
    let connected = timely(server, step, within, false, encryption.connect(stream)).await?;
    let stream = connected.map_err(|error| explain(server, step, error, false))?;
    Ok(Wire::new(Stream::Tls(Box::new(stream))))
}

async fn timely<T>(
    server: &Server,
    step: &str,
    within: Duration,
    unsure: bool,
    work: impl Future<Output = T>,
) -> Result<T> {
    tokio::time::timeout(within, work).await.map_err(|_| silent(server, step, within, unsure))
}

//! Opens a connection: finds a server that answers, encrypts, logs in, and waits until it is ready.

mod scram;

use std::path::Path;
use std::sync::Arc;

use postgres_protocol::authentication::md5_hash;
use postgres_protocol::message::backend::Message;
use postgres_protocol::message::frontend;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};

use super::session::RealSession;
use super::settings::{Binding, Place, Settings, SslMode};
use super::stream::Stream;
use super::wire::Wire;
use super::{tls, trouble};
use crate::error::{Error, Kind, Result};
use crate::secret::Secret;
use crate::world::postgres::{APPLICATION, Login, refusal};
use crate::world::real::account::Account;

/// The largest message before the login, where no message needs to be long.
const GREETING_BYTES: usize = 64 << 10;

/// A connection that is about to log in.
pub struct Talk<'a> {
    pub wire: Wire,
    pub settings: &'a Settings,
    pub place: &'a Place,
    pub title: String,
    pub certificate: Option<Vec<u8>>,
}

/// Logs in to the first reachable place. If one is unreachable, the next is tried; a rejected login ends the search.
pub async fn open(login: &Login, settings: Settings) -> Result<RealSession> {
    let (mut failed, title) = (None, login.title());
    for place in &settings.places {
        let opening = open_at(place, &settings, &title);
        match tokio::time::timeout(settings.within, opening).await {
            Ok(Ok(session)) => return Ok(session),
            Ok(Err(error)) if error.kind() != Kind::Network => return Err(error),
            Ok(Err(error)) => failed = Some(error),
            Err(_) => failed = Some(trouble::silent(place, settings.within)),
        }
    }
    Err(failed.unwrap_or_else(|| Error::new(Kind::Recipe, "no server of PostgreSQL is named")))
}

async fn open_at(place: &Place, settings: &Settings, title: &str) -> Result<RealSession> {
    let mut settings = settings.clone();
    if place.is_socket() {
        settings.ssl = SslMode::Disable;
    }
    let first = attempt(place, &settings, title).await;
    let refused =
        |error: &Error| error.kind() == Kind::Denied && crate::world::postgres::sqlstate_of(error) == Some("28000");
    // `allow` tries without TLS first, `prefer` with it; if pg_hba.conf rejects one, the other is tried.
    match (&first, settings.ssl) {
        (Err(error), SslMode::Allow) if refused(error) => settings.ssl = SslMode::Require,
        (Err(error), SslMode::Prefer) if refused(error) => settings.ssl = SslMode::Disable,
        _ => return first,
    }
    attempt(place, &settings, title).await.or(first)
}

async fn attempt(place: &Place, settings: &Settings, title: &str) -> Result<RealSession> {
    let stream = connect(place, settings).await?;
    let certificate = stream.certificate();
    let wire = Wire::new(stream, title.to_owned(), GREETING_BYTES);
    let mut talk = Talk { wire, settings, place, title: title.to_owned(), certificate };
    talk.greet().await?;
    talk.authenticate().await?;
    talk.until_ready().await?;
    Ok(RealSession::new(talk.wire, talk.title))
}

async fn connect(place: &Place, settings: &Settings) -> Result<Stream> {
    let failed = |cause| trouble::unreachable(place, cause);
    if place.is_socket() {
        let path = format!("{}/.s.PGSQL.{}", place.host, place.port);
        let stream = match settings.account.clone() {
            None => UnixStream::connect(path).await,
            Some(account) => connect_as(account, path).await,
        };
        return stream.map(Stream::Unix).map_err(failed);
    }
    let address = place.address.as_deref().unwrap_or(&place.host);
    let mut stream = TcpStream::connect((address, place.port)).await.map_err(failed)?;
    stream.set_nodelay(true).map_err(failed)?;
    if matches!(settings.ssl, SslMode::Disable | SslMode::Allow) {
        return Ok(Stream::Tcp(stream));
    }
    let mut ask = bytes::BytesMut::new();
    frontend::ssl_request(&mut ask);
    stream.write_all(&ask).await.map_err(failed)?;
    // Read exactly one byte: unencrypted data after it must not be taken as the server's.
    match stream.read_u8().await.map_err(failed)? {
        b'S' => tls::encrypt(stream, place, settings).await,
        b'N' if settings.ssl == SslMode::Prefer => Ok(Stream::Tcp(stream)),
        b'N' => Err(trouble::no_tls(place, settings.ssl)),
        _ => Err(trouble::garbled(&place.title(), std::io::Error::other("it does not answer as PostgreSQL does"))),
    }
}

async fn connect_as(account: Arc<Account>, path: String) -> std::io::Result<UnixStream> {
    let connecting = tokio::task::spawn_blocking(move || account.connect(Path::new(&path)));
    let stream = connecting.await.map_err(std::io::Error::other)??;
    stream.set_nonblocking(true)?;
    UnixStream::from_std(stream)
}

impl Talk<'_> {
    async fn greet(&mut self) -> Result<()> {
        let Settings { user, database, options, .. } = self.settings;
        let mut said = vec![
            ("user", user.as_str()),
            ("database", database.as_str()),
            ("application_name", APPLICATION),
            ("client_encoding", "UTF8"),
        ];
        said.extend(options.as_deref().map(|options| ("options", options)));
        frontend::startup_message(said, &mut self.wire.out).map_err(|cause| trouble::garbled(&self.title, cause))?;
        self.wire.flush().await
    }

    /// Waits for the next message; an error response of the server is an error.
    pub async fn next(&mut self) -> Result<Message> {
        loop {
            match self.wire.receive().await? {
                Message::ErrorResponse(body) => {
                    return Err(refusal(refused_login(self.place).what(), trouble::refused(body.fields())));
                }
                Message::NoticeResponse(_) => {}
                message => return Ok(message),
            }
        }
    }

    async fn authenticate(&mut self) -> Result<()> {
        let unsupported = |method| Err(trouble::unsupported_login(self.place, method));
        let first = self.next().await?;
        if self.settings.binding == Binding::Require && !matches!(first, Message::AuthenticationSasl(_)) {
            return Err(scram::unbound(self));
        }
        let method = method(&first);
        if !self.settings.logins.allow(method) {
            return Err(trouble::login_not_allowed(self.place, method));
        }
        match first {
            Message::AuthenticationOk => return Ok(()),
            Message::AuthenticationSasl(offered) => scram::log_in(self, &offered).await?,
            Message::AuthenticationCleartextPassword => {
                let password = self.password()?;
                self.give(password.expose().as_bytes()).await?;
            }
            Message::AuthenticationMd5Password(body) => {
                let password = self.password()?;
                let hash = md5_hash(self.settings.user.as_bytes(), password.expose().as_bytes(), body.salt());
                self.give(hash.as_bytes()).await?;
            }
            Message::AuthenticationGss | Message::AuthenticationKerberosV5 => return unsupported("GSSAPI (Kerberos)"),
            Message::AuthenticationSspi => return unsupported("SSPI"),
            Message::AuthenticationScmCredential => return unsupported("SCM credentials"),
            _ => return Err(trouble::out_of_step(&self.title)),
        }
        match self.next().await? {
            Message::AuthenticationOk => Ok(()),
            _ => Err(trouble::out_of_step(&self.title)),
        }
    }

    pub fn password(&self) -> Result<Secret> {
        let known = self.place.password.clone().filter(|password| !password.is_empty());
        known.ok_or_else(|| trouble::no_password(self.place, &self.settings.user))
    }

    async fn give(&mut self, password: &[u8]) -> Result<()> {
        frontend::password_message(password, &mut self.wire.out)
            .map_err(|cause| trouble::garbled(&self.title, cause))?;
        self.wire.flush().await
    }

    async fn until_ready(&mut self) -> Result<()> {
        loop {
            match self.next().await? {
                Message::ReadyForQuery(_) => return Ok(()),
                Message::ParameterStatus(_) | Message::BackendKeyData(_) => {}
                _ => return Err(trouble::out_of_step(&self.title)),
            }
        }
    }
}

/// The login method that a server requests, as `require_auth` names it.
fn method(message: &Message) -> &'static str {
    match message {
        Message::AuthenticationOk => "none",
        Message::AuthenticationSasl(_) => "scram-sha-256",
        Message::AuthenticationCleartextPassword => "password",
        Message::AuthenticationMd5Password(_) => "md5",
        Message::AuthenticationGss | Message::AuthenticationKerberosV5 => "gss",
        Message::AuthenticationSspi => "sspi",
        _ => "another method",
    }
}

pub fn refused_login(place: &Place) -> Error {
    Error::new(Kind::Denied, format!("cannot log in at `{}`", place.title()))
}

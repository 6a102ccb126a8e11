//! Simulates a PostgreSQL server: a function returns its answer to each statement.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::future::BoxFuture;
use serde::Deserialize;

use super::clock::Pace;
use super::setup_values;
use super::state::Shared;
use crate::error::{Error, Kind, Result};
use crate::stream::Piece;
use crate::world::postgres::{DEFAULT_PORT, Login, QueryResult, Refused, Session, Step, refusal, too_large};

/// Answers each statement.
pub type Server = Arc<dyn Fn(Said) -> BoxFuture<'static, Result<Heard>> + Send + Sync>;

/// The implementation of the server.
#[derive(Clone)]
pub struct PostgresServer(pub Server);

impl PostgresServer {
    /// A server implemented as a Rust function.
    pub fn function(answer: impl Fn(Said) -> Result<Heard> + Send + Sync + 'static) -> PostgresServer {
        PostgresServer(Arc::new(move |said| Box::pin(std::future::ready(answer(said)))))
    }
}

/// A text is the answer to every statement; the caller adds functions.
impl<'de> Deserialize<'de> for PostgresServer {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<PostgresServer, D::Error> {
        let value = Bytes::from(String::deserialize(deserializer)?);
        Ok(PostgresServer::function(move |_| Ok(Heard::value(value.clone()))))
    }
}

impl fmt::Debug for PostgresServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PostgresServer")
    }
}

/// One statement, or the login, as the server receives it.
#[derive(Clone, Debug)]
pub struct Said {
    pub login: Login,
    /// Empty for the login.
    pub sql: Bytes,
    /// The rows of a `COPY … FROM stdin`.
    pub rows: Option<Bytes>,
}

/// The answer of the server.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Heard {
    /// One row of one column.
    #[serde(deserialize_with = "setup_values::some_bytes")]
    pub value: Option<Bytes>,
    pub columns: Vec<String>,
    pub rows: Vec<Vec<String>>,
    /// The data of a `COPY … TO STDOUT`.
    #[serde(deserialize_with = "setup_values::some_bytes")]
    pub data: Option<Bytes>,
    /// It refuses, with this message.
    pub error: Option<String>,
    /// The SQLSTATE of the refusal.
    pub code: Option<String>,
    /// Its duration.
    #[serde(deserialize_with = "setup_values::duration")]
    pub takes: Duration,
    /// It never answers.
    pub hangs: bool,
    /// The server is unreachable.
    pub down: bool,
}

impl Heard {
    pub fn value(value: impl Into<Bytes>) -> Heard {
        Heard { value: Some(value.into()), ..Heard::default() }
    }

    pub fn refuses(code: &str, message: &str) -> Heard {
        Heard { error: Some(message.to_owned()), code: Some(code.to_owned()), ..Heard::default() }
    }

    fn refused(&self) -> Option<Refused> {
        let message = self.error.as_ref()?;
        Some(Refused::new(self.code.as_deref().unwrap_or("XX000"), message))
    }

    fn answer(&self) -> QueryResult {
        let text = |value: &String| Some(Bytes::from(value.clone()));
        let mut rows: Vec<Vec<Option<Bytes>>> = self.rows.iter().map(|row| row.iter().map(text).collect()).collect();
        rows.extend(self.value.clone().map(|value| vec![Some(value)]));
        QueryResult { columns: self.columns.clone(), tag: format!("SELECT {}", rows.len()), rows }
    }
}

pub async fn connect(
    login: Login,
    server: Option<&PostgresServer>,
    pace: Pace,
    shared: &Shared,
) -> Result<Box<dyn Session>> {
    let Some(server) = server.cloned() else {
        shared.lock().undeclared.push(login.title());
        return Err(Error::new(Kind::Network, format!("no PostgreSQL server in this world for `{}`", login.title()))
            .hint("declare it: `postgres = pretend.server { … }.answer`"));
    };
    let session = Talking { login, server, pace, copying: None, failed: None, data: None };
    let heard = session.say(Bytes::new(), None).await?;
    let place = format!(
        "{}:{}",
        session.login.host.as_deref().unwrap_or("localhost"),
        session.login.port.unwrap_or(DEFAULT_PORT)
    );
    match heard.refused() {
        Some(refused) => Err(refusal(&format!("cannot log in at `{place}`"), refused)),
        None => Ok(Box::new(session)),
    }
}

/// An open session.
struct Talking {
    login: Login,
    server: PostgresServer,
    pace: Pace,
    /// The `COPY` that is receiving rows.
    copying: Option<(Bytes, u64, BytesMut)>,
    failed: Option<Error>,
    data: Option<Bytes>,
}

impl Talking {
    async fn say(&self, sql: Bytes, rows: Option<Bytes>) -> Result<Heard> {
        let heard = (self.server.0)(Said { login: self.login.clone(), sql, rows }).await?;
        if heard.hangs {
            return Err(self.pace.hang().await);
        }
        if heard.down {
            return Err(Error::new(
                Kind::Network,
                format!("cannot connect to PostgreSQL for `{}`", self.login.title()),
            )
            .because(std::io::Error::from(std::io::ErrorKind::ConnectionRefused))
            .hint("is the server running? check the host and the port (DB_HOST, DB_PORT)"));
        }
        self.pace.pass(heard.takes).await?;
        Ok(heard)
    }

    fn refuse(&self, refused: Refused) -> Error {
        refusal(&format!("the server refused a statement in `{}`", self.login.title()), refused)
    }

    async fn answer(&mut self, sql: Bytes) -> Result<Heard> {
        let heard = self.say(sql.clone(), None).await?;
        match heard.refused() {
            Some(refused) => Err(self.refuse(refused.of_statement(&sql, 0))),
            None => Ok(heard),
        }
    }

    async fn step(&mut self, step: Step) -> Result<()> {
        self.still()?;
        let (sql, line, rows) = match step {
            Step::Statement { sql, line } => (sql, line, None),
            Step::Copy { sql, line } => {
                self.copying = Some((sql, line, BytesMut::new()));
                return Ok(());
            }
            Step::Rows(data) => {
                if let Some((.., rows)) = &mut self.copying {
                    rows.extend_from_slice(&data);
                }
                return Ok(());
            }
            Step::EndOfRows => match self.copying.take() {
                Some((sql, line, rows)) => (sql, line, Some(rows.freeze())),
                None => return Ok(()),
            },
        };
        let heard = self.say(sql.clone(), rows).await?;
        // As with a real server, a later step sees the answer.
        self.failed = heard.refused().map(|refused| self.refuse(refused.of_statement(&sql, line)));
        Ok(())
    }

    fn still(&self) -> Result<()> {
        self.failed.clone().map_or(Ok(()), Err)
    }
}

impl Session for Talking {
    fn ask(&mut self, sql: Bytes, max_bytes: usize) -> BoxFuture<'_, Result<QueryResult>> {
        Box::pin(async move {
            self.still()?;
            let answer = self.answer(sql).await?.answer();
            if answer.size_bytes() > max_bytes { Err(too_large(max_bytes)) } else { Ok(answer) }
        })
    }

    fn send(&mut self, step: Step) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.step(step))
    }

    fn settle(&mut self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async { self.still() })
    }

    fn copy_out(&mut self, sql: Bytes) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            self.still()?;
            self.data = self.answer(sql).await?.data;
            Ok(())
        })
    }

    fn rows(&mut self) -> BoxFuture<'_, Result<Piece>> {
        Box::pin(async { Ok(self.data.take().filter(|data| !data.is_empty()).map_or(Piece::End, Piece::Data)) })
    }

    fn close(self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        Box::pin(async { Ok(()) })
    }
}

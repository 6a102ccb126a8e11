//! A session with a PostgreSQL server: who connects where, what is sent, and what comes back.
//!
//! Each statement is one message of the extended protocol, in which the server accepts one command only. No meta-command
//! exists there, and no text is quoted by anybody in between: bytes of any encoding pass as they are.

use bytes::Bytes;
use futures_util::future::BoxFuture;

use crate::error::{Error, Kind, Result};
use crate::secret::Secret;
use crate::stream::{Piece, Source};

mod refused;
mod sqlstate;

pub use refused::{Refused, message_of, refusal, sqlstate_of};

/// The port of a server that nobody names another one for.
pub const DEFAULT_PORT: u16 = 5432;

/// The name under which the server lists the sessions of hikae.
pub const APPLICATION: &str = "hikae";

/// A database, and who connects to it. What is absent is looked up as libpq does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Login {
    pub host: Option<String>,
    pub port: Option<u16>,
    pub user: Option<String>,
    pub password: Option<Secret>,
    pub database: String,
    /// Whether nobody need mind how the session ends: what it is for is reported elsewhere.
    pub expendable: bool,
    /// Whether the server lets it change nothing: such a session is real in a plan as well.
    pub read_only: bool,
}

impl Login {
    /// The database and its server, for people: `shop on db.example.com:5433`.
    pub fn title(&self) -> String {
        let host = self.host.as_deref().unwrap_or("the local server");
        match self.port {
            Some(port) if port != DEFAULT_PORT => format!("{} on {host}:{port}", self.database),
            _ => format!("{} on {host}", self.database),
        }
    }
}

/// One step of loading a dump. Steps are sent ahead: their answers are read while later ones go out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// One statement, and the line of the dump in which it begins.
    Statement {
        sql: Bytes,
        line: u64,
    },
    /// A `COPY … FROM stdin`; its rows follow, then `EndOfRows`.
    Copy {
        sql: Bytes,
        line: u64,
    },
    Rows(Bytes),
    EndOfRows,
}

impl Step {
    pub fn size_bytes(&self) -> usize {
        match self {
            Step::Statement { sql, .. } | Step::Copy { sql, .. } => sql.len(),
            Step::Rows(data) => data.len(),
            Step::EndOfRows => 0,
        }
    }
}

/// What a statement gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueryResult {
    pub columns: Vec<String>,
    /// Values as the server writes them; none for a null.
    pub rows: Vec<Vec<Option<Bytes>>>,
    /// What was done: `SELECT 3`.
    pub tag: String,
}

impl QueryResult {
    /// The first value of the first row.
    pub fn value(&self) -> Option<String> {
        self.rows.first()?.first()?.as_ref().map(|value| String::from_utf8_lossy(value).into_owned())
    }

    /// Whether the first value is true.
    pub fn is_true(&self) -> bool {
        self.value().as_deref() == Some("t")
    }

    /// The first value of each row.
    pub fn values(&self) -> impl Iterator<Item = String> {
        let first = self.rows.iter().filter_map(|row| row.first()?.as_ref());
        first.map(|value| String::from_utf8_lossy(value).into_owned())
    }

    pub fn size_bytes(&self) -> usize {
        self.rows.iter().flatten().flatten().map(Bytes::len).sum()
    }
}

/// A connection to one database. Dropping it ends the session on the server, and rolls back what is not committed.
pub trait Session: Send {
    /// Runs one statement and gives its rows, of at most `max_bytes`. After an error the session goes on.
    fn ask(&mut self, sql: Bytes, max_bytes: usize) -> BoxFuture<'_, Result<QueryResult>>;

    /// Sends a step ahead. An error is that of any step so far; then the session cannot be used any more.
    fn send(&mut self, step: Step) -> BoxFuture<'_, Result<()>>;

    /// Waits until every step that was sent is done.
    fn settle(&mut self) -> BoxFuture<'_, Result<()>>;

    /// Runs a `COPY … TO STDOUT`, whose data `rows` gives.
    fn copy_out(&mut self, sql: Bytes) -> BoxFuture<'_, Result<()>>;

    /// The next data of a `COPY … TO STDOUT`; the end comes once, when the server has said that it was all.
    fn rows(&mut self) -> BoxFuture<'_, Result<Piece>>;

    /// Ends the session in good order.
    fn close(self: Box<Self>) -> BoxFuture<'static, Result<()>>;
}

/// The data of one `COPY … TO STDOUT` as a source; afterwards the session can be used again.
pub struct CopyOut<'a>(&'a mut dyn Session);

impl<'a> CopyOut<'a> {
    pub async fn start(session: &'a mut dyn Session, sql: impl Into<Bytes>) -> Result<CopyOut<'a>> {
        session.copy_out(sql.into()).await?;
        Ok(CopyOut(session))
    }
}

impl Source for CopyOut<'_> {
    fn next(&mut self) -> BoxFuture<'_, Result<Piece>> {
        self.0.rows()
    }
}

/// More came back than the caller takes.
pub fn too_large(max_bytes: usize) -> Error {
    Error::new(Kind::Other, format!("the server answered with more than {max_bytes} bytes"))
        .hint("ask for fewer rows, or export them to a file")
}

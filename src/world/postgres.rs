//! Describes a session with a PostgreSQL server: the login, what is sent, and what is returned.
//!
//! Each statement is one message of the extended protocol, in which the server accepts only one command. That protocol has
//! no meta-commands, and no layer in between quotes text: bytes of any encoding pass unchanged.

use bytes::Bytes;
use futures_util::future::BoxFuture;

use crate::error::{Error, Kind, Result};
use crate::secret::Secret;
use crate::stream::{Piece, Source};

mod refused;
mod sqlstate;

pub use refused::{Refused, message_of, refusal, sqlstate_of};

/// The default port of a server.
pub const DEFAULT_PORT: u16 = 5432;

/// The application name under which the server lists hikae's sessions.
pub const APPLICATION: &str = "hikae";

/// A database and its login. Missing values are looked up as libpq does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Login {
    pub host: Option<String>,
    pub port: Option<u16>,
    pub user: Option<String>,
    pub password: Option<Secret>,
    pub database: String,
    /// Whether the end of the session does not matter: its result is reported elsewhere.
    pub expendable: bool,
    /// Whether the session is read-only on the server: a plan opens it for real.
    pub read_only: bool,
}

impl Login {
    /// The database and its server, for messages: `shop on db.example.com:5433`.
    pub fn title(&self) -> String {
        let host = self.host.as_deref().unwrap_or("the local server");
        match self.port {
            Some(port) if port != DEFAULT_PORT => format!("{} on {host}:{port}", self.database),
            _ => format!("{} on {host}", self.database),
        }
    }
}

/// One step of loading a dump. Steps are pipelined: their answers are read while later steps are sent.
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

/// The result of a statement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueryResult {
    pub columns: Vec<String>,
    /// Values in the server's text form; `None` for a null.
    pub rows: Vec<Vec<Option<Bytes>>>,
    /// The command tag: `SELECT 3`.
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

/// A connection to one database. Dropping it ends the session on the server, and rolls back uncommitted changes.
pub trait Session: Send {
    /// Runs one statement and returns its rows, at most `max_bytes`. The session survives an error.
    fn ask(&mut self, sql: Bytes, max_bytes: usize) -> BoxFuture<'_, Result<QueryResult>>;

    /// Sends a step without waiting. An error may come from any earlier step; after it, the session is unusable.
    fn send(&mut self, step: Step) -> BoxFuture<'_, Result<()>>;

    /// Waits until all steps that were sent are done.
    fn settle(&mut self) -> BoxFuture<'_, Result<()>>;

    /// Runs a `COPY … TO STDOUT`; `rows` returns its data.
    fn copy_out(&mut self, sql: Bytes) -> BoxFuture<'_, Result<()>>;

    /// Returns the next data of a `COPY … TO STDOUT`; the end comes once, after the server has confirmed that the data is complete.
    fn rows(&mut self) -> BoxFuture<'_, Result<Piece>>;

    /// Closes the session properly.
    fn close(self: Box<Self>) -> BoxFuture<'static, Result<()>>;
}

/// The data of one `COPY … TO STDOUT` as a source; afterwards the session is usable again.
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

/// The error of a result that is larger than the caller accepts.
pub fn too_large(max_bytes: usize) -> Error {
    Error::new(Kind::Other, format!("the server answered with more than {max_bytes} bytes"))
        .hint("ask for fewer rows, or export them to a file")
}

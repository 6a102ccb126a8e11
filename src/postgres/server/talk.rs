//! Talks to one database: connects, runs statements one by one, and disconnects cleanly.

use bytes::Bytes;

use crate::error::{Error, Kind, Result};
use crate::postgres::server::client::Server;
use crate::world::Caller;
use crate::world::postgres::{Login, QueryResult, Session, sqlstate_of};

/// The largest answer of a query.
pub const MAX_ANSWER_BYTES: usize = 4 << 20;

/// The SQLSTATE while a server is starting, stopping or recovering.
const CANNOT_CONNECT_NOW: &str = "57P03";

impl Server {
    /// A login to `database` on this server.
    pub fn login(&self, database: &str) -> Login {
        Login {
            host: self.host.clone(),
            port: self.port,
            user: self.user.clone(),
            password: self.password.clone(),
            database: database.to_owned(),
            expendable: false,
            read_only: false,
        }
    }
}

/// A session, and a description of its work for error messages.
pub struct Talk {
    pub session: Box<dyn Session>,
    act: String,
    /// Whether each statement runs in its own transaction, which changes nothing.
    apart: bool,
}

impl Talk {
    pub async fn open(caller: &Caller, server: &Server, database: &str, act: &str) -> Result<Talk> {
        Talk::log_in(caller, server.login(database), act).await
    }

    /// A session whose end is not an error: its work is reported elsewhere.
    pub async fn expendable(caller: &Caller, server: &Server, database: &str, act: &str) -> Result<Talk> {
        Talk::log_in(caller, Login { expendable: true, ..server.login(database) }, act).await
    }

    pub async fn log_in(caller: &Caller, login: Login, act: &str) -> Result<Talk> {
        let session = caller.connect(login).await.map_err(|error| error.within(act))?;
        Ok(Talk { session, act: act.to_owned(), apart: false })
    }

    /// Sets whether each statement runs in its own transaction: then the code that it runs changes nothing and leaves no setting behind.
    pub fn set_apart(&mut self, apart: bool) {
        self.apart = apart;
    }

    /// The result of one statement.
    pub async fn ask(&mut self, sql: impl Into<Bytes>) -> Result<QueryResult> {
        self.ask_for(sql, MAX_ANSWER_BYTES).await
    }

    /// The same, of at most `max_bytes`.
    pub async fn ask_for(&mut self, sql: impl Into<Bytes>, max_bytes: usize) -> Result<QueryResult> {
        self.begin().await?;
        let answer = self.session.ask(sql.into(), max_bytes).await;
        let undone = self.undo().await;
        answer.map_err(|error| error.within(self.act.clone())).and_then(|answer| undone.map(|()| answer))
    }

    /// Begins the transaction of a statement that runs in its own one.
    pub async fn begin(&mut self) -> Result<()> {
        self.around("BEGIN TRANSACTION READ ONLY").await
    }

    /// Rolls that transaction back.
    pub async fn undo(&mut self) -> Result<()> {
        self.around("ROLLBACK").await
    }

    async fn around(&mut self, sql: &'static str) -> Result<()> {
        if !self.apart {
            return Ok(());
        }
        let done = self.session.ask(Bytes::from_static(sql.as_bytes()), MAX_ANSWER_BYTES).await;
        done.map(drop).map_err(|error| error.within(self.act.clone()))
    }

    /// Runs several statements, up to the first that fails; returns the result of the last one.
    pub async fn run(&mut self, statements: impl IntoIterator<Item = String>) -> Result<QueryResult> {
        let mut answer = QueryResult::default();
        for sql in statements {
            answer = self.ask(sql).await?;
        }
        Ok(answer)
    }

    /// Runs each statement that a query returns.
    pub async fn run_each(&mut self, query: impl Into<Bytes>) -> Result<()> {
        let statements: Vec<String> = self.ask(query).await?.values().collect();
        self.run(statements).await.map(drop)
    }

    pub async fn close(self) -> Result<()> {
        self.session.close().await
    }

    /// Ends the session even if a statement failed; the statement's error is reported first.
    pub async fn end<T>(self, answer: Result<T>) -> Result<T> {
        let closed = self.close().await;
        answer.and_then(|answer| closed.map(|()| answer))
    }
}

/// Runs some statements in their own session; returns the result of the last one.
pub async fn run(
    caller: &Caller,
    server: &Server,
    database: &str,
    act: &str,
    statements: impl IntoIterator<Item = String>,
) -> Result<QueryResult> {
    let mut talk = Talk::open(caller, server, database, act).await?;
    let answer = talk.run(statements).await;
    talk.end(answer).await
}

/// Runs one statement in a read-only session, so it also runs in a plan.
pub async fn look(caller: &Caller, server: &Server, database: &str, act: &str, sql: String) -> Result<QueryResult> {
    let mut talk = Talk::log_in(caller, Login { read_only: true, ..server.login(database) }, act).await?;
    let answer = talk.ask(sql).await;
    talk.end(answer).await
}

/// Whether a server accepts connections. One that rejects this login for another reason does accept them.
pub async fn is_ready(caller: &Caller, server: &Server, database: &str) -> Result<bool> {
    let login = Login { expendable: true, ..server.login(database) };
    match caller.connect(login).await {
        Ok(mut session) => {
            // A plan made no connection, and reports that.
            session.settle().await?;
            session.close().await.map(|()| true)
        }
        Err(error) if sqlstate_of(&error) == Some(CANNOT_CONNECT_NOW) => Ok(false),
        Err(error) if sqlstate_of(&error).is_some() => Ok(true),
        Err(error) if error.kind() == Kind::Network => Ok(false),
        Err(error) if asks_for_login(&error) => Ok(true),
        Err(error) => Err(error),
    }
}

/// Whether the server answered but requires a login that was not supplied.
fn asks_for_login(error: &Error) -> bool {
    error.kind() == Kind::Denied && error.what().starts_with("the server at")
}

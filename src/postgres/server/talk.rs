//! Talks to one database: connects, asks statement by statement, and ends in good order.

use bytes::Bytes;

use crate::error::{Error, Kind, Result};
use crate::postgres::server::client::Server;
use crate::world::Caller;
use crate::world::postgres::{Login, QueryResult, Session, sqlstate_of};

/// The most that a query may answer.
pub const MAX_ANSWER_BYTES: usize = 4 << 20;

/// The SQLSTATE of a server that is starting, stopping or recovering.
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

/// A session, and what is being done in it, for its errors.
pub struct Talk {
    pub session: Box<dyn Session>,
    act: String,
    /// Whether each statement has a transaction of its own, which changes nothing.
    apart: bool,
}

impl Talk {
    pub async fn open(caller: &Caller, server: &Server, database: &str, act: &str) -> Result<Talk> {
        Talk::log_in(caller, server.login(database), act).await
    }

    /// A session whose end is nobody's failure: what it is for is reported elsewhere.
    pub async fn expendable(caller: &Caller, server: &Server, database: &str, act: &str) -> Result<Talk> {
        Talk::log_in(caller, Login { expendable: true, ..server.login(database) }, act).await
    }

    pub async fn log_in(caller: &Caller, login: Login, act: &str) -> Result<Talk> {
        let session = caller.connect(login).await.map_err(|error| error.within(act))?;
        Ok(Talk { session, act: act.to_owned(), apart: false })
    }

    /// Whether from now on each statement has a transaction of its own: then, whatever code it runs changes nothing, and leaves no setting behind.
    pub fn set_apart(&mut self, apart: bool) {
        self.apart = apart;
    }

    /// What one statement gives.
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

    /// Begins the transaction of a statement that is to be apart.
    pub async fn begin(&mut self) -> Result<()> {
        self.around("BEGIN TRANSACTION READ ONLY").await
    }

    /// Takes that transaction back.
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

    /// Runs several statements, up to the first that fails; gives what the last one gave.
    pub async fn run(&mut self, statements: impl IntoIterator<Item = String>) -> Result<QueryResult> {
        let mut answer = QueryResult::default();
        for sql in statements {
            answer = self.ask(sql).await?;
        }
        Ok(answer)
    }

    /// Runs each statement that a query gives.
    pub async fn run_each(&mut self, query: impl Into<Bytes>) -> Result<()> {
        let statements: Vec<String> = self.ask(query).await?.values().collect();
        self.run(statements).await.map(drop)
    }

    pub async fn close(self) -> Result<()> {
        self.session.close().await
    }

    /// Ends the session, whatever became of what was asked; that comes first.
    pub async fn end<T>(self, answer: Result<T>) -> Result<T> {
        let closed = self.close().await;
        answer.and_then(|answer| closed.map(|()| answer))
    }
}

/// Runs some statements in a session of their own; gives what the last one gave.
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

/// Runs one statement in a session that can change nothing, and so is real in a plan as well.
pub async fn look(caller: &Caller, server: &Server, database: &str, act: &str, sql: String) -> Result<QueryResult> {
    let mut talk = Talk::log_in(caller, Login { read_only: true, ..server.login(database) }, act).await?;
    let answer = talk.ask(sql).await;
    talk.end(answer).await
}

/// Whether a server takes connections. One that refuses this login for another reason does take them.
pub async fn is_ready(caller: &Caller, server: &Server, database: &str) -> Result<bool> {
    let login = Login { expendable: true, ..server.login(database) };
    match caller.connect(login).await {
        Ok(mut session) => {
            // A plan has connected to nothing, and says so.
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

/// Whether the server has answered, and wants a login that it was not given.
fn asks_for_login(error: &Error) -> bool {
    error.kind() == Kind::Denied && error.what().starts_with("the server at")
}

//! Queries and manages the databases of a server, from a database that is not affected.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::error::{Error, Kind, Result};
use crate::postgres::server::client::Server;
use crate::postgres::server::query::ask;
use crate::postgres::server::quoting::{ident, literal};
use crate::postgres::server::talk::{self, Talk};
use crate::postgres::server::throwaway;
use crate::world::Caller;
use crate::world::postgres::QueryResult;

/// The database to connect to for questions about all databases.
pub const MAINTENANCE: &str = "postgres";

/// A database as the server describes it.
#[derive(Deserialize)]
pub struct DatabaseRow {
    pub oid: u32,
    pub name: String,
    pub comment: Option<String>,
}

/// A session for the server's databases, which is not connected to the affected ones.
pub struct Maintenance<'a> {
    pub caller: &'a Caller,
    pub server: Server,
    pub database: String,
}

impl Maintenance<'_> {
    pub async fn open(&self, act: &str) -> Result<Talk> {
        Talk::open(self.caller, &self.server, &self.database, act).await
    }

    /// Runs some statements, up to the first that fails; returns the result of the last one.
    pub async fn run(&self, act: &str, statements: impl IntoIterator<Item = String>) -> Result<QueryResult> {
        talk::run(self.caller, &self.server, &self.database, act, statements).await
    }

    pub async fn find(&self, condition: &str) -> Result<Vec<DatabaseRow>> {
        let sql = format!(
            "SELECT oid::bigint AS oid, datname AS name, pg_catalog.shobj_description(oid, 'pg_database') AS comment
             FROM pg_catalog.pg_database WHERE {condition} ORDER BY datname"
        );
        let rows = ask(self.caller, &self.server, &self.database, &sql, &BTreeMap::new()).await?;
        serde_json::from_value(rows)
            .map_err(|error| Error::new(Kind::Other, "cannot read which databases there are").because(error))
    }

    pub async fn named(&self, name: &str) -> Result<Option<DatabaseRow>> {
        Ok(self.find(&format!("datname = {}", literal(name))).await?.into_iter().next())
    }

    /// Drops a database that this run created, with everything that blocks the drop.
    pub async fn drop_own(&self, name: &str) -> Result<()> {
        let mut talk = self.open(&cannot("drop", name)).await?;
        let dropped = self.remove(&mut talk, name).await;
        talk.end(dropped).await
    }

    /// Drops a throwaway that no run needs; returns whether it did.
    pub async fn drop_unless_needed(&self, name: &str) -> Result<bool> {
        let mut talk = self.open(&cannot("drop", name)).await?;
        let dropped = async {
            // The run that created the database holds the lock while it needs it. This session takes the lock, and ends here.
            let free = talk.ask(throwaway::lock(name)).await?.is_true();
            if free {
                self.remove(&mut talk, name).await?;
            }
            Ok(free)
        };
        let dropped = dropped.await;
        talk.end(dropped).await
    }

    /// Drops the throwaway roles that no run needs.
    pub async fn sweep_roles(&self) -> Result<()> {
        let mut talk = self.open("cannot drop the roles of runs that were killed").await?;
        let swept = async {
            let sql = format!(
                "SELECT rolname FROM pg_catalog.pg_roles WHERE pg_catalog.starts_with(rolname::text, {})",
                literal(throwaway::PREFIX)
            );
            let left: Vec<String> = talk.ask(sql).await?.values().filter(|name| throwaway::is_name(name)).collect();
            for name in left {
                if talk.ask(throwaway::lock(&name)).await?.is_true() {
                    talk.ask(format!("DROP ROLE IF EXISTS {}", ident(&name))).await?;
                }
            }
            Ok(())
        };
        let swept = swept.await;
        talk.end(swept).await
    }

    /// Drops the run's own throwaway, if it exists and is marked or not yet marked.
    pub async fn drop_marked(&self, name: &str) -> Result<()> {
        let mut talk = self.open(&cannot("drop", name)).await?;
        let dropped = async {
            if talk.ask(throwaway::is_own(name)).await?.is_true() {
                self.remove(&mut talk, name).await?;
            }
            Ok(())
        };
        let dropped = dropped.await;
        talk.end(dropped).await
    }
}

pub fn maintenance<'a>(caller: &'a Caller, server: Server, connect_to: Option<&str>) -> Maintenance<'a> {
    Maintenance { caller, server, database: connect_to.unwrap_or(MAINTENANCE).to_owned() }
}

pub fn cannot(verb: &str, name: &str) -> String {
    format!("cannot {verb} the database `{name}`")
}

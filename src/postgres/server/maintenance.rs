//! Asks a server about its databases and manages them, from a database that is not affected.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::error::{Error, Kind, Result};
use crate::postgres::server::client::Server;
use crate::postgres::server::explain::explain;
use crate::postgres::server::query::{MAX_ANSWER_BYTES, ask};
use crate::postgres::server::quoting::literal;
use crate::postgres::server::throwaway;
use crate::world::{Caller, Command, SecretOrText, program};

/// Where the server is asked about its databases.
pub const MAINTENANCE: &str = "postgres";

/// A database as the server tells of it.
#[derive(Deserialize)]
pub struct DatabaseRow {
    pub oid: u32,
    pub name: String,
    pub comment: Option<String>,
}

/// The server's own conversation, away from the databases that it is about.
pub struct Maintenance<'a> {
    pub caller: &'a Caller,
    pub server: Server,
    pub database: String,
}

impl Maintenance<'_> {
    /// What psql writes when it reads `script`; the first error ends it.
    pub async fn run(&self, act: &str, script: String) -> Result<String> {
        self.tell(act, self.server.psql(&self.database), script).await
    }

    /// The same by another psql.
    pub async fn tell(&self, act: &str, psql: Command, script: String) -> Result<String> {
        let (stdout, exit) =
            program::ask(self.caller, psql, Some(&SecretOrText::Plain(script)), MAX_ANSWER_BYTES).await?;
        if !exit.success() {
            return Err(explain(act, "psql", &exit));
        }
        Ok(String::from_utf8_lossy(&stdout).trim_end().to_owned())
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

    /// Drops a throwaway that no run needs; whether it did.
    pub async fn drop_unless_needed(&self, name: &str) -> Result<bool> {
        let said = self.run(&cannot("drop", name), throwaway::drop_unless_needed(name)).await?;
        match said.lines().last() {
            Some("dropped") => Ok(true),
            Some("needed") => Ok(false),
            _ => Err(Error::new(Kind::Other, cannot("drop", name)).because_text("psql did not say what became of it")),
        }
    }
}

pub fn maintenance<'a>(caller: &'a Caller, server: Server, connect_to: Option<&str>) -> Maintenance<'a> {
    Maintenance { caller, server, database: connect_to.unwrap_or(MAINTENANCE).to_owned() }
}

pub fn cannot(verb: &str, name: &str) -> String {
    format!("cannot {verb} the database `{name}`")
}

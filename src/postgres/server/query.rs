//! Runs one query and reads its rows as JSON.

use std::collections::BTreeMap;

use crate::error::{Error, Kind, Result};
use crate::postgres::server::client::Server;
use crate::postgres::server::talk::{self, Talk};
use crate::postgres::server::variables::interpolate;
use crate::world::Caller;

/// The rows of one query, each an object by column name.
pub async fn ask(
    caller: &Caller,
    server: &Server,
    database: &str,
    sql: &str,
    vars: &BTreeMap<String, String>,
) -> Result<serde_json::Value> {
    let act = act(database);
    let answer = talk::run(caller, server, database, &act, [as_json(sql, vars)]).await?;
    read(database, answer.value())
}

/// The same, read-only.
pub async fn look(
    caller: &Caller,
    server: &Server,
    database: &str,
    sql: &str,
    vars: &BTreeMap<String, String>,
) -> Result<serde_json::Value> {
    let act = act(database);
    let answer = talk::look(caller, server, database, &act, as_json(sql, vars)).await?;
    read(database, answer.value())
}

/// The same in an open session.
pub async fn ask_in(talk: &mut Talk, database: &str, sql: &str) -> Result<serde_json::Value> {
    let answer = talk.ask(as_json(sql, &BTreeMap::new())).await?;
    read(database, answer.value())
}

pub fn act(database: &str) -> String {
    format!("cannot query the database `{database}`")
}

fn as_json(sql: &str, vars: &BTreeMap<String, String>) -> String {
    let sql = interpolate(sql.trim().trim_end_matches(';'), vars);
    // The line end keeps a comment at the end of the query from swallowing the bracket.
    format!("SELECT coalesce(json_agg(answer), '[]'::json) FROM ({sql}\n) AS answer")
}

fn read(database: &str, value: Option<String>) -> Result<serde_json::Value> {
    let text = value.unwrap_or_default();
    serde_json::from_str(&text).map_err(|error| {
        Error::new(Kind::Other, format!("cannot read what the database `{database}` answered")).because(error)
    })
}

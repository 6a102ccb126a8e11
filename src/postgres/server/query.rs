//! Runs one query and reads its rows as JSON.

use std::collections::BTreeMap;

use crate::error::{Error, Kind, Result};
use crate::postgres::server::client::Server;
use crate::postgres::server::explain::explain;
use crate::world::{Caller, SecretOrText, program};

/// The most that a query may answer.
pub const MAX_ANSWER_BYTES: usize = 4 << 20;

/// Runs one query through psql and reads its rows as JSON.
pub async fn ask(
    caller: &Caller,
    server: &Server,
    database: &str,
    sql: &str,
    vars: &BTreeMap<String, String>,
) -> Result<serde_json::Value> {
    let mut command = server.psql(database);
    command.args.extend(vars.iter().map(|(name, value)| format!("--set={name}={value}")));
    let sql = sql.trim().trim_end_matches(';');
    // The line end keeps a comment at the end of the query from swallowing the bracket.
    let wrapped = format!("SELECT coalesce(json_agg(answer), '[]'::json) FROM ({sql}\n) AS answer;\n");
    let (stdout, exit) = program::ask(caller, command, Some(&SecretOrText::Plain(wrapped)), MAX_ANSWER_BYTES).await?;
    if !exit.success() {
        return Err(explain(&format!("cannot query the database `{database}`"), "psql", &exit));
    }
    serde_json::from_slice(&stdout).map_err(|error| {
        Error::new(Kind::Other, format!("cannot read what the database `{database}` answered")).because(error)
    })
}

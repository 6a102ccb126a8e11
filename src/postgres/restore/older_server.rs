//! Removes from a statement the newer `pg_dump` syntax for what an older server always does.

use bytes::Bytes;

use crate::error::Result;
use crate::postgres::server::talk::Talk;

/// Queries the version of a server.
const VERSION: &str = "SELECT pg_catalog.current_setting('server_version_num')";

/// Options of a subscription as `pg_dump` writes them for older servers, and the first version that supports each.
const OPTIONS: [(&str, u32); 2] = [(", streaming = off", 140_000), (", run_as_owner = true", 160_000)];

/// The syntax for a logged sequence, and the first version that supports it.
const LOGGED: &str = "\n    LOGGED\n";
const KNOWS_LOGGED: u32 = 150_000;

/// The statement in the syntax of this session's server.
pub async fn as_known(sql: Bytes, talk: &mut Talk) -> Result<Bytes> {
    if !sql.starts_with(b"CREATE SUBSCRIPTION ") && !is_logged_identity(&sql) {
        return Ok(sql);
    }
    let version = talk.ask(VERSION).await?.value().and_then(|version| version.parse().ok());
    Ok(version.map_or_else(|| sql.clone(), |version| without_newer(&sql, version)))
}

/// Whether a column gets an explicitly logged sequence in an unlogged table. Before 15 every sequence is logged.
fn is_logged_identity(sql: &[u8]) -> bool {
    sql.starts_with(b"ALTER TABLE ")
        && memchr::memmem::find(sql, LOGGED.as_bytes()).is_some_and(|at| {
            let before = &sql[..at];
            memchr::memmem::find(before, b" AS IDENTITY (\n    SEQUENCE NAME ").is_some()
        })
}

/// The same for a server of this version.
pub fn without_newer(sql: &[u8], version: u32) -> Bytes {
    if is_logged_identity(sql) && version < KNOWS_LOGGED {
        return Bytes::from(String::from_utf8_lossy(sql).replacen(LOGGED, "\n", 1));
    }
    let text = String::from_utf8_lossy(sql);
    let Some(at) = text.rfind(" WITH (").filter(|_| text.len() == sql.len()) else {
        return Bytes::copy_from_slice(sql);
    };
    let (before, options) = text.split_at(at);
    let unknown = OPTIONS.iter().filter(|(_, since)| version < *since);
    let options = unknown.fold(options.to_owned(), |options, (option, _)| options.replace(option, ""));
    Bytes::from(before.to_owned() + &options)
}

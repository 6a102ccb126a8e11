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
    if !sql.starts_with(b"CREATE SUBSCRIPTION ") && logged_identity(&sql).is_none() {
        return Ok(sql);
    }
    let version = talk.ask(VERSION).await?.value().and_then(|version| version.parse().ok());
    Ok(version.map_or_else(|| sql.clone(), |version| without_newer(&sql, version)))
}

/// Where a column of an unlogged table gets an explicitly logged sequence. Before 15 every sequence is logged.
fn logged_identity(sql: &[u8]) -> Option<usize> {
    if !sql.starts_with(b"ALTER TABLE ") {
        return None;
    }
    let at = memchr::memmem::find(sql, LOGGED.as_bytes())?;
    memchr::memmem::find(&sql[..at], b" AS IDENTITY (\n    SEQUENCE NAME ").map(|_| at)
}

/// The same for a server of this version.
pub fn without_newer(sql: &[u8], version: u32) -> Bytes {
    if let Some(at) = logged_identity(sql).filter(|_| version < KNOWS_LOGGED) {
        // By bytes: the statement is in the encoding of the dump.
        return Bytes::from([&sql[..at], b"\n".as_slice(), &sql[at + LOGGED.len()..]].concat());
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

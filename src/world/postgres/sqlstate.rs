//! Maps each SQLSTATE to the kind of failure and a hint for a backup.

use crate::error::Kind;

/// A SQLSTATE or a class of them, the kind of failure, and a hint.
const KNOWN: [(&str, Kind, &str); 19] = [
    ("28P01", Kind::Denied, "check the user and the password (DB_USER, DB_PASSWORD)"),
    ("28000", Kind::Denied, "the server does not let this user in from here; see its pg_hba.conf"),
    ("3D000", Kind::NotFound, "check the name of the database (DB_NAME); `psql --list` shows those of the server"),
    ("42P04", Kind::AlreadyExists, "give another name"),
    ("53100", Kind::Space, "the server's disk is full"),
    ("53200", Kind::Space, "the server has no memory left; see its log"),
    ("53300", Kind::Network, "all connections of the server, or of the role, are taken; end some, or raise the limit"),
    ("55000", Kind::Denied, "connections to the database are forbidden: `ALTER DATABASE … ALLOW_CONNECTIONS true`"),
    ("55006", Kind::Locked, "somebody else uses it; end the other sessions"),
    ("55P03", Kind::Timeout, "somebody else holds a lock; see `pg_stat_activity`"),
    (
        "57014",
        Kind::Timeout,
        "a limit of the user or the database (statement_timeout) or somebody else ended it; see the server's log",
    ),
    ("57P03", Kind::Network, "the server is starting, stopping or recovering; wait, and see the server's log"),
    ("57P", Kind::Network, "the server ended the connection; see the server's log"),
    ("08", Kind::Network, "the connection broke; see the server's log"),
    (
        "22021",
        Kind::Integrity,
        "the bytes are not in the encoding that the dump names; dump again with `pg_dump --encoding=UTF8`",
    ),
    (
        "22P05",
        Kind::Integrity,
        "the database cannot hold a character of the dump; restore into one with the encoding UTF8",
    ),
    ("42601", Kind::Command, "the server does not understand the statement; is it older than the dump?"),
    ("58P01", Kind::NotFound, "a file of the server is missing; install the extension's package on the server"),
    ("42501", Kind::Denied, "the user lacks the right; use its owner or another role"),
];

/// Messages that are more specific than their SQLSTATE.
const MESSAGES: [(&str, &str, Kind, &str); 9] = [
    (
        "28000",
        "Peer authentication failed",
        Kind::Denied,
        "name a host (DB_HOST=localhost), or run as the user of the database",
    ),
    ("28000", "does not exist", Kind::NotFound, "check the user (DB_USER)"),
    (
        "42501",
        "CONNECT privilege",
        Kind::Denied,
        "the user may not connect to this database: `GRANT CONNECT ON DATABASE … TO …`, as its owner or a superuser",
    ),
    (
        "42501",
        "create database",
        Kind::Denied,
        "restore as a user with CREATEDB, or into an existing database (`if_exists = \"use\"`)",
    ),
    ("42501", "row-level security", Kind::Denied, "the user sees only some of the rows; use one with BYPASSRLS"),
    (
        "42501",
        "permission denied for",
        Kind::Denied,
        "the user may not read all of the database; use its owner or grant pg_read_all_data",
    ),
    (
        "42704",
        "role \"",
        Kind::NotFound,
        "create the role first, as it was on the server of the dump: `createuser --no-login NAME`",
    ),
    ("0A000", "extension \"", Kind::NotFound, "install the extension's package on the server"),
    ("0A000", "is not available", Kind::NotFound, "install the extension's package on the server"),
];

/// The kind of failure and the hint for a server message.
pub fn meaning(sqlstate: &str, message: &str) -> (Kind, Option<&'static str>) {
    let said = |(code, text, ..): &&(&str, &str, Kind, &str)| sqlstate == *code && message.contains(text);
    if let Some((_, _, kind, hint)) = MESSAGES.iter().find(said) {
        return (*kind, Some(hint));
    }
    match KNOWN.iter().find(|(code, ..)| sqlstate.starts_with(code)) {
        Some((_, kind, hint)) => (*kind, Some(hint)),
        None => (Kind::Command, None),
    }
}

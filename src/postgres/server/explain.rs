//! Maps the standard error of PostgreSQL's programs to a kind of failure and a hint.

use crate::error::{Error, Kind};
use crate::world::Exit;
use crate::world::program::failure;

/// A message of PostgreSQL's programs, the kind of failure that it means, and a hint.
const KNOWN: [(&str, Kind, &str); 24] = [
    ("password authentication failed", Kind::Denied, "check the user and the password (DB_USER, DB_PASSWORD)"),
    ("no password supplied", Kind::Denied, "set the password (DB_PASSWORD) in the environment or in `.env`"),
    ("no pg_hba.conf entry", Kind::Denied, "the server does not let this user in from here; see its pg_hba.conf"),
    ("peer authentication failed", Kind::Denied, "name a host (DB_HOST=localhost), or run as the user of the database"),
    (
        "permission denied for table pg_authid",
        Kind::Denied,
        "only a superuser may read the passwords of roles; leave them out with `passwords = false`",
    ),
    (
        "User does not have CONNECT privilege",
        Kind::Denied,
        "the user may not connect to this database: `GRANT CONNECT ON DATABASE … TO …`, as its owner or a superuser",
    ),
    (
        "permission denied for",
        Kind::Denied,
        "the user may not read all of the database; dump as its owner or grant pg_read_all_data",
    ),
    ("row-level security", Kind::Denied, "the user sees only some of the rows; dump as a user with BYPASSRLS"),
    (
        "server version mismatch",
        Kind::Command,
        "pg_dump is older than the server; install the postgresql-client package of the server's version",
    ),
    (
        "invalid command \\restrict",
        Kind::Command,
        "psql is older than the dump; install the postgresql-client package of the dump's version",
    ),
    (
        "permission denied to create database",
        Kind::Denied,
        "restore as a user with CREATEDB, or into an existing database (`if_exists = \"use\"`)",
    ),
    (
        "too many connections for",
        Kind::Network,
        "as many sessions as the database or the role may have are open; end some, or raise its CONNECTION LIMIT",
    ),
    ("too many clients", Kind::Network, "all connections of the server are taken; end some, or raise max_connections"),
    (
        "remaining connection slots",
        Kind::Network,
        "all connections of the server are taken; end some, or raise max_connections",
    ),
    (
        "not currently accepting connections",
        Kind::Denied,
        "connections to the database are forbidden: `ALTER DATABASE … ALLOW_CONNECTIONS true`",
    ),
    (
        "the database system is",
        Kind::Network,
        "the server is starting, stopping or recovering; wait, and see the server's log",
    ),
    (
        "canceling statement due to",
        Kind::Timeout,
        "a limit of the user or the database (statement_timeout, lock_timeout) or somebody else ended it; see the server's log",
    ),
    ("No space left on device", Kind::Space, "the server's disk is full"),
    ("could not translate host name", Kind::Network, "check the host (DB_HOST) and the name service"),
    ("Connection refused", Kind::Network, "is the server running? check the host and the port (DB_HOST, DB_PORT)"),
    (
        "timeout expired",
        Kind::Network,
        "the server does not answer; check the host, the port and the firewall (DB_HOST, DB_PORT)",
    ),
    ("No route to host", Kind::Network, "the server cannot be reached; check the host and the network (DB_HOST)"),
    ("server closed the connection unexpectedly", Kind::Network, "the server went away; see the server's log"),
    ("terminating connection", Kind::Network, "the server ended the connection; see the server's log"),
];

/// The failure of one of PostgreSQL's programs as an error; `act` describes the operation.
pub fn explain(act: &str, program: &str, exit: &Exit) -> Error {
    let cause = failure(program, exit);
    let (kind, hint) = read(&exit.stderr);
    let known = hint.or_else(|| cause.hint_text().map(str::to_owned));
    let hint = known.unwrap_or_else(|| match exit.stderr.trim() {
        "" => format!("`{program}` said nothing; PostgreSQL's log may say more"),
        _ => format!("the messages of `{program}` are above; PostgreSQL's log may say more"),
    });
    Error::new(kind, act).because(cause).hint(hint)
}

/// The major version of a server that refuses an older `pg_dump`.
fn newer_server(stderr: &str) -> Option<u32> {
    let (_, after) = stderr.split_once("server version mismatch")?.1.split_once("server version: ")?;
    after.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

fn read(stderr: &str) -> (Kind, Option<String>) {
    let missing = |line: &&str| line.contains("database \"") && line.contains("does not exist");
    if stderr.lines().any(|line| missing(&line)) {
        return (
            Kind::NotFound,
            Some("check the name of the database (DB_NAME); `psql --list` shows those of the server".to_owned()),
        );
    }
    let no_role = |line: &str| line.contains("role \"") && line.contains("does not exist");
    if stderr.lines().any(no_role) {
        let hint = "create the role first, as it was on the server of the dump: `createuser --no-login NAME`";
        return (Kind::NotFound, Some(hint.to_owned()));
    }
    if let Some(major) = newer_server(stderr) {
        return (Kind::Command, Some(format!("pg_dump is older than the server: install `postgresql-client-{major}`")));
    }
    match KNOWN.iter().find(|(text, ..)| stderr.contains(text)) {
        Some((_, kind, hint)) => (*kind, Some((*hint).to_owned())),
        None => (Kind::Command, None),
    }
}

//! The errors of a connection to PostgreSQL: what broke, and what to try.

use std::io;
use std::time::Duration;

use fallible_iterator::FallibleIterator;
use postgres_protocol::message::backend::ErrorFields;

use super::settings::{Place, SslMode};
use crate::error::{Error, Kind};
use crate::units::show_duration;
use crate::world::postgres::Refused;

pub fn broken(title: &str, cause: io::Error) -> Error {
    if cause.kind() == io::ErrorKind::UnexpectedEof {
        return closed(title);
    }
    Error::new(Kind::Network, format!("the connection to `{title}` broke")).because(cause).hint("see the server's log")
}

pub fn closed(title: &str) -> Error {
    Error::new(Kind::Network, format!("the server closed the connection to `{title}`")).hint("see the server's log")
}

pub fn garbled(title: &str, cause: io::Error) -> Error {
    Error::new(Kind::Network, format!("cannot understand what the server of `{title}` says"))
        .because(cause)
        .hint("is it a PostgreSQL server?")
}

pub fn too_long(title: &str, most_bytes: usize) -> Error {
    Error::new(Kind::Network, format!("the server of `{title}` sent a message of more than {most_bytes} bytes"))
        .hint("see the server's log")
}

/// A message that is not valid at this point.
pub fn out_of_step(title: &str) -> Error {
    garbled(title, io::Error::other("a message came that nobody waited for"))
}

pub fn unreachable(place: &Place, cause: io::Error) -> Error {
    let socket = place.is_socket();
    let hint = match cause.kind() {
        io::ErrorKind::NotFound if socket => {
            "no server listens on this socket: is it running? or name the folder of its socket, or a host (DB_HOST)"
        }
        io::ErrorKind::PermissionDenied if socket => {
            "the socket may not be used by this user; see `unix_socket_permissions`"
        }
        io::ErrorKind::ConnectionRefused => "is the server running? check the host and the port (DB_HOST, DB_PORT)",
        io::ErrorKind::PermissionDenied => "something keeps hikae from the network: a firewall, or its own sandbox",
        _ => "check the host and the port (DB_HOST, DB_PORT), the name service and the network",
    };
    Error::new(Kind::Network, format!("cannot connect to PostgreSQL at `{}`", place.title())).because(cause).hint(hint)
}

pub fn silent(place: &Place, within: Duration) -> Error {
    let what = format!("PostgreSQL at `{}` does not answer", place.title());
    Error::new(Kind::Network, what)
        .because_text(format!("nothing came within {}", show_duration(within)))
        .hint("check the host, the port and the firewall (DB_HOST, DB_PORT)")
}

pub fn no_tls(place: &Place, mode: SslMode) -> Error {
    Error::new(Kind::Denied, format!("the server at `{}` offers no TLS", place.title()))
        .because_text(format!("the connection asks for it (`sslmode={}`)", mode.word()))
        .hint("switch TLS on at the server (`ssl = on`), or set PGSSLMODE=prefer")
}

pub fn unsupported_login(place: &Place, method: &str) -> Error {
    Error::new(Kind::Denied, format!("the server at `{}` asks for a login by {method}", place.title()))
        .because_text("hikae does not support it")
        .hint("let hikae's user in by `scram-sha-256` or `peer`: a line of its own in pg_hba.conf, above the others")
}

pub fn login_not_allowed(place: &Place, method: &str) -> Error {
    let how = if method == "none" { "lets everybody in".to_owned() } else { format!("asks for a login by {method}") };
    Error::new(Kind::Denied, format!("the server at `{}` {how}", place.title()))
        .because_text("`require_auth` does not allow it")
        .hint("let the server use a login that it allows, or change PGREQUIREAUTH")
}

pub fn no_password(place: &Place, user: &str) -> Error {
    let error =
        Error::new(Kind::Denied, format!("the server at `{}` asks for the password of `{user}`", place.title()));
    match &place.open_passfile {
        Some(path) => error
            .because_text(format!("others may read the password file `{}`, so it is not used", path.display()))
            .hint(format!("`chmod 600 {}`", path.display())),
        None => error
            .because_text("there is none")
            .hint("set the password (DB_PASSWORD) in the environment or in `.env`, or add a line to `~/.pgpass`"),
    }
}

/// An error or notice of the server, field by field. Its text may be in any encoding.
pub fn refused(fields: ErrorFields<'_>) -> Refused {
    let mut refused = Refused::default();
    let mut fields = fields;
    let mut local_severity = String::new();
    while let Ok(Some(field)) = fields.next() {
        let text = String::from_utf8_lossy(field.value_bytes()).into_owned();
        match field.type_() {
            b'S' => local_severity = text,
            b'V' => refused.severity = text,
            b'C' => refused.code = text,
            b'M' => refused.message = text,
            b'D' => refused.detail = Some(text),
            b'H' => refused.hint = Some(text),
            b'W' => refused.context = Some(text),
            _ => {}
        }
    }
    if refused.severity.is_empty() {
        refused.severity = local_severity;
    }
    refused
}

/// A file from libpq's settings that TLS cannot use.
pub fn unusable(path: &std::path::Path, why: impl std::fmt::Display) -> Error {
    Error::new(Kind::Recipe, format!("cannot use the TLS file `{}`", path.display()))
        .because_text(why.to_string())
        .hint("it must be PEM, with lines such as `-----BEGIN CERTIFICATE-----`")
}

//! Reads what the mail library and the TLS library complain about, and finds the words and the remedy for it.

use std::error::Error as StdError;
use std::io;

use lettre::transport::smtp::Error as SmtpError;
use rustls::{CertificateError, Error as TlsError};

use crate::error::Error;
use crate::world::mail::{Server, closed, not_trusted, silent, tls_failed, unknown_host, unreachable};

/// An error at `step` that is no reply of the server.
pub fn explain(server: &Server, step: &str, error: &SmtpError, unsure: bool) -> Error {
    let said = innermost(error);
    if let Some(tls) = cause::<TlsError>(error) {
        return explain_tls(server, tls);
    }
    if let Some(status) = error.status() {
        return crate::world::mail::answered(server, "ECONNECTION", step, &format!("{status} {said}"));
    }
    match cause::<io::Error>(error).map(io::Error::kind) {
        Some(io::ErrorKind::TimedOut) => silent(server, "the connection", server.connect_timeout, unsure),
        Some(
            io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe,
        ) => closed(server, step, &said, unsure),
        Some(_) if said.contains("lookup address") => unknown_host(server, &said),
        Some(_) => unreachable(server, &said),
        None if error.is_response() && said == "incomplete response" => {
            closed(server, step, "the server closed the connection", unsure)
        }
        // A server that speaks TLS from the first byte, or no mail server at all.
        None if error.is_response() => tls_failed(server, &format!("at {step}: {said}")),
        None => tls_failed(server, &said),
    }
}

fn explain_tls(server: &Server, error: &TlsError) -> Error {
    use CertificateError as C;
    let TlsError::InvalidCertificate(why) = error else { return tls_failed(server, &error.to_string()) };
    let said = match why {
        C::UnknownIssuer => "nobody whom this machine trusts has signed it".to_owned(),
        C::Expired | C::ExpiredContext { .. } => "it has expired".to_owned(),
        C::NotValidYet | C::NotValidYetContext { .. } => "it is not valid yet".to_owned(),
        C::NotValidForName | C::NotValidForNameContext { .. } => {
            format!("it is for another host than `{}`", server.host)
        }
        other => other.to_string(),
    };
    let hint = match why {
        C::Expired | C::ExpiredContext { .. } => "renew the certificate of the mail server",
        C::NotValidYet | C::NotValidYetContext { .. } => "check the clock of this machine",
        C::NotValidForName | C::NotValidForNameContext { .. } => "set SMTP_HOST to the name in the certificate",
        _ => "if it is your own CA, name its certificate: SMTP_CA_FILE=/etc/ssl/our-ca.pem",
    };
    not_trusted(server, &said, hint)
}

/// The words of the server in an error that is its reply.
pub fn no_reply_text(error: &SmtpError) -> String {
    error.source().map(|said| said.to_string().replace(['\r', '\n'], " ")).unwrap_or_default()
}

/// The words of the cause behind all others.
pub fn innermost(error: &(dyn StdError + 'static)) -> String {
    let last = chain(error).last().map(ToString::to_string).unwrap_or_default();
    match last.rsplit_once(" (os error ") {
        Some((said, _)) => said.to_owned(),
        None => last,
    }
}

/// The nearest cause of this type, also where an I/O error carries it.
fn cause<'a, E: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a E> {
    chain(error).find_map(|error| error.downcast_ref())
}

fn chain<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn StdError + 'static)| below(*error))
}

/// An I/O error's own `source` leaves out the error that it carries.
fn below<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
    match error.downcast_ref::<io::Error>() {
        Some(io) => io.get_ref().map(|inner| inner as &(dyn StdError + 'static)),
        None => error.source(),
    }
}

//! Finds the message and the hint for a failure on the way to a mail server.

use std::io;

use rustls::{CertificateError, Error as TlsError};

use super::wire::WireError;
use crate::error::Error;
use crate::world::mail::{Server, closed, not_trusted, silent, tls_failed, unknown_host, unreachable};

/// An error at `step` other than a reply of the server.
pub fn explain(server: &Server, step: &str, error: WireError, unsure: bool) -> Error {
    let error = match error {
        WireError::Closed => return closed(server, step, "the server closed the connection", unsure),
        WireError::OutOfStep(said) => return out_of_step(server, step, said, unsure),
        // Not a mail server, or not without TLS.
        WireError::NotSmtp(said) => return tls_failed(server, &format!("at {step}: {said}")),
        WireError::Io(error) => error,
    };
    if let Some(tls) = error.get_ref().and_then(|inner| inner.downcast_ref::<TlsError>()) {
        return explain_tls(server, tls);
    }
    let said = plain(&error);
    match error.kind() {
        io::ErrorKind::TimedOut => silent(server, "the connection", server.connect_timeout, unsure),
        _ if said.contains("lookup address") => unknown_host(server, &said),
        _ => unreachable(server, &said),
    }
}

/// A reply that is not valid for `step`.
pub fn out_of_step(server: &Server, step: &str, reply: impl std::fmt::Display, unsure: bool) -> Error {
    closed(server, step, &format!("an answer out of step: {reply}"), unsure)
}

fn explain_tls(server: &Server, error: &TlsError) -> Error {
    use CertificateError as C;
    let TlsError::InvalidCertificate(why) = error else { return tls_failed(server, &error.to_string()) };
    let said = match why {
        C::UnknownIssuer => "no authority that this machine trusts has signed it".to_owned(),
        C::Expired | C::ExpiredContext { .. } => "it has expired".to_owned(),
        C::NotValidYet | C::NotValidYetContext { .. } => "it is not valid yet".to_owned(),
        C::NotValidForName | C::NotValidForNameContext { .. } => {
            format!("it is for another host than `{}`", server.host)
        }
        C::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => "it is self-signed".to_owned(),
        other => other.to_string(),
    };
    let hint = match why {
        C::Expired | C::ExpiredContext { .. } => "renew the certificate of the mail server",
        C::NotValidYet | C::NotValidYetContext { .. } => "check the clock of this machine",
        C::NotValidForName | C::NotValidForNameContext { .. } => "set SMTP_HOST to the name in the certificate",
        _ => "name the certificate of your own CA, or that of the server itself: SMTP_CA_FILE=/etc/ssl/our-ca.pem",
    };
    not_trusted(server, &said, hint)
}

fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}

//! Explains why a request failed: the name, the port, the certificate, the proxy.

use std::error::Error as Cause;
use std::io;

use reqwest::Url;
use rustls::CertificateError as Bad;

use crate::error::{Error, Kind};
use crate::world::http::HttpRequest;
use crate::world::http::words::{no_connection, refused, unanswered};

/// The error of a request without an answer.
pub fn explain(request: &HttpRequest, error: reqwest::Error, proxy: Option<&Url>) -> Error {
    let causes = chain(&error);
    let trouble = tls(request, &causes).unwrap_or_else(|| match error.is_connect() || error.is_dns() {
        true => unconnected(request, &error, &causes),
        false => broken(request, &error, &causes),
    });
    match proxy {
        Some(proxy) => {
            let at = format!("{}:{}", proxy.host_str().unwrap_or_default(), proxy.port_or_known_default().unwrap_or(0));
            trouble.hint(format!("it went through the proxy `{at}`, as the environment says: can that be reached?"))
        }
        None => trouble,
    }
}

fn unconnected(request: &HttpRequest, error: &reqwest::Error, causes: &[&(dyn Cause + 'static)]) -> Error {
    let host = request.url.host();
    if error.is_dns() {
        let hint = format!("check the spelling of `{host}`, and the name server in `/etc/resolv.conf`");
        return no_connection(request, Kind::Network, format!("the name `{host}` cannot be resolved")).hint(hint);
    }
    if error.is_timeout() {
        let hint = "check the host and the port; a firewall may drop what is sent there";
        return no_connection(request, Kind::Timeout, "no connection came about").hint(hint);
    }
    match io_error(causes) {
        Some(cause) if cause.kind() == io::ErrorKind::ConnectionRefused => refused(request),
        Some(cause) if cause.kind() == io::ErrorKind::UnexpectedEof && request.url.is_https() => {
            let hint = format!("does `{host}` speak TLS on port {}?", request.url.port());
            no_connection(request, Kind::Network, "the connection ended before TLS was agreed on").hint(hint)
        }
        Some(cause) => no_connection(request, Kind::Network, plain(cause)),
        None => no_connection(request, Kind::Network, last_words(error, causes)),
    }
}

fn broken(request: &HttpRequest, error: &reqwest::Error, causes: &[&(dyn Cause + 'static)]) -> Error {
    let trouble = unanswered(request, last_words(error, causes));
    trouble.hint("the server took the connection, and ended it without an answer: look at its log")
}

/// The problem with the server's certificate, if that is the cause.
fn tls(request: &HttpRequest, causes: &[&(dyn Cause + 'static)]) -> Option<Error> {
    let found = causes.iter().find_map(|cause| cause.downcast_ref::<rustls::Error>())?;
    let host = request.url.host();
    let (why, hint) = match found {
        rustls::Error::InvalidCertificate(bad) => match bad {
            Bad::Expired | Bad::ExpiredContext { .. } => (
                format!("the certificate of `{host}` has expired"),
                "renew it on the server; if it is new, check the clock of this machine",
            ),
            Bad::NotValidYet | Bad::NotValidYetContext { .. } => {
                (format!("the certificate of `{host}` is not valid yet"), "check the clock of this machine")
            }
            Bad::NotValidForName | Bad::NotValidForNameContext { .. } => (
                format!("the certificate is not for `{host}`, but for another host"),
                "use the name that the certificate is for, or have one made for this name",
            ),
            Bad::UnknownIssuer => (
                format!("nobody that this machine trusts has issued the certificate of `{host}`"),
                "give the authority's certificate: `ca_file = \"/path/ca.pem\"`, or the variable `SSL_CERT_FILE`",
            ),
            other => (
                format!("the certificate of `{host}` cannot be trusted: {other}"),
                "look at it with `openssl s_client`",
            ),
        },
        rustls::Error::InvalidMessage(_) => (
            format!("`{host}` does not speak TLS on port {}", request.url.port()),
            "write `http://`, or the port on which it speaks TLS",
        ),
        other => (format!("TLS with `{host}` failed: {other}"), "look at it with `openssl s_client`"),
    };
    // A failed handshake means that no request was sent.
    Some(no_connection(request, Kind::Denied, why).hint(hint))
}

/// The causes, nearest first. `io::Error::source` skips the inner error itself.
fn chain<'a>(error: &'a (dyn Cause + 'static)) -> Vec<&'a (dyn Cause + 'static)> {
    let mut causes = Vec::new();
    let mut next = error.source();
    while let Some(cause) = next {
        causes.push(cause);
        let inside = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = inside.map(|inside| inside as &(dyn Cause + 'static)).or_else(|| cause.source());
    }
    causes
}

fn io_error<'a>(causes: &[&'a (dyn Cause + 'static)]) -> Option<&'a io::Error> {
    causes.iter().rev().find_map(|cause| cause.downcast_ref::<io::Error>())
}

fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}

/// The message of the innermost cause; the outer ones only say that something went wrong.
fn last_words(error: &reqwest::Error, causes: &[&(dyn Cause + 'static)]) -> String {
    match causes.last() {
        Some(last) => last.to_string().split(" (os error").next().unwrap_or_default().to_owned(),
        None if error.is_timeout() => "it took too long".to_owned(),
        None => "the request could not be sent".to_owned(),
    }
}

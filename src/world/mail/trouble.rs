//! Builds the messages of mail servers, the same in every world: the runbook's codes with its hints, and whether a retry helps.

use std::fmt;
use std::time::Duration;

use super::refusal::{is_about_the_mail, is_gone};
use super::{Refused, Server};
use crate::error::{Error, Kind};
use crate::units::show_duration;

/// The beginning of the step name for a recipient.
const RECIPIENT: &str = "the recipient";

/// Whether a retry with the same mail can help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// It may succeed later without any action.
    Soon,
    /// Somebody must fix something first, such as the password.
    AfterAFix,
    /// The server will never accept this mail.
    Never,
}

/// The cause of a mail error: it decides whether the mail is tried again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// The name in the runbook (§10.1) and its mail program: `ECONNREFUSED`, `EAUTH`, `ESOCKET`, `ETIMEDOUT`, …
    pub code: &'static str,
    pub again: Again,
    /// Whether the server may have the mail anyway: all of it was sent, and only the answer is missing.
    pub unsure: bool,
    /// The message of the system or the server.
    pub said: String,
}

impl Trouble {
    /// Whether an outbox should retry the mail by itself.
    pub fn retryable(&self) -> bool {
        self.again == Again::Soon
    }

    fn error(self, kind: Kind, what: String, hint: impl Into<String>) -> Error {
        Error::new(kind, what).because(self).hint(hint)
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.said)
    }
}

impl std::error::Error for Trouble {}

/// The mail trouble behind an error, if a mail server was its cause. An error of kind `timeout` without it
/// is a limit of the caller, which may have been reached after the mail was sent.
pub fn trouble_of(error: &Error) -> Option<&Trouble> {
    let first: Option<&(dyn std::error::Error + 'static)> = Some(error);
    std::iter::successors(first, |error| error.source()).find_map(|error| error.downcast_ref())
}

fn trouble(code: &'static str, again: Again, said: impl Into<String>) -> Trouble {
    Trouble { code, again, unsure: false, said: said.into() }
}

pub fn unreachable(server: &Server, said: &str) -> Error {
    trouble("ECONNREFUSED", Again::Soon, said).error(
        Kind::Network,
        format!("cannot reach the mail server `{}`", server.address()),
        "check the host and the port (SMTP_HOST, SMTP_PORT), and whether the server runs",
    )
}

pub fn unknown_host(server: &Server, said: &str) -> Error {
    trouble("EDNS", Again::Soon, said).error(
        Kind::Network,
        format!("cannot find the mail server `{}`", server.address()),
        "check the host (SMTP_HOST) and the name server of this machine",
    )
}

/// The error when the server did not answer `step` in time.
pub fn silent(server: &Server, step: &str, waited: Duration, unsure: bool) -> Error {
    let said = format!("no answer to {step} within {}", show_duration(waited));
    let hint = match server.host.contains(':') {
        true => "check the firewall on the way to this server".to_owned(),
        false => format!("check the firewall: `nc -zv {} {}`", server.host, server.port),
    };
    let what = format!("the mail server `{}` does not answer", server.address());
    Trouble { unsure, ..trouble("ETIMEDOUT", Again::Soon, said) }.error(Kind::Timeout, what, hint)
}

/// The error when the server ended the connection instead of answering `step`.
pub fn closed(server: &Server, step: &str, said: &str, unsure: bool) -> Error {
    let said = format!("at {step}: {said}");
    let what = format!("the mail server `{}` broke off", server.address());
    let hint = "try again; the log of the mail server says why";
    Trouble { unsure, ..trouble("ECONNECTION", Again::Soon, said) }.error(Kind::Network, what, hint)
}

pub fn login_refused(server: &Server, reply: &str) -> Error {
    // Servers answer 454 and 421 when they temporarily cannot check passwords.
    let again = if reply.starts_with('4') { Again::Soon } else { Again::AfterAFix };
    let user = server.user.as_deref().unwrap_or_default();
    trouble("EAUTH", again, reply).error(
        Kind::Denied,
        format!("the mail server `{}` refused the login of `{user}`", server.address()),
        login_hint(server, reply),
    )
}

/// The hint for a refused login. The large providers no longer accept account passwords.
fn login_hint(server: &Server, reply: &str) -> &'static str {
    let (host, reply) = (server.host.to_lowercase(), reply.to_lowercase());
    let is = |hosts: &[&str]| hosts.iter().any(|known| host == *known || host.ends_with(&format!(".{known}")));
    let microsoft = is(&["office365.com", "outlook.com", "office.com", "hotmail.com"]) || reply.contains("5.7.139");
    let google = is(&["gmail.com", "googlemail.com", "google.com"]) || reply.contains("support.google.com");
    match () {
        () if server.token.is_some() => {
            "the access token was refused: check SMTP_USER, the client and its permission to send mail (SMTP.Send, https://mail.google.com/)"
        }
        () if reply.contains("xoauth2") || (microsoft && reply.contains("basic authentication is disabled")) => {
            "passwords are disabled there (basic authentication): use XOAUTH2, with SMTP_OAUTH_REFRESH_TOKEN or SMTP_TOKEN_COMMAND"
        }
        () if microsoft => {
            "Microsoft 365 disables passwords (basic authentication, SmtpClientAuthentication): have SMTP AUTH enabled for this mailbox and use an app password, or use XOAUTH2 (SMTP_OAUTH_REFRESH_TOKEN)"
        }
        () if google || reply.contains("application-specific password") => {
            "Google takes an app password here, not that of the account: make one at https://myaccount.google.com/apppasswords, or use XOAUTH2 (SMTP_OAUTH_REFRESH_TOKEN)"
        }
        () => {
            "check the user and the password (SMTP_USER, SMTP_PASSWORD); with two-factor login the provider wants an app password"
        }
    }
}

pub fn password_in_the_open(server: &Server) -> Error {
    trouble("EAUTH", Again::AfterAFix, "the connection is not encrypted, and the server offers no STARTTLS").error(
        Kind::Denied,
        format!("the password was not sent to the mail server `{}`", server.address()),
        "use port 587 or 465, leave SMTP_USER empty if the server takes mail without a login, or set SMTP_ALLOW_PLAIN_AUTH=true",
    )
}

/// The error when the server expects TLS at once, but the client waited for plain text.
pub fn speaks_tls_at_once(server: &Server) -> Error {
    trouble("ESOCKET", Again::AfterAFix, "the server expects TLS from the first byte").error(
        Kind::Network,
        format!("no connection to the mail server `{}`: it was spoken to in plain", server.address()),
        "set SMTP_SECURE=true: this port speaks TLS from the first byte, as port 465 does",
    )
}

pub fn without_starttls(server: &Server) -> Error {
    tls_failed(server, "the server offers no STARTTLS")
}

pub fn tls_failed(server: &Server, said: &str) -> Error {
    trouble("ESOCKET", Again::AfterAFix, said).error(
        Kind::Network,
        format!("no encrypted connection to the mail server `{}`", server.address()),
        "check SMTP_SECURE: `true` for port 465, `false` for port 587, `plain` for a relay inside that has no TLS",
    )
}

/// The error when the server's certificate is not trusted.
pub fn not_trusted(server: &Server, said: &str, hint: &str) -> Error {
    let what = format!("the certificate of the mail server `{}` is not trusted", server.address());
    trouble("ESOCKET", Again::AfterAFix, said).error(Kind::Network, what, hint)
}

/// The error of a refusal at `step`: 4xx is temporary; 5xx is final if it is about this mail, and otherwise lasts as long as its reason.
pub fn answered(server: &Server, code: &'static str, step: &str, reply: &str) -> Error {
    let for_good = is_about_the_mail(reply) || (step.starts_with(RECIPIENT) && is_gone(reply));
    let (again, kind, hint) = match reply.starts_with('5') {
        true if for_good => (Again::Never, Kind::Denied, "the server will not take this mail: its answer says why"),
        true => (
            Again::Soon,
            Kind::Denied,
            "the answer says nothing of this mail, so it is tried again: the log of the mail server says more",
        ),
        false => (Again::Soon, Kind::Network, "try again later: the server says that this is for now (greylisting)"),
    };
    let what = format!("the mail server `{}` refused the mail at {step}", server.address());
    trouble(code, again, reply).error(kind, what, hint)
}

/// The error when the server refused every recipient.
pub fn no_recipient_left(server: &Server, refused: &[Refused]) -> Error {
    // If the server may accept one of them later, the mail is worth a retry.
    let first = refused.iter().find(|one| one.retryable).or(refused.first());
    let reply = first.map_or("", |one| one.reply.as_str());
    let addresses: Vec<&str> = refused.iter().map(|one| one.address.as_str()).collect();
    answered(server, "EENVELOPE", &format!("{RECIPIENT} {}", addresses.join(", ")), reply)
}

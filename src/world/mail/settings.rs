//! Reads the mail server from the environment, as documented in the runbook (§3).

pub mod oauth;

use std::path::PathBuf;

use super::{Mailbox, Security, Server};
use crate::error::{Error, Kind, Result};
use crate::secret::Secret;
use crate::suggest;
use crate::world::Caller;
use crate::world::mail::settings::oauth::TokenSource;

/// The default name beside the sender's address, and in the footer of alerts (runbook §3.2).
pub const DEFAULT_SYSTEM_NAME: &str = "ITSM-Sec Nexus";
/// The default sender address of mails.
const DEFAULT_ADDRESS: &str = "noreply@itsm.local";
const DEFAULT_HOST: &str = "localhost";
const DEFAULT_PORT: u16 = 587;

/// The values of `SMTP_SECURE`: the runbook's two words first.
const SECURE: [&str; 5] = ["true", "false", "starttls", "tls", "plain"];

/// Looks up a variable; an empty one counts as not set.
pub type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The mail server and the sender, as set by `SMTP_*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    pub server: Server,
    pub from: Mailbox,
    /// The CA file, if it is not read yet.
    pub ca_file: Option<PathBuf>,
    /// The source of the access token, for a login by XOAUTH2.
    pub token_source: Option<TokenSource>,
}

impl Settings {
    pub fn read(lookup: Lookup) -> Result<Settings> {
        let set = |name: &str| lookup(name).filter(|value| !value.is_empty());
        let port = match set("SMTP_PORT") {
            Some(text) => {
                text.trim().parse().map_err(|_| wrong("SMTP_PORT", &text, "a port, such as 587 or 465", &[]))?
            }
            None => DEFAULT_PORT,
        };
        let mut server = Server::new(set("SMTP_HOST").unwrap_or_else(|| DEFAULT_HOST.to_owned()).trim(), port);
        server.security = security(set("SMTP_SECURE").as_deref(), port)?;
        server.user = set("SMTP_USER");
        server.password = set("SMTP_PASSWORD").map(Secret::new);
        if let Some(text) = set("SMTP_ALLOW_PLAIN_AUTH") {
            server.allow_plain_auth =
                flag(&text).ok_or_else(|| wrong("SMTP_ALLOW_PLAIN_AUTH", &text, "true or false", &SECURE[..2]))?;
        }
        server.ehlo_name = set("SMTP_EHLO_NAME").map(|name| name.trim().to_owned());
        let from = match set("SMTP_FROM") {
            Some(from) => Mailbox::parse(&from).map_err(|error| error.within("cannot read `SMTP_FROM`"))?,
            None => Mailbox { name: Some(DEFAULT_SYSTEM_NAME.to_owned()), address: DEFAULT_ADDRESS.to_owned() },
        };
        let token_source = TokenSource::read(lookup, &server.host)?;
        Ok(Settings { server, from, ca_file: set("SMTP_CA_FILE").map(PathBuf::from), token_source })
    }

    /// The same settings with an access token, if the login needs one that is missing.
    pub async fn with_token(mut self, caller: &Caller) -> Result<Settings> {
        if let (Some(source), true, None) = (&self.token_source, self.server.logs_in(), &self.server.token) {
            self.server.token = Some(source.access_token(caller).await?);
        }
        Ok(self)
    }
}

/// When the connection is encrypted. `true` and `false` are the runbook's words; the port decides what `false` means.
fn security(text: Option<&str>, port: u16) -> Result<Security> {
    let Some(text) = text.map(|text| text.trim().to_lowercase()) else { return Ok(Security::of_port(port)) };
    match (flag(&text), text.as_str()) {
        (Some(true), _) | (_, "tls") => Ok(Security::Tls),
        (Some(false), _) => Ok(Security::of_port(port)),
        (_, "starttls") => Ok(Security::StartTls),
        (_, "plain") => Ok(Security::Plain),
        _ => Err(wrong("SMTP_SECURE", &text, "true, false, starttls, tls or plain", &SECURE)),
    }
}

fn flag(text: &str) -> Option<bool> {
    match text.trim().to_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Some(true),
        "false" | "0" | "no" | "off" => Some(false),
        _ => None,
    }
}

/// The error of an invalid value; `words` are the valid ones.
fn wrong(name: &str, text: &str, must_be: &str, words: &[&'static str]) -> Error {
    let near = suggest::nearest(text, words.iter().copied());
    let error = Error::new(Kind::Other, format!("`{name}` must be {must_be}, but is `{text}`"));
    match near {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error,
    }
}

/// The recipients of alerts.
#[derive(Debug, Default)]
pub struct Recipients {
    /// Empty when alerts by mail are disabled, as they are without `BACKUP_ALERT_EMAIL` (runbook §3.1).
    pub to: Vec<Mailbox>,
    /// The errors of addresses that were left out: a typo in one must not keep the alert from the others.
    pub troubles: Vec<Error>,
}

/// The addresses of `BACKUP_ALERT_EMAIL`.
pub fn recipients(lookup: Lookup) -> Recipients {
    let (to, wrong) = Mailbox::read_list(&lookup("BACKUP_ALERT_EMAIL").unwrap_or_default());
    let troubles = wrong.into_iter().map(|error| error.within("`BACKUP_ALERT_EMAIL` has a wrong address")).collect();
    Recipients { to, troubles }
}

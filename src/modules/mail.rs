//! The module `mail`: sends mails through the server that the environment names, or another.

use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use mlua::{Lua, Value};
use serde::Deserialize;

use crate::error::{Error, Kind, Result};
use crate::lua::exports::{Call, Module};
use crate::lua::json::to_lua;
use crate::lua::traceback::from_lua;
use crate::secret::Secret;
use crate::units::duration;
use crate::world::mail::{Mail, Mailbox, Security, Sent, Server};

/// The default time limit for one mail.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(5 * 60);
/// The largest CA file.
const MAX_PEM_BYTES: u64 = 1 << 20;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Options {
    to: Addresses,
    #[serde(default)]
    cc: Addresses,
    from: Option<String>,
    subject: String,
    text: String,
    html: Option<String>,
    /// If set, no server setting comes from the environment: that password is only for its own server.
    host: Option<String>,
    port: Option<u16>,
    security: Option<Security>,
    user: Option<String>,
    password: Option<Secret>,
    ca_file: Option<PathBuf>,
    allow_plain_auth: Option<bool>,
    /// Some recipients may be refused, as long as one is accepted.
    #[serde(default)]
    allow_refused: bool,
    message_id: Option<String>,
    #[serde(default, deserialize_with = "duration")]
    timeout: Option<Duration>,
}

/// Addresses in one text, split at commas, or in a list of such texts.
#[derive(Deserialize)]
#[serde(untagged, expecting = "an address, or a list of addresses")]
enum Addresses {
    Text(String),
    List(Vec<String>),
}

impl Default for Addresses {
    fn default() -> Addresses {
        Addresses::List(Vec::new())
    }
}

impl Addresses {
    fn read(&self) -> Result<Vec<Mailbox>> {
        match self {
            Addresses::Text(text) => Mailbox::parse_list(text),
            Addresses::List(list) => {
                Ok(list.iter().map(|text| Mailbox::parse_list(text)).collect::<Result<Vec<_>>>()?.concat())
            }
        }
    }
}

pub fn module(lua: &Lua) -> mlua::Result<Module> {
    Module::new(lua)?.wait("mail.send", |call, (options,): (Options,)| send(call, options))
}

async fn send(call: Rc<Call>, options: Options) -> Result<Value> {
    let world = call.world()?;
    let settings = (call.session.smtp)();
    let mut server = match &options.host {
        Some(host) => Server::new(host.clone(), options.port.unwrap_or(587)),
        None => settings.clone()?.with_token(&world).await?.server,
    };
    options.adjust(&mut server);
    let ca_file = options.ca_file.clone().or_else(|| match (&options.host, &settings) {
        (None, Ok(settings)) => settings.ca_file.clone(),
        _ => None,
    });
    if let Some(path) = &ca_file {
        let pem = world.read(path, MAX_PEM_BYTES).await?;
        server.ca_pem = Some(String::from_utf8_lossy(&pem).into_owned());
    }
    let from = match &options.from {
        Some(from) => Mailbox::parse(from)?,
        None => settings?.from,
    };
    let mail = Mail {
        server,
        from,
        to: options.to.read()?,
        cc: options.cc.read()?,
        subject: options.subject,
        text: options.text,
        html: options.html,
        message_id: options.message_id,
    };
    mail.check()?; // before a step is shown that could not begin
    let timeout = options.timeout.unwrap_or(DEFAULT_TIMEOUT).min(world.limits.total);
    let world = world.limited(Some(timeout), Some(timeout));
    let step = call.session.step(format!("mail to {}", mail.line()), call.site());
    let (size_bytes, address) = (mail.size_bytes(), mail.server.address());
    let answer = world.send(mail).await.and_then(|sent| match sent.refused.is_empty() || options.allow_refused {
        true => Ok(sent),
        false => Err(some_refused(&address, &sent)),
    });
    step.end(size_bytes, if answer.is_ok() { size_bytes } else { 0 }, answer.as_ref().err());
    to_lua(&call.lua, &shown(&answer?)).map_err(from_lua)
}

impl Options {
    /// Overrides the environment's settings with those of the recipe.
    fn adjust(&self, server: &mut Server) {
        if let Some(port) = self.port.filter(|port| *port != server.port) {
            server.port = port;
            server.security = Security::of_port(port);
        }
        server.security = self.security.unwrap_or(server.security);
        if let Some(user) = &self.user {
            server.user = Some(user.clone()).filter(|user| !user.is_empty());
        }
        if self.password.is_some() {
            server.token = None;
        }
        server.password = self.password.clone().or(server.password.take());
        server.allow_plain_auth = self.allow_plain_auth.unwrap_or(server.allow_plain_auth);
    }
}

/// The mail was sent, but not to every recipient: this must be reported.
fn some_refused(address: &str, sent: &Sent) -> Error {
    let refused: Vec<&str> = sent.refused.iter().map(|one| one.address.as_str()).collect();
    let replies: Vec<String> = sent.refused.iter().map(|one| format!("{}: {}", one.address, one.reply)).collect();
    Error::new(Kind::Denied, format!("the mail server `{address}` refused {}", refused.join(", ")))
        .because_text(replies.join("\n"))
        .hint(format!(
            "{} got the mail; correct the address, or pass `allow_refused = true` and look at `refused`",
            sent.accepted.join(", ")
        ))
}

fn shown(sent: &Sent) -> serde_json::Value {
    let refused = sent.refused.iter();
    let refused: Vec<_> = refused
        .map(|one| serde_json::json!({ "address": one.address, "reply": one.reply, "retryable": one.retryable }))
        .collect();
    serde_json::json!({
        "message_id": sent.message_id, "reply": sent.reply, "accepted": sent.accepted, "refused": refused,
    })
}

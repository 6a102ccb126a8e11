//! The channel `email`: an event as a mail, in the words of its template, through the server of `SMTP_*`.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::channel::{Channel, Deliver, Delivered};
use super::smtp::{self, Settings};
use super::{Event, Language, templates};
use crate::config::Config;
use crate::error::{Error, Kind, Result};
use crate::report::{self, Level};
use crate::stream::sha256::Sha256;
use crate::world::limited::Limited;
use crate::world::mail::Mailbox;
use crate::world::{Caller, Limits, World};

/// The longest that a template may take to be read: the configuration may lie on a disk of the network.
const READING: Limits = Limits { total: Duration::from_secs(5), idle: Duration::from_secs(5) };

/// What mails are made and sent with.
pub struct Email {
    /// Read once, and before the process is walled in: a certificate may lie anywhere.
    settings: Result<Settings>,
    config_dir: PathBuf,
    language: Language,
    world: Arc<dyn World>,
}

impl Email {
    pub fn new(config: &Config, world: Arc<dyn World>) -> Email {
        let world = Arc::new(Limited::new(world));
        let (settings, language) = (config.smtp(), config.language().into());
        Email { settings, config_dir: config.dir.clone(), language, world }
    }

    async fn send(&self, channel: &Channel, event: &Event) -> Result<Delivered> {
        let mut settings = self.settings.clone()?;
        // A server that is silent is found out before the channel's time is over: only then is it known whether it has the mail.
        settings.server.connect_timeout = settings.server.connect_timeout.min(channel.timeout / 4);
        settings.server.step_timeout = settings.server.step_timeout.min(channel.timeout / 4);
        let to = channel.recipients.iter().map(|text| Mailbox::parse(text)).collect::<Result<Vec<_>>>()?;
        let id = message_id(channel, event, &settings.from.address);
        let caller = Caller::new(self.world.clone(), READING);
        let message = templates::message(&caller, &self.config_dir, event, self.language).await;
        if let Some(warning) = &message.warning {
            report::log(Level::Warn, warning, None);
        }
        let caller = caller.limited(Some(channel.timeout), Some(channel.timeout));
        let sent = smtp::send(&caller, &settings, to, &message, Some(id)).await?;
        Ok(Delivered { message_id: Some(sent.message_id), refused: sent.refused })
    }
}

impl Deliver for Email {
    async fn deliver(&self, channel: &Channel, event: &Event) -> Result<Delivered> {
        if channel.kind == "email" {
            return self.send(channel, event).await;
        }
        let what = format!("there is no kind of channel `{}`", channel.kind);
        Err(Error::new(Kind::NotFound, what).hint(format!("the channel `{}` names it as its type", channel.name)))
    }
}

/// The same at each attempt, so that a receiver can tell a second copy.
pub fn message_id(channel: &Channel, event: &Event, from: &str) -> String {
    let domain = from.rsplit_once('@').map_or("hikae.invalid", |(_, domain)| domain);
    let mark = Sha256::of(format!("{} {} {}", channel.name, event.host, event.recipe));
    format!("<{}.{}.{}@{domain}>", event.id, event.notification_type(), &mark[..12])
}

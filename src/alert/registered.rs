//! Collects the channels of the environment, of `hikae.toml`, and of the catalog's table.

use std::collections::BTreeSet;
use std::time::Duration;

use super::channel::{Channel, DEFAULT_TIMEOUT};
use super::event::Severity;
use crate::catalog::{Catalog, ChannelRow};
use crate::config::{ChannelSettings, Config, Contacts, PingSettings, SeverityWord};
use crate::error::{Error, Kind, Result};
use crate::secret::Secret;
use crate::world::mail::Mailbox;

/// Channels that a webhook in the environment creates (runbook §8).
const WEBHOOKS: [(&str, &str); 2] = [("slack", "SLACK_WEBHOOK_URL"), ("teams", "TEAMS_WEBHOOK_URL")];

/// The time limit of a ping: the end of the run waits for it.
const PING_TIMEOUT: Duration = Duration::from_secs(10);

/// The channels, and the errors of those that were left out: one bad channel must not silence the others.
#[derive(Debug, Default)]
pub struct Channels {
    pub all: Vec<Channel>,
    pub troubles: Vec<Error>,
}

impl Channels {
    /// The channels of the environment and of `hikae.toml`.
    pub fn configured(config: &Config) -> Channels {
        let mut channels = Channels::default();
        for settings in &config.settings.channels {
            match from_settings(settings, config, &mut channels.troubles) {
                Ok(channel) => channels.add(channel),
                Err(error) => channels.troubles.push(error),
            }
        }
        let recipients = config.alert_recipients();
        channels.troubles.extend(recipients.troubles);
        if !recipients.to.is_empty() {
            let recipients = recipients.to.iter().map(Mailbox::to_string).collect();
            channels.add(Channel { recipients, ..Channel::new("email", "email") });
        }
        for (kind, variable) in WEBHOOKS {
            if let Some(url) = config.lookup(variable) {
                channels.add(Channel { target: Some(Secret::new(url.trim())), ..Channel::new(kind, kind) });
            }
        }
        channels
    }

    /// Adds the channels of the catalog.
    pub fn with_rows(mut self, catalog: &Catalog) -> Channels {
        match catalog.channels() {
            Ok(rows) => rows.into_iter().for_each(|row| self.add(from_row(row))),
            Err(error) => self.troubles.push(error.within("cannot read the table `notification_channels`")),
        }
        self
    }

    /// Adds, for escalations, the contacts with a mail address that no channel reaches yet.
    pub fn with_contacts(mut self, contacts: &Contacts) -> Channels {
        let mailed =
            |channel: &&Channel| channel.kind == "email" && channel.types.is_empty() && channel.recipes.is_empty();
        let mut known: BTreeSet<String> =
            self.all.iter().filter(mailed).flat_map(|channel| channel.recipients.clone()).collect();
        for level in [2, 3] {
            let mut recipients = addresses(contacts.of_level(level));
            recipients.retain(|address| known.insert(address.clone()));
            if !recipients.is_empty() {
                let name = format!("level-{level}");
                self.add(Channel { recipients, types: vec![name.clone()], ..Channel::new(name, "email") });
            }
        }
        self
    }

    pub fn named(&self, name: &str) -> Option<&Channel> {
        self.all.iter().find(|channel| channel.name == name)
    }

    /// Adds a channel. A webhook that is both in the environment and in the table, as in the runbook, is used once.
    fn add(&mut self, channel: Channel) {
        let same = |known: &Channel| {
            let target = known.target.is_some() && known.target == channel.target;
            target && known.kind == channel.kind && known.settings == channel.settings
        };
        if self.all.iter().any(same) {
            return;
        }
        if self.named(&channel.name).is_some() {
            let what = format!("there are two channels with the name `{}`: the second is left out", channel.name);
            self.troubles.push(Error::new(Kind::Other, what).hint("give it another name"));
            return;
        }
        self.all.push(channel);
    }
}

/// The mail addresses among contacts, which are free text: `山田, 03-1234-5678` has none.
pub fn addresses(contacts: &[String]) -> Vec<String> {
    let mut found = BTreeSet::new();
    let parts = contacts.iter().flat_map(|contact| Mailbox::read_list(contact).0);
    parts.map(|mailbox| mailbox.to_string()).filter(|one| found.insert(one.clone())).collect()
}

/// The addresses of a mail channel. An invalid address must not keep the alert from the others.
fn readable(name: &str, to: &[String], troubles: &mut Vec<Error>) -> Vec<String> {
    let mut all = Vec::new();
    for text in to {
        let (found, wrong) = Mailbox::read_list(text);
        all.extend(found.iter().map(Mailbox::to_string));
        troubles
            .extend(wrong.into_iter().map(|error| error.within(format!("the channel `{name}` has a wrong address"))));
    }
    all
}

fn from_settings(settings: &ChannelSettings, config: &Config, troubles: &mut Vec<Error>) -> Result<Channel> {
    let name = &settings.name;
    let recipients = match settings.kind.as_str() {
        "email" => readable(name, &settings.to, troubles),
        _ => settings.to.clone(),
    };
    let named = format!("the channel `{name}`");
    let target = secret(&named, "URL", (&settings.url, &settings.url_env), config)?;
    let secret = secret(&named, "secret", (&settings.secret, &settings.secret_env), config)?;
    Ok(Channel {
        target,
        secret,
        recipients,
        types: settings.events.clone(),
        run_types: settings.types.clone(),
        recipes: settings.recipes.clone(),
        severity: severity(settings.severity),
        timeout: settings.timeout.unwrap_or(DEFAULT_TIMEOUT),
        settings: settings.settings.clone(),
        ..Channel::new(name, &settings.kind)
    })
}

/// The channel that pings for the recipe: its file, with the URL of its check.
pub fn ping(recipe: &str, settings: &PingSettings, config: &Config) -> Result<Channel> {
    let named = format!("the ping of `{recipe}`");
    let target = secret(&named, "URL", (&settings.url, &settings.url_env), config)?;
    let timeout = settings.timeout.unwrap_or(PING_TIMEOUT);
    Ok(Channel { target, timeout, ..Channel::new(&settings.kind, &settings.kind) })
}

/// A secret of the settings: the value, or the variable that holds it.
fn secret(
    named: &str,
    what: &str,
    (given, variable): (&Option<Secret>, &Option<String>),
    config: &Config,
) -> Result<Option<Secret>> {
    let (None, Some(variable)) = (given, variable) else { return Ok(given.clone()) };
    let found = config.lookup(variable).map(|text| Secret::new(text.trim()));
    found.map(Some).ok_or_else(|| {
        Error::new(Kind::NotFound, format!("{named} has no {what}: `{variable}` is not set"))
            .hint(format!("set `{variable}` in `{}`", config.dotenv_path().display()))
    })
}

fn from_row(row: ChannelRow) -> Channel {
    let mut channel = Channel { types: row.types, ..Channel::new(row.name, row.kind.trim().to_lowercase()) };
    match row.url {
        // The table has no separate column for it.
        Some(url) if channel.kind == "email" => {
            channel.recipients = addresses(&[url.expose().trim_start_matches("mailto:").to_owned()]);
        }
        url => channel.target = url,
    }
    channel
}

fn severity(word: SeverityWord) -> Severity {
    match word {
        SeverityWord::Info => Severity::Info,
        SeverityWord::Warning => Severity::Warning,
        SeverityWord::Error => Severity::Error,
        SeverityWord::Critical => Severity::Critical,
    }
}

//! Reads the input of a channel from a spec: the event, and the channel that sends it.

use std::collections::BTreeMap;

use chrono::{DateTime, FixedOffset};
use serde::Deserialize;
use serde_json::Value as Json;

use crate::alert::event::{AlertedBackup, Finding};
use crate::alert::{Channel, Event, EventKind};
use crate::error::{Error, Kind, Result};
use crate::secret::Secret;

/// An event in the form that channels receive. The defaults are those of the runbook's example.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub struct EventOptions {
    kind: Option<EventKind>,
    about: Option<EventKind>,
    id: Option<String>,
    #[serde(rename = "type")]
    run_type: Option<String>,
    time: Option<String>,
    recipe: Option<String>,
    host: Option<String>,
    status: Option<String>,
    error: Option<String>,
    hint: Option<String>,
    database: Option<String>,
    system_url: Option<String>,
    duration_secs: Option<f64>,
    backups: Vec<AlertedBackup>,
    failures: Option<u64>,
    relapses: u64,
    first_failure: Option<String>,
    level: Option<u8>,
    contacts: Vec<String>,
    findings: Vec<Finding>,
    period: Option<String>,
    rehearsal: bool,
}

impl EventOptions {
    pub fn event(self, now: DateTime<FixedOffset>) -> Result<Event> {
        let kind = self.kind.unwrap_or(EventKind::BackupFailure);
        let time = self.time.as_deref().map(|text| moment("time", text)).transpose()?.unwrap_or(now);
        let outcome = match kind {
            EventKind::Recovered | EventKind::Warning => "success",
            EventKind::Monitor | EventKind::Report | EventKind::Test => "",
            _ => "failure",
        };
        let or = |given: Option<String>, default: &str| given.unwrap_or_else(|| default.to_owned());
        let id = or(self.id, "BKP-20260215-030000-daily");
        Ok(Event {
            about: self.about.unwrap_or(kind),
            recipe: or(self.recipe, "db-backup"),
            host: or(self.host, "db1.example.co.jp"),
            outcome: or(self.status, outcome),
            error: self.error,
            hint: self.hint,
            database: self.database,
            system_url: self.system_url,
            duration_secs: self.duration_secs.unwrap_or_default(),
            backups: self.backups,
            failures: self.failures.unwrap_or(1),
            relapses: self.relapses,
            first_failure: self.first_failure.as_deref().map(|text| moment("first_failure", text)).transpose()?,
            level: self.level.unwrap_or(1),
            contacts: self.contacts,
            findings: self.findings,
            period: self.period,
            rehearsal: self.rehearsal,
            ..Event::new(kind, id, or(self.run_type, "daily"), time)
        })
    }
}

fn moment(name: &str, text: &str) -> Result<DateTime<FixedOffset>> {
    DateTime::parse_from_rfc3339(text).map_err(|_| {
        Error::new(Kind::Recipe, format!("`{name}` of an event must be a moment, but is `{text}`"))
            .hint("write it as \"2026-02-15T02:00:00+09:00\"")
    })
}

/// A channel with its settings from `hikae.toml`.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub struct ChannelOptions {
    name: Option<String>,
    target: Option<Secret>,
    secret: Option<Secret>,
    recipients: Vec<String>,
    settings: BTreeMap<String, Json>,
}

impl ChannelOptions {
    pub fn channel(self, kind: String) -> Channel {
        let name = self.name.unwrap_or_else(|| kind.clone());
        let ChannelOptions { target, secret, recipients, settings, .. } = self;
        Channel { target, secret, recipients, settings, ..Channel::new(name, kind) }
    }
}

//! Reads the alert settings of `hikae.toml`: channels, who to notify, and how often.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserializer, MapAccess, Visitor};

use super::durations::duration;
use super::filters::{events, run_types};
use crate::error::{Error, Kind};
use crate::secret::Secret;
use crate::units;

/// The default ping channel.
const PINGS: &str = "healthchecks";

/// One of `[[channels]]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChannelSettings {
    pub name: String,
    /// The file of the channel: `slack` is `channels/slack.lua`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The webhook; or `url_env`, the variable that holds it, so that the file may be shown around.
    pub url: Option<Secret>,
    pub url_env: Option<String>,
    #[serde(default)]
    pub to: Vec<String>,
    /// The signing key, or the variable that holds it.
    pub secret: Option<Secret>,
    pub secret_env: Option<String>,
    /// Kinds of events: `backup_failure`, `recovered`, …
    #[serde(default, deserialize_with = "events")]
    pub events: Vec<String>,
    /// Types of runs: `daily`, …
    #[serde(default, deserialize_with = "run_types")]
    pub types: Vec<String>,
    #[serde(default)]
    pub recipes: Vec<String>,
    #[serde(default)]
    pub severity: SeverityWord,
    #[serde(default, deserialize_with = "duration")]
    pub timeout: Option<Duration>,
    /// The settings of this type of channel only.
    #[serde(default)]
    pub settings: BTreeMap<String, serde_json::Value>,
}

/// One of `[pings]`: the URL of a check that watches a recipe from outside, or a table with the URL and more.
pub struct PingSettings {
    pub url: Option<Secret>,
    pub url_env: Option<String>,
    /// The channel file that sends the ping.
    pub kind: String,
    pub timeout: Option<Duration>,
}

impl<'de> Deserialize<'de> for PingSettings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<PingSettings, D::Error> {
        deserializer.deserialize_any(PingVisitor)
    }
}

struct PingVisitor;

impl<'de> Visitor<'de> for PingVisitor {
    type Value = PingSettings;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a url, or a table with `url` or `url_env`")
    }

    fn visit_str<E: de::Error>(self, url: &str) -> Result<PingSettings, E> {
        Ok(PingSettings { url: Some(Secret::new(url)), url_env: None, kind: PINGS.to_owned(), timeout: None })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<PingSettings, A::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Table {
            url: Option<Secret>,
            url_env: Option<String>,
            #[serde(rename = "type")]
            kind: Option<String>,
            #[serde(default, deserialize_with = "duration")]
            timeout: Option<Duration>,
        }
        let Table { url, url_env, kind, timeout } = Table::deserialize(MapAccessDeserializer::new(map))?;
        if url.is_none() && url_env.is_none() {
            return Err(de::Error::custom("a ping needs `url` or `url_env`"));
        }
        Ok(PingSettings { url, url_env, kind: kind.unwrap_or_else(|| PINGS.to_owned()), timeout })
    }
}

/// The lowest severity that a channel takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SeverityWord {
    #[default]
    Info,
    Warning,
    Error,
    Critical,
}

/// `[alerts]`: how often the same failure is reported, and the name of the system.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Alerts {
    /// The time from each notice to the next digest; the last one repeats.
    #[serde(deserialize_with = "durations")]
    pub digest_after: Option<Vec<Duration>>,
    /// The name of the system in the footer, and the sender's name if `SMTP_FROM` is not set.
    pub system_name: Option<String>,
}

/// `[escalation]`: failures in a row after which the next level is notified.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Escalation {
    pub level2: Option<u64>,
    pub level3: Option<u64>,
}

/// `[contacts]`: who to call at each level, as free text; contacts with a mail address also get the mail.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Contacts {
    pub level1: Vec<String>,
    pub level2: Vec<String>,
    pub level3: Vec<String>,
    /// The support pages of vendors: `AWS: https://aws.amazon.com/support/`.
    pub support: Vec<String>,
}

impl Contacts {
    /// The contacts of these levels.
    pub fn of_groups(groups: &BTreeMap<String, Vec<String>>) -> crate::error::Result<Contacts> {
        serde_json::to_value(groups).and_then(serde_json::from_value).map_err(|cause| {
            Error::new(Kind::Recipe, "cannot read `contacts`")
                .because(cause)
                .hint("its levels are level1, level2, level3 and support")
        })
    }

    /// All contacts, by level.
    pub fn groups(&self) -> Vec<(&'static str, Vec<String>)> {
        let groups = [("1", &self.level1), ("2", &self.level2), ("3", &self.level3), ("support", &self.support)];
        groups.into_iter().filter(|(_, names)| !names.is_empty()).map(|(level, names)| (level, names.clone())).collect()
    }

    pub fn of_level(&self, level: u8) -> &[String] {
        match level {
            0 | 1 => &self.level1,
            2 => &self.level2,
            _ => &self.level3,
        }
    }
}

fn durations<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<Duration>>, D::Error> {
    let texts: Vec<String> = Vec::deserialize(deserializer)?;
    let read = |text: &String| units::parse_duration(text).map_err(serde::de::Error::custom);
    let times: Vec<Duration> = texts.iter().map(read).collect::<Result<_, D::Error>>()?;
    match times.is_empty() || times.contains(&Duration::ZERO) {
        true => Err(serde::de::Error::custom(
            "it takes a time at least, and none of no length\nwrite something like `[\"1h\", \"4h\", \"12h\", \"1d\"]`",
        )),
        false => Ok(Some(times)),
    }
}

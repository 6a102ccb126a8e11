//! Reads `hikae.toml`: the state folder, the language, the sandbox, limits, and values for params.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use super::alerts::{Alerts, ChannelSettings, Contacts, Escalation, PingSettings};
use super::durations::duration;
use super::reword::reword;
use crate::error::{Error, Kind, Result};

/// The recipe of the drill.
const DRILL: &str = "backup-test";

/// The contents of `hikae.toml`. Its params may hold passwords, so it cannot be printed.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    pub state_dir: Option<PathBuf>,
    pub lang: Option<Language>,
    pub sandbox: Sandbox,
    /// System folders in which recipes may write anywhere.
    pub write_shared: Vec<PathBuf>,
    pub limits: Limits,
    pub catalog: CatalogSettings,
    pub channels: Vec<ChannelSettings>,
    /// The outside check that watches a recipe, by the recipe's name.
    pub pings: BTreeMap<String, PingSettings>,
    pub alerts: Alerts,
    pub escalation: Escalation,
    pub contacts: Contacts,
    /// The maximum age of the last good backup, by recipe.
    #[serde(deserialize_with = "durations_by_name")]
    pub objectives: BTreeMap<String, Duration>,
    /// Schedules that override a recipe's own, by recipe: cron's five fields.
    pub schedules: BTreeMap<String, String>,
    /// By recipe, then by param.
    pub params: BTreeMap<String, BTreeMap<String, serde_json::Value>>,
    /// `[drill]` is another name for `[params.backup-test]`, which wins.
    pub drill: BTreeMap<String, serde_json::Value>,
}

/// The languages of hikae.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    En,
    Ja,
}

/// What to do if the kernel cannot sandbox a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sandbox {
    /// Refuse to run.
    Require,
    /// Run with what the kernel supports.
    #[default]
    BestEffort,
    Off,
}

/// How long one effect may take, unless the recipe says otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Total wall-clock time.
    #[serde(deserialize_with = "duration")]
    pub effect_timeout: Option<Duration>,
    /// Time without progress.
    #[serde(deserialize_with = "duration")]
    pub idle_timeout: Option<Duration>,
}

/// How the record of runs is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CatalogSettings {
    /// How long runs are kept; the entries of the audit are kept twice as long.
    #[serde(deserialize_with = "duration")]
    keep: Option<Duration>,
}

impl CatalogSettings {
    /// Two years by default.
    pub fn keep(self) -> Duration {
        self.keep.unwrap_or(Duration::from_secs(730 * 24 * 3600))
    }
}

/// Reads the text of the `hikae.toml` at `path`.
pub fn parse(path: &Path, text: &str) -> Result<Settings> {
    let broken = |field: &str, error: &toml::de::Error| {
        let (why, hint) = reword(field, error.message());
        let place = error.span().map_or_else(String::new, |span| position(text, span.start));
        let error = Error::new(Kind::Other, format!("cannot read `{}{place}`", path.display())).because_text(why);
        match hint {
            Some(hint) => error.hint(hint),
            None => error,
        }
    };
    let document = toml::Deserializer::parse(text).map_err(|error| broken("", &error))?;
    let mut settings: Settings =
        serde_path_to_error::deserialize(document).map_err(|error| broken(&error.path().to_string(), error.inner()))?;
    if !settings.drill.is_empty() {
        let params = settings.params.entry(DRILL.to_owned()).or_default();
        for (name, value) in std::mem::take(&mut settings.drill) {
            params.entry(name).or_insert(value);
        }
    }
    Ok(settings)
}

/// `:line:column` of a byte, both from 1, the column in characters.
fn position(text: &str, byte: usize) -> String {
    let before = &text[..text.floor_char_boundary(byte)];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    format!(":{}:{}", before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

fn durations_by_name<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, Duration>, D::Error> {
    #[derive(Deserialize)]
    #[serde(transparent)]
    struct Time(#[serde(deserialize_with = "duration")] Option<Duration>);
    let times: BTreeMap<String, Time> = BTreeMap::deserialize(deserializer)?;
    Ok(times.into_iter().filter_map(|(name, Time(time))| Some((name, time?))).collect())
}

//! Reads the configuration folder once, and provides settings, variables, and the locations of recipes and state.

mod alerts;
mod channels;
pub mod dotenv;
mod durations;
pub mod embedded;
mod disk;
mod files;
mod filters;
mod folders;
pub mod beside;
mod recipes;
mod reword;
mod settings;
mod smtp;
mod specs;
mod trusted;
mod translations;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::{Error, Kind, Result};
use crate::suggest;

pub use alerts::{Alerts, ChannelSettings, Contacts, Escalation, PingSettings, SeverityWord};
pub use disk::DiskFiles;
pub use files::{Files, Look};
pub use filters::{EVENTS, RUN_TYPES};
pub use folders::Folders;
pub use recipes::{ModuleSource, RecipeSource};
pub use settings::{Language, Limits, Sandbox, Settings};
pub use specs::{SpecFile, SpecRoot};
pub use translations::translations;
pub use trusted::{Distrust, TrustedFiles};

/// The configuration as one run sees it.
pub struct Config {
    /// The configuration folder; it need not exist.
    pub dir: PathBuf,
    /// The folder of the catalog and the locks; it need not exist yet.
    pub state_dir: PathBuf,
    pub settings: Settings,
    /// Warnings, which stop nothing.
    pub warnings: Vec<String>,
    environment: BTreeMap<String, String>,
    dotenv: BTreeMap<String, String>,
    current: PathBuf,
    files: Arc<dyn Files>,
}

/// The source of a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    Environment,
    DotEnv,
}

impl Config {
    /// Finds and reads `hikae.toml` and `.env`; either may be absent.
    pub fn load(folders: &Folders, environment: &BTreeMap<String, String>, files: Arc<dyn Files>) -> Result<Config> {
        let dir = folders.configuration(&|name| set(environment, name), &*files)?;
        let settings = match files.read(&dir.join("hikae.toml"))? {
            Some(text) => settings::parse(&dir.join("hikae.toml"), &text)?,
            None => Settings::default(),
        };
        let dotenv = read_dotenv(&dir.join(".env"), &*files)?;
        let lookup = |name: &str| set(environment, name).or_else(|| set(&dotenv, name));
        let state_dir = folders.state(&dir, &settings, &lookup)?;
        let environment = environment.clone();
        let current = folders.current.clone();
        let mut config = Config { dir, state_dir, settings, warnings: Vec::new(), environment, dotenv, current, files };
        config.warnings = config.collect_warnings()?;
        Ok(config)
    }

    /// The same recipes and library in a simulated world: only its own variables are set, and `hikae.toml` is ignored.
    ///
    /// A spec must have the same result on every machine.
    pub fn simulated(&self, environment: BTreeMap<String, String>, state_dir: PathBuf) -> Config {
        Config {
            dir: self.dir.clone(),
            state_dir,
            settings: Settings { sandbox: Sandbox::Off, ..Settings::default() },
            warnings: Vec::new(),
            environment,
            dotenv: BTreeMap::new(),
            current: self.current.clone(),
            files: self.files.clone(),
        }
    }

    /// The value of a variable: from the process environment, else from `.env`. An empty one counts as not set.
    pub fn lookup(&self, name: &str) -> Option<&str> {
        self.find(name).map(|(value, _)| value)
    }

    /// The value of a variable, and where it was found.
    pub fn find(&self, name: &str) -> Option<(&str, Origin)> {
        let environment = set(&self.environment, name).map(|value| (value, Origin::Environment));
        environment.or_else(|| set(&self.dotenv, name).map(|value| (value, Origin::DotEnv)))
    }

    /// The path of `hikae.toml`, for messages.
    pub fn settings_path(&self) -> PathBuf {
        self.dir.join("hikae.toml")
    }

    /// The path of `.env`, for messages.
    pub fn dotenv_path(&self) -> PathBuf {
        self.dir.join(".env")
    }

    /// The language of the output: `HIKAE_LANG`, else `lang` in `hikae.toml`, else the locale.
    pub fn language(&self) -> Language {
        if let Some(asked) = self.lookup("HIKAE_LANG") {
            return language_of(asked);
        }
        let locale = || ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find_map(|name| self.lookup(name));
        self.settings.lang.unwrap_or_else(|| locale().map_or(Language::En, language_of))
    }

    fn collect_warnings(&self) -> Result<Vec<String>> {
        let mut warnings = Vec::new();
        let dotenv = self.dotenv_path();
        if self.files.mode(&dotenv).is_some_and(|mode| mode & 0o006 != 0) {
            let path = dotenv.display();
            warnings.push(format!("`{path}` is open to every user of this machine: run `chmod 600 {path}`"));
        }
        let settings = &self.settings;
        let params = settings.params.keys().map(|name| (format!("[params.{name}]"), name));
        let objectives = settings.objectives.keys().map(|name| (format!("{name} in [objectives]"), name));
        let schedules = settings.schedules.keys().map(|name| (format!("{name} in [schedules]"), name));
        let pings = settings.pings.keys().map(|name| (format!("{name} in [pings]"), name));
        let channels = settings.channels.iter().flat_map(|channel| {
            channel.recipes.iter().map(|name| (format!("{name} in recipes of the channel {}", channel.name), name))
        });
        let named: Vec<(String, &String)> =
            params.chain(objectives).chain(schedules).chain(pings).chain(channels).collect();
        let recipes = if named.is_empty() { Vec::new() } else { self.recipes()? };
        for (place, name) in named.iter().filter(|(_, name)| !recipes.contains(name)) {
            // Only a warning: a recipe may also be given as a path to anywhere.
            let near = suggest::nearest(name, recipes.iter().map(String::as_str));
            let near = near.map_or_else(String::new, |near| format!(": did you mean `{near}`?"));
            let path = self.settings_path();
            warnings.push(format!("`{place}` in `{}` is for no known recipe{near}", path.display()));
        }
        Ok(warnings)
    }
}

impl fmt::Debug for Config {
    /// Shows the folders only: the rest may hold passwords.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config").field("dir", &self.dir).field("state_dir", &self.state_dir).finish_non_exhaustive()
    }
}

/// A variable that is set and not empty, as with `${NAME:-…}` in a shell.
fn set<'a>(variables: &'a BTreeMap<String, String>, name: &str) -> Option<&'a str> {
    variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
}

fn read_dotenv(path: &Path, files: &dyn Files) -> Result<BTreeMap<String, String>> {
    // Without it, a run could back up the defaults instead of what `.env` names.
    let unreadable = |error: Error| match error.kind() {
        Kind::Denied => error.or_hint("run as the user who may read it, or name another `--config-dir`"),
        _ => error.or_hint("it must be a text file in UTF-8, of lines NAME=VALUE"),
    };
    let Some(text) = files.read(path).map_err(unreadable)? else { return Ok(BTreeMap::new()) };
    dotenv::parse(&text).map_err(|broken| {
        Error::new(Kind::Other, format!("cannot read `{}:{}`", path.display(), broken.line))
            .because_text(broken.why)
            .hint(broken.hint)
    })
}

/// The language of a locale.
pub fn language_of(locale: &str) -> Language {
    match locale.split(['_', '.', '-', '@']).next() {
        Some("ja") => Language::Ja,
        _ => Language::En,
    }
}

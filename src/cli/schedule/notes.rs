//! Reports differences between this shell and the environment of a scheduler.

use std::collections::BTreeSet;

use super::entries::Entry;
use super::place::Place;
use super::units;
use crate::cli::args::ScheduleFormat;
use crate::cli::context::Context;
use crate::config::Origin;
use crate::world::real::config_files;

/// Variables that count beside those of the params.
const BESIDE: [&str; 10] = [
    "BACKUP_ALERT_EMAIL",
    "SMTP_HOST",
    "SMTP_PORT",
    "SMTP_SECURE",
    "SMTP_USER",
    "SMTP_PASSWORD",
    "SMTP_FROM",
    "SLACK_WEBHOOK_URL",
    "TEAMS_WEBHOOK_URL",
    "PGPASSFILE",
];

/// What a person should know before the first night.
pub fn of(context: &Context, entries: &[Entry], place: &Place, format: ScheduleFormat, installs: bool) -> Vec<String> {
    let mut notes = Vec::new();
    let variables = only_here(context, entries);
    if !variables.is_empty() {
        let variables: Vec<String> = variables.iter().map(|name| format!("`{name}`")).collect();
        let dotenv = context.config.dotenv_path();
        notes.push(format!(
            "this shell alone has {}; no scheduler has them: put them into `{}`",
            variables.join(", "),
            dotenv.display()
        ));
    }
    if format == ScheduleFormat::Systemd && place.is_user_manager {
        notes.push("timers of a user run only while that user is logged in, until `loginctl enable-linger`".to_owned());
    }
    if format == ScheduleFormat::Systemd && !installs && !place.is_user_manager {
        notes.extend(missing(entries, place).into_iter().map(|folder| {
            let owner = place.user.as_ref().map(|user| format!("-o {user} ")).unwrap_or_default();
            format!("the folder `{folder}` is not there; to make it: `install -d -m 0700 {owner}{folder}`")
        }));
    }
    notes.extend(unreadable(context, place));
    notes
}

/// Variables that count, and are set in this process' environment alone.
fn only_here(context: &Context, entries: &[Entry]) -> BTreeSet<String> {
    let of_params =
        entries.iter().flat_map(|entry| &entry.job.declaration.params).filter_map(|(_, spec)| spec.env.clone());
    let all = of_params.chain(BESIDE.iter().map(|name| (*name).to_owned()));
    all.filter(|name| matches!(context.config.find(name), Some((_, Origin::Environment)))).collect()
}

/// Folders that are written to and are not there.
pub fn missing(entries: &[Entry], place: &Place) -> Vec<String> {
    let all: BTreeSet<_> = entries.iter().flat_map(|entry| units::writable(entry, place)).collect();
    let is_missing = |folder: &std::path::PathBuf| matches!(config_files::look(folder), Ok(None));
    all.into_iter()
        .filter(|folder| *folder != place.state_dir && is_missing(folder))
        .map(|folder| folder.display().to_string())
        .collect()
}

/// A `.env` that the user of the units cannot read.
fn unreadable(context: &Context, place: &Place) -> Option<String> {
    let (user, path) = (place.user.as_ref()?, context.config.dotenv_path());
    let mode = config_files::mode(&path)?;
    let path = path.display();
    (mode & 0o044 == 0 && user != "root")
        .then(|| format!("can `{user}` read `{path}`? If not: `chown root:{user} {path} && chmod 640 {path}`"))
}

//! Finds the recipes that systemd's timers run, and their times.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::planned::{Plan, recipe_of};
use crate::cli::context::Context;
use crate::world::real::config_files;

/// Where units are, in the order in which one takes the place of another.
const UNITS: [&str; 4] =
    ["/etc/systemd/system", "/run/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"];
const OF_USERS: &str = ".config/systemd/user";
/// What a timer may say in the place of an event.
const NAMES: [(&str, &str); 6] = [
    ("minutely", "*-*-* *:*:00"),
    ("hourly", "*-*-* *:00:00"),
    ("daily", "*-*-* 00:00:00"),
    ("weekly", "Mon *-*-* 00:00:00"),
    ("monthly", "*-*-01 00:00:00"),
    ("yearly", "*-01-01 00:00:00"),
];

/// The timers that are enabled and start a recipe.
pub fn plans(context: &Context) -> Vec<Plan> {
    let system: Vec<PathBuf> = UNITS.iter().map(PathBuf::from).collect();
    let own: Vec<PathBuf> =
        context.environment.get("HOME").map(|home| Path::new(home).join(OF_USERS)).into_iter().collect();
    [system, own]
        .iter()
        .flat_map(|folders| enabled(folders).into_iter().filter_map(|timer| plan(folders, &timer)))
        .collect()
}

/// The names of the timers that some target wants.
fn enabled(folders: &[PathBuf]) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for folder in folders {
        for target in config_files::names(folder).into_iter().filter(|name| name.ends_with(".wants")) {
            all.extend(config_files::names(&folder.join(target)).into_iter().filter(|name| name.ends_with(".timer")));
        }
    }
    all
}

fn plan(folders: &[PathBuf], timer: &str) -> Option<Plan> {
    let text = unit(folders, timer)?;
    let value = |text: &str, key: &str| -> Vec<String> {
        let values = text.lines().filter_map(|line| line.trim().strip_prefix(key)?.trim_start().strip_prefix('='));
        values.map(|value| value.trim().to_owned()).collect()
    };
    let service = value(&text, "Unit").pop().unwrap_or_else(|| timer.replace(".timer", ".service"));
    let commands = value(&unit(folders, &service)?, "ExecStart");
    let recipe = commands.iter().find_map(|command| recipe_of(command))?;
    let events: Option<Vec<String>> = value(&text, "OnCalendar").iter().map(|event| usual(event)).collect();
    let times = events.filter(|events| !events.is_empty()).map(|events| events.join("; "));
    Some(Plan { recipe, origin: format!("the timer `{timer}`"), times, is_cron: false })
}

/// The text of a unit: its own, or that of its template with the instance in it.
fn unit(folders: &[PathBuf], name: &str) -> Option<String> {
    let read = |name: &str| folders.iter().find_map(|folder| config_files::read(&folder.join(name)).ok().flatten());
    if let Some(text) = read(name) {
        return Some(instantiated(&text, name));
    }
    let (template, rest) = name.split_once('@')?;
    let (_, ending) = rest.rsplit_once('.')?;
    read(&format!("{template}@.{ending}")).map(|text| instantiated(&text, name))
}

fn instantiated(text: &str, name: &str) -> String {
    match name.split_once('@').and_then(|(_, rest)| rest.rsplit_once('.')) {
        Some((instance, _)) => text.replace("%i", instance).replace("%I", &instance.replace('-', "/")),
        None => text.to_owned(),
    }
}

/// An event as hikae writes it, so that two can be compared; nothing where it has a form that hikae never writes.
fn usual(event: &str) -> Option<String> {
    if let Some((_, event)) = NAMES.iter().find(|(name, _)| *name == event) {
        return Some((*event).to_owned());
    }
    let mut words: Vec<&str> = event.split_whitespace().collect();
    let time = words.pop().filter(|word| word.contains(':'))?;
    let parts: Vec<&str> = time.split(':').collect();
    let padded = |part: &str| -> Option<String> {
        let one = |number: &str| match number {
            "*" => Some("*".to_owned()),
            number => number.parse::<u32>().ok().map(|number| format!("{number:02}")),
        };
        part.split(',').map(one).collect::<Option<Vec<_>>>().map(|numbers| numbers.join(","))
    };
    let (hours, minutes) = (padded(parts.first()?)?, padded(parts.get(1)?)?);
    let seconds = padded(parts.get(2).unwrap_or(&"00"))?;
    let date = words.pop_if(|word| word.contains('-')).unwrap_or("*-*-*");
    let days = match words.as_slice() {
        [] => String::new(),
        [days] if !days.contains("..") => format!("{days} "),
        _ => return None,
    };
    (!date.contains(['/', '~', '.'])).then(|| format!("{days}{date} {hours}:{minutes}:{seconds}"))
}

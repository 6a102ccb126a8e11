//! Finds the recipes that cron runs: in crontabs, in `/etc/cron.d`, and in the folders of `run-parts`.

use std::path::{Path, PathBuf};

use super::planned::{Plan, recipe_of};
use crate::cli::context::Context;
use crate::cli::files::called;
use crate::recipe::schedule;
use crate::world::Command;
use crate::world::real::{config_files, this_process};

const CRONTABS: [&str; 2] = ["/var/spool/cron/crontabs", "/var/spool/cron"];
const SYSTEM: [&str; 2] = ["/etc/crontab", "/etc/anacrontab"];
const PIECES: &str = "/etc/cron.d";
/// Folders of scripts, each of which runs as often as the folder says.
const PARTS: [&str; 4] = ["/etc/cron.hourly", "/etc/cron.daily", "/etc/cron.weekly", "/etc/cron.monthly"];
/// What cron takes in the place of the five fields.
const NAMES: [(&str, &str); 7] = [
    ("@hourly", "0 * * * *"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@weekly", "0 0 * * 0"),
    ("@monthly", "0 0 1 * *"),
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
];
/// Programs that read crontabs.
const DAEMONS: [&str; 5] = ["cron", "crond", "fcron", "dcron", "bcron-sched"];

/// What cron runs, as far as it can be read.
pub fn plans(context: &Context) -> Vec<Plan> {
    let lines = crontabs(context).into_iter().flat_map(|(origin, text)| of_text(&text, &origin));
    lines.chain(PARTS.iter().flat_map(|folder| parts(Path::new(folder)))).collect()
}

/// Whether a program that reads crontabs runs here; nothing where that cannot be seen.
pub fn daemon_runs() -> Option<bool> {
    // Other users may not see the processes of root.
    (this_process::user_id() == 0).then_some(())?;
    let processes = config_files::list(Path::new("/proc")).ok().flatten()?;
    let name = |pid: &String| config_files::read(&Path::new("/proc").join(pid).join("comm")).ok().flatten();
    let numbers = processes.iter().filter(|name| name.bytes().all(|byte| byte.is_ascii_digit()));
    let runs = numbers.filter_map(name).any(|name| DAEMONS.contains(&name.trim()));
    // systemd-cron turns crontabs into timers, and runs no daemon.
    let generator = "systemd/system-generators/systemd-crontab-generator";
    let made = ["/lib", "/usr/lib"].iter().any(|lib| exists(&Path::new(lib).join(generator)));
    Some(runs || made)
}

fn exists(path: &Path) -> bool {
    config_files::look(path).is_ok_and(|seen| seen.is_some())
}

/// The crontabs that can be read, each with what it is called.
fn crontabs(context: &Context) -> Vec<(String, String)> {
    let mut paths: Vec<PathBuf> = SYSTEM.iter().map(PathBuf::from).collect();
    // Debian's cron skips names with a dot, which are leftovers of editors and packages.
    let skips_dots = exists(Path::new("/etc/debian_version"));
    let pieces = config_files::names(Path::new(PIECES)).into_iter().filter(|name| !(name.contains('.') && skips_dots));
    paths.extend(pieces.map(|name| Path::new(PIECES).join(name)));
    let is_root = this_process::user_id() == 0;
    if is_root {
        for folder in CRONTABS.map(Path::new) {
            paths.extend(config_files::names(folder).into_iter().map(|name| folder.join(name)));
        }
    }
    // An unreadable file belongs to somebody else.
    let read = |path: PathBuf| Some((format!("`{}`", path.display()), config_files::read(&path).ok().flatten()?));
    let mut found: Vec<(String, String)> = paths.into_iter().filter_map(read).collect();
    if !is_root && this_process::find_program("crontab", &context.environment).is_ok() {
        let mut command = Command::new("crontab");
        command.args.push("-l".to_owned());
        if let Ok((text, exit)) = called(command, None)
            && exit.success()
        {
            found.push(("your crontab".to_owned(), text));
        }
    }
    found
}

/// What the lines of a crontab run.
fn of_text(text: &str, origin: &str) -> Vec<Plan> {
    text.lines().filter_map(|line| of_line(line, origin)).collect()
}

fn of_line(line: &str, origin: &str) -> Option<Plan> {
    let line = line.trim();
    let words: Vec<&str> = line.split_whitespace().collect();
    let first = words.first().filter(|word| !word.starts_with('#'))?;
    let recipe = recipe_of(line)?;
    let named = NAMES.iter().find(|(name, _)| name == first).map(|(_, fields)| (*fields).to_owned());
    // `@reboot` and the lines of anacron have other fields, which are not compared.
    let fields = || Some(words.iter().take(5).copied().collect::<Vec<_>>().join(" "));
    let times = named.or_else(fields).filter(|fields| schedule::read(fields).is_ok());
    Some(Plan { recipe, origin: origin.to_owned(), times, is_cron: true })
}

/// What the scripts of a folder run.
fn parts(folder: &Path) -> Vec<Plan> {
    let of = |name: String| {
        let path = folder.join(&name);
        // A file that is not executable is skipped.
        config_files::mode(&path).filter(|mode| mode & 0o111 != 0)?;
        let text = config_files::read(&path).ok().flatten()?;
        let lines = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
        let found = lines.filter_map(recipe_of).map(|recipe| Plan {
            recipe,
            origin: format!("`{}`", path.display()),
            times: None,
            is_cron: true,
        });
        Some(found.collect::<Vec<_>>())
    };
    config_files::names(folder).into_iter().filter_map(of).flatten().collect()
}

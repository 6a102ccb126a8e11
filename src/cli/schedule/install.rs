//! Installs schedules on this machine, and removes them; the changes are shown first.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::entries::Entry;
use super::place::Place;
use super::{MADE_BY, crontab, notes, systemd};
use crate::cli::alerting::block_on;
use crate::cli::args::{ScheduleArgs, ScheduleFormat};
use crate::cli::context::Context;
use crate::cli::exit;
use crate::cli::files::{self, TextFile, agreed, called, print_diff};
use crate::error::{Error, Kind, Result};
use crate::world::program::failure;
use crate::world::real::config_files;
use crate::world::real::path_checks;
use crate::world::{Command, SecretOrText};

pub fn install(
    context: &Context,
    args: &ScheduleArgs,
    place: &Place,
    made: &[TextFile],
    entries: &[Entry],
) -> Result<ExitCode> {
    match args.format {
        ScheduleFormat::Crontab => replace_block(context, args, place, &crontab::text(entries, place)),
        ScheduleFormat::Systemd => {
            let timers = entries.iter().map(|entry| format!("{}.timer", systemd::unit(entry))).collect();
            let folders = if place.is_user_manager { Vec::new() } else { notes::missing(entries, place) };
            Units::read(context, args, place)?.change(made, timers, &folders, args.recipes.is_empty())
        }
        ScheduleFormat::Kubernetes | ScheduleFormat::Nomad => Err(only_here("install")),
    }
}

pub fn remove(context: &Context, args: &ScheduleArgs, place: &Place) -> Result<ExitCode> {
    match args.format {
        ScheduleFormat::Crontab => replace_block(context, args, place, ""),
        ScheduleFormat::Systemd => Units::read(context, args, place)?.change(&[], Vec::new(), &[], true),
        ScheduleFormat::Kubernetes | ScheduleFormat::Nomad => Err(only_here("remove")),
    }
}

fn only_here(verb: &str) -> Error {
    Error::new(Kind::Recipe, format!("`--{verb}` is for `crontab` and `systemd`"))
        .hint("write the files with `--out DIR`, and apply them with `kubectl apply -f` or `nomad job run`")
}

/// Puts the block into the crontab of the user, where it changes anything.
fn replace_block(context: &Context, args: &ScheduleArgs, place: &Place, block: &str) -> Result<ExitCode> {
    let crontab = |last: &str| {
        let mut command = Command::new("crontab");
        command.args.extend(place.user.iter().flat_map(|user| ["-u".to_owned(), user.clone()]));
        command.args.push(last.to_owned());
        command
    };
    let (listed, exit) = called(crontab("-l"), None)?;
    // Without a crontab, it also exits with 1, but prints only `no crontab`.
    if !exit.success() && !exit.stderr.contains("no crontab") {
        return Err(failure("crontab", &exit));
    }
    let new = crontab::with_block(&listed, block)?;
    if new == listed {
        context.print_line("nothing changes");
        return Ok(ExitCode::SUCCESS);
    }
    print_diff(context, "crontab", &listed, &new)?;
    if !agreed(context, "Change the crontab?", args.yes)? {
        return Ok(ExitCode::from(exit::FAILED));
    }
    let mut command = crontab("-");
    command.stdin = true;
    succeeded(command, Some(new))?;
    context.print_line("the crontab is changed; `hikae schedule --remove` takes it back");
    Ok(ExitCode::SUCCESS)
}

/// The units of hikae in the folder of systemd.
struct Units<'a> {
    context: &'a Context,
    place: &'a Place,
    dir: PathBuf,
    yes: bool,
    /// What hikae has made there, with its text.
    present: Vec<(String, String)>,
}

impl Units<'_> {
    fn read<'a>(context: &'a Context, args: &ScheduleArgs, place: &'a Place) -> Result<Units<'a>> {
        let dir = match (&args.out, place.is_user_manager) {
            (Some(dir), _) => path_checks::from_here(dir)?,
            (None, false) => PathBuf::from("/etc/systemd/system"),
            (None, true) => home(context)?.join(".config/systemd/user"),
        };
        let mut present = Vec::new();
        for name in config_files::list(&dir)?.unwrap_or_default() {
            let is_unit = name.starts_with("hikae-") && (name.ends_with(".service") || name.ends_with(".timer"));
            let text = if is_unit { config_files::read(&dir.join(&name))? } else { None };
            present.extend(text.map(|text| (name, text)));
        }
        present.sort();
        Ok(Units { context, place, dir, yes: args.yes, present })
    }

    /// Writes what is new, removes what is left over where `whole`, and starts the timers.
    fn change(&self, made: &[TextFile], timers: Vec<String>, folders: &[String], whole: bool) -> Result<ExitCode> {
        let old = |name: &str| self.present.iter().find(|(known, _)| known == name).map_or("", |(_, text)| text);
        if let Some(file) = made.iter().find(|file| !old(&file.name).is_empty() && !old(&file.name).contains(MADE_BY)) {
            let what = format!("`{}` was not made by `hikae schedule`", self.dir.join(&file.name).display());
            return Err(Error::new(Kind::Recipe, what).hint("move it away first"));
        }
        let is_left =
            |name: &str, text: &str| whole && text.contains(MADE_BY) && !made.iter().any(|file| file.name == name);
        let left: Vec<&String> =
            self.present.iter().filter(|(name, text)| is_left(name, text)).map(|(name, _)| name).collect();
        let changed = made.iter().any(|file| old(&file.name) != file.text);
        if !changed && left.is_empty() && folders.is_empty() {
            self.context.print_line("nothing changes");
            return Ok(ExitCode::SUCCESS);
        }
        for file in made {
            self.show(&file.name, old(&file.name), &file.text)?;
        }
        for name in &left {
            self.show(name, old(name), "")?;
        }
        for folder in folders {
            self.context.print_line(&format!("makes the folder `{folder}`"));
        }
        if !agreed(self.context, "Change the units of systemd?", self.yes)? {
            return Ok(ExitCode::from(exit::FAILED));
        }
        self.apply(made, &timers, folders, &left)?;
        self.context.print_line("the timers are changed; `hikae schedule --format systemd --remove` takes them back");
        Ok(ExitCode::SUCCESS)
    }

    fn show(&self, name: &str, old: &str, new: &str) -> Result<()> {
        print_diff(self.context, &self.dir.join(name).display().to_string(), old, new)
    }

    fn apply(&self, made: &[TextFile], timers: &[String], folders: &[String], left: &[&String]) -> Result<()> {
        let left_timers: Vec<String> =
            left.iter().filter(|name| name.ends_with(".timer")).map(|name| (*name).clone()).collect();
        if !left_timers.is_empty() {
            self.systemctl(&["disable", "--now"], &left_timers)?;
        }
        files::write_all(&self.dir, made)?;
        let caller = files::caller();
        block_on(async |_stop| {
            caller.remove_many(left.iter().map(|name| self.dir.join(name)).collect()).await?;
            for folder in folders {
                caller.mkdir(Path::new(folder), 0o700).await?;
                if self.place.user.is_some() {
                    caller.set_owner(Path::new(folder), self.place.user.clone(), None).await?;
                }
            }
            Ok::<(), Error>(())
        })??;
        self.systemctl(&["daemon-reload"], &[])?;
        if !timers.is_empty() {
            self.systemctl(&["enable", "--now"], timers)?;
        }
        Ok(())
    }

    fn systemctl(&self, verb: &[&str], units: &[String]) -> Result<()> {
        let mut command = Command::new("systemctl");
        command.args.extend(self.place.is_user_manager.then(|| "--user".to_owned()));
        command.args.extend(verb.iter().map(|word| (*word).to_owned()));
        command.args.extend(units.iter().cloned());
        // Without it, a user's service manager cannot be found.
        let runtime = self.context.environment.get("XDG_RUNTIME_DIR");
        command.env.extend(runtime.map(|dir| ("XDG_RUNTIME_DIR".to_owned(), SecretOrText::Plain(dir.clone()))));
        succeeded(command, None)
    }
}

fn home(context: &Context) -> Result<PathBuf> {
    let home = context.environment.get("HOME").filter(|home| home.starts_with('/'));
    home.map(PathBuf::from).ok_or_else(|| {
        Error::new(Kind::NotFound, "cannot find the folder of your units: `HOME` is not set")
            .hint("name it: `--out DIR`")
    })
}

fn succeeded(command: Command, input: Option<String>) -> Result<()> {
    let program = command.program.clone();
    let (_, exit) = called(command, input)?;
    if exit.success() { Ok(()) } else { Err(failure(&program, &exit)) }
}

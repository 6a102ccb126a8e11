//! `hikae schedule`: prints, writes or installs the files with which a scheduler runs the recipes.

use std::path::Path;
use std::process::ExitCode;

pub mod calendar;
mod crontab;
mod entries;
mod install;
mod kubernetes;
mod nomad;
mod notes;
mod place;
mod systemd;
mod units;
mod yaml;

use super::args::{ScheduleArgs, ScheduleFormat};
use super::context::Context;
use super::exit;
use super::files::{self, TextFile};
use crate::error::{Error, Kind, Result};
use crate::report::table::print_text;
use crate::world::real::config_files;
use crate::world::real::path_checks;
use entries::Entry;
use place::Place;
pub use place::{system_zone, zone};

/// By this line hikae knows what it has made, and may change again.
const MADE_BY: &str = "# Made by `hikae schedule`.";

pub fn main(context: &Context, args: &ScheduleArgs) -> Result<ExitCode> {
    match scheduled(context, args) {
        Err(error) if error.kind() == Kind::Recipe || error.kind() == Kind::NotFound => {
            context.print_error(&error);
            Ok(ExitCode::from(exit::MISUSE))
        }
        other => other,
    }
}

fn scheduled(context: &Context, args: &ScheduleArgs) -> Result<ExitCode> {
    let place = Place::of(context, args)?;
    if args.remove {
        return install::remove(context, args, &place);
    }
    let entries = entries::chosen(context, &args.recipes)?;
    let files = files_of(args.format, &entries, &place)?;
    for note in notes::of(context, &entries, &place, args.format, args.install) {
        context.print_line(&format!("note: {note}"));
    }
    if args.install {
        return install::install(context, args, &place, &files, &entries);
    }
    match &args.out {
        Some(dir) => write(context, dir, &files)?,
        None => print_text(&mut context.out(), &shown(&files))?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The files for a scheduler.
fn files_of(format: ScheduleFormat, entries: &[Entry], place: &Place) -> Result<Vec<TextFile>> {
    match format {
        ScheduleFormat::Crontab => Ok(vec![TextFile::new("hikae.crontab", crontab::text(entries, place))]),
        ScheduleFormat::Systemd => Ok(systemd::files(entries, place)),
        ScheduleFormat::Kubernetes => kubernetes::files(entries, place),
        ScheduleFormat::Nomad => nomad::files(entries, place),
    }
}

/// One file as it is; several with a line above each that names it.
fn shown(files: &[TextFile]) -> String {
    match files {
        [only] => only.text.clone(),
        several => several.iter().map(|file| format!("# {}\n{}", file.name, file.text)).collect::<Vec<_>>().join("\n"),
    }
}

/// Writes the files into a folder; what hikae has not made stays as it is.
fn write(context: &Context, dir: &Path, files: &[TextFile]) -> Result<()> {
    let dir = path_checks::from_here(dir)?;
    for file in files {
        let path = dir.join(&file.name);
        if config_files::read(&path)?.is_some_and(|text| !text.contains(MADE_BY)) {
            let what = format!("`{}` was not made by `hikae schedule`", path.display());
            return Err(Error::new(Kind::AlreadyExists, what).hint("move it away, or choose another folder"));
        }
    }
    files::write_all(&dir, files)?;
    print_text(&mut context.out(), &files::written(&dir, files))
}

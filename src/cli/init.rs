//! `hikae init`: creates a configuration folder that is ready to use, and asks for its values on a terminal.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

mod contents;
mod questions;
mod trials;

use super::args::{Global, InitArgs};
use super::context::Context;
use super::files::{self, TextFile};
use super::{context, exit};
use crate::config::{Distrust, dotenv};
use crate::error::{Error, Result};
use crate::report::Facts;
use crate::report::table::{print_said, print_text};
use crate::world::real::{config_files, path_checks, this_process};

/// The default folder of root; other users get the current one.
const DEFAULT: &str = "/etc/hikae";

/// What `.env` is to say, by the names of the variables.
type Answers = BTreeMap<&'static str, String>;

pub fn main(global: &Global, args: &InitArgs) -> ExitCode {
    match made(global, args) {
        Ok(code) => code,
        Err(error) => {
            context::print_error(&error, &Facts::read(&this_process::environment()), &|_| None);
            ExitCode::from(exit::FAILED)
        }
    }
}

fn made(global: &Global, args: &InitArgs) -> Result<ExitCode> {
    let dir = folder(global, args)?;
    let exists = config_files::list(&dir)?.is_some();
    // Other commands require the given folder to exist; this one creates it.
    let read_from = if exists { dir.clone() } else { PathBuf::from("/") };
    let context = Context::load(&Global { config_dir: Some(read_from) }, Distrust::Warn)?;
    print_said(&mut context.out(), &format!("configuration folder: {}\n", dir.display()))?;
    let variables = config_files::read(&dir.join(".env"))?;
    let answers = if variables.as_deref().is_some_and(sets_values) {
        // Its values were chosen by the person who wrote it.
        Answers::new()
    } else if questions::can_ask() && !args.has_values() {
        questions::ask(&context)?
    } else {
        given(&context, args)
    };
    let all = contents::files(&answers, context.config.language())?;
    let filled = match &variables {
        Some(text) if !answers.is_empty() => Some(contents::filled(text, &answers)?),
        _ => None,
    };
    let (new, kept): (Vec<TextFile>, Vec<TextFile>) = {
        let mut new = Vec::new();
        let mut kept = Vec::new();
        for file in all {
            let there = config_files::look(&dir.join(&file.name))?.is_some();
            if there { kept.push(file) } else { new.push(file) }
        }
        (new, kept)
    };
    files::write_all(&dir, &new)?;
    make_folders(&dir)?;
    print_text(&mut context.out(), &shown(&dir, &new))?;
    if let Some(text) = &filled {
        config_files::overwrite(&dir.join(".env"), text)?;
        print_said(&mut context.out(), &format!("filled in: {}\n", dir.join(".env").display()))?;
    }
    let kept: String = kept
        .iter()
        .filter(|file| !file.name.starts_with(contents::TYPES))
        .filter(|file| file.name != ".env" || filled.is_none())
        .map(|file| format!("kept as it is: {}\n", dir.join(&file.name).display()))
        .collect();
    print_said(&mut context.out(), &kept)?;
    print_said(&mut context.out(), &next(&dir))?;
    Ok(ExitCode::SUCCESS)
}

/// Whether a `.env` sets anything: one of comments alone, as the packages bring it, is there to be filled in.
fn sets_values(text: &str) -> bool {
    dotenv::parse(text).is_ok_and(|values| !values.is_empty())
}

/// The folder that is meant: as the argument, a flag or the environment names it.
fn folder(global: &Global, args: &InitArgs) -> Result<PathBuf> {
    let environment = this_process::environment();
    let from_environment = environment.get("HIKAE_CONFIG_DIR").filter(|dir| !dir.is_empty()).map(PathBuf::from);
    let named = args.dir.clone().or_else(|| global.config_dir.clone()).or(from_environment);
    let named = named.unwrap_or_else(|| match this_process::user_id() {
        0 => PathBuf::from(DEFAULT),
        _ => PathBuf::from("."),
    });
    let current = this_process::current_dir()?;
    Ok(path_checks::resolved(&if named == Path::new(".") { current } else { current.join(named) }))
}

/// The values of the flags, each tried; one that does not work is reported, and written anyway.
fn given(context: &Context, args: &InitArgs) -> Answers {
    let mut answers = Answers::new();
    let flags = [
        ("DB_NAME", &args.database),
        ("DB_HOST", &args.host),
        ("DB_PORT", &args.port.map(|port| port.to_string())),
        ("DB_USER", &args.user),
        ("BACKUP_DIR", &args.backup_dir.as_ref().map(|dir| dir.display().to_string())),
        ("BACKUP_ALERT_EMAIL", &args.mail),
    ];
    for (name, value) in flags {
        if let Some(value) = value {
            answers.insert(name, value.clone());
        }
    }
    if args.has_values()
        && let Some(password) = context.config.lookup("DB_PASSWORD")
    {
        answers.insert("DB_PASSWORD", password.to_owned());
    }
    for trial in trials::all(&answers) {
        context.print_line(&trial.line());
    }
    answers
}

fn make_folders(dir: &Path) -> Result<()> {
    let caller = files::caller();
    super::alerting::block_on(async |_stop| {
        for folder in ["recipes", "channels", "templates"] {
            caller.mkdir(&dir.join(folder), 0o755).await?;
        }
        Ok::<(), Error>(())
    })?
}

/// The files that people change; those for editors are counted.
fn shown(dir: &Path, new: &[TextFile]) -> String {
    let (types, own): (Vec<&TextFile>, Vec<&TextFile>) =
        new.iter().partition(|file| file.name.starts_with(contents::TYPES));
    let mut text: String = own.iter().map(|file| format!("  {}\n", dir.join(&file.name).display())).collect();
    if !types.is_empty() {
        text.push_str(&format!("  {} ({})\n", dir.join(contents::TYPES).display(), types.len()));
    }
    text
}

fn next(dir: &Path) -> String {
    let is_found =
        dir == Path::new(DEFAULT) || this_process::current_dir().is_ok_and(|current| current.starts_with(dir));
    let hikae = match is_found {
        true => "hikae".to_owned(),
        false => format!("hikae --config-dir {}", crate::world::command::quoted(&dir.display().to_string())),
    };
    format!(
        "\nnext steps:\n\
         {hikae} check                     # is all in order?\n\
         {hikae} run db-backup             # the first backup\n\
         {hikae} run backup-test           # can it be restored?\n\
         {hikae} schedule --install        # each night\n"
    )
}

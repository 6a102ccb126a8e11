//! `hikae restore`: shows the available backups and the plan, and then runs the recipe `db-restore`.

use std::io::{IsTerminal, stderr, stdin};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

mod backups;

use super::args::{RestoreArgs, RunArgs};
use super::context::Context;
use super::files::{answer, run_self};
use super::{exit, run};
use crate::error::{Error, Kind, Result};
use crate::recipe::job::{Job, Wishes};
use crate::recipe::loader;
use crate::recipe::values::ParamValue;
use crate::report::table::{print_json_lines, print_said};
use crate::report::translated;
use crate::world::real::this_process;
use backups::Found;

const RECIPE: &str = "db-restore";

pub fn main(context: &Context, args: &RestoreArgs) -> ExitCode {
    match restored(context, args) {
        Ok(code) => code,
        Err(error) => {
            context.print_error(&error);
            let is_misuse = matches!(error.kind(), Kind::Recipe | Kind::NotFound);
            ExitCode::from(if is_misuse { exit::MISUSE } else { exit::FAILED })
        }
    }
}

fn restored(context: &Context, args: &RestoreArgs) -> Result<ExitCode> {
    let mut set = args.set.clone();
    let current = this_process::current_dir()?;
    set.extend(args.database.iter().map(|name| ("database".to_owned(), name.clone())));
    set.extend(args.dir.iter().map(|dir| ("dir".to_owned(), current.join(dir).display().to_string())));
    let file = match &args.file {
        Some(file) => current.join(file),
        None => {
            let found = list(context, &set)?;
            if args.list {
                return shown(context, args, &found);
            }
            chosen(context, args, &found)?
        }
    };
    set.push(("file".to_owned(), file.display().to_string()));
    if !args.yes && !args.json {
        plan(context, &set)?;
    }
    Ok(run::main(context, of(set, args)))
}

/// The backups of the database, in the folder that the recipe would look into, the newest first.
fn list(context: &Context, set: &[(String, String)]) -> Result<Vec<Found>> {
    let source = context.config.recipe_source(RECIPE)?;
    let declaration = loader::declaration(&context.config, &source)?;
    let job = Job::new(context.config.clone(), source, declaration, Wishes { set: set.to_vec(), ..Wishes::default() })?;
    let text = |name: &str| match job.params.get(name) {
        Some(ParamValue::String(text)) => Some(text.clone()),
        Some(ParamValue::Path(path)) => Some(path.display().to_string()),
        _ => None,
    };
    let (dir, database) =
        (PathBuf::from(text("dir").unwrap_or_default()), text("dump_of").or_else(|| text("database")));
    let found = backups::of(context, &dir, database.as_deref())?;
    if found.is_empty() {
        let database = database.unwrap_or_default();
        let what = format!("there is no backup of the database `{database}` in `{}`", dir.display());
        return Err(Error::new(Kind::NotFound, what)
            .hint("name its folder with `--dir`, its database with `--database`, or its file"));
    }
    Ok(found)
}

fn shown(context: &Context, args: &RestoreArgs, found: &[Found]) -> Result<ExitCode> {
    match args.json {
        true => print_json_lines(&mut context.out(), found)?,
        false => backups::print(context, &mut context.out(), found)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The backup that a person chooses.
fn chosen(context: &Context, args: &RestoreArgs, found: &[Found]) -> Result<PathBuf> {
    if args.yes || args.json || !stdin().is_terminal() || !stderr().is_terminal() {
        let error = Error::new(Kind::Recipe, "no backup is named, and nobody is there to choose one");
        return Err(error.hint("`hikae restore --list` shows them; name one, and add `--yes`"));
    }
    backups::print(context, &mut stderr().lock(), found)?;
    loop {
        let said = answer(&format!("{} [1]: ", translated("which backup? (a number, or `q`)")))?;
        let number = if said.is_empty() { Ok(1) } else { said.parse::<usize>() };
        match number {
            Ok(number) if (1..=found.len()).contains(&number) => {
                return Ok(Path::new(&found[number - 1].path).to_owned());
            }
            _ if said == "q" => return Err(Error::new(Kind::Cancelled, "not confirmed: nothing was changed")),
            _ => context.print_line(&format!("write a number from 1 to {}", found.len())),
        }
    }
}

/// Shows the plan, as `hikae run db-restore --dry-run` does.
fn plan(context: &Context, set: &[(String, String)]) -> Result<()> {
    let mut words = vec!["--config-dir".to_owned(), context.config.dir.display().to_string()];
    words.extend(["run", RECIPE, "--dry-run"].map(str::to_owned));
    words.extend(set.iter().flat_map(|(name, value)| ["--set".to_owned(), format!("{name}={value}")]));
    // If planning fails, still ask: the restore itself reports the error.
    let (text, _exit) = run_self(context, words)?;
    print_said(&mut stderr().lock(), &text)
}

fn of(set: Vec<(String, String)>, args: &RestoreArgs) -> RunArgs {
    RunArgs {
        recipe: RECIPE.to_owned(),
        set,
        run_type: None,
        dry_run: false,
        yes: args.yes,
        json: args.json,
        quiet: false,
        no_alert: false,
        verbose: false,
        given: false,
    }
}

//! Completes the names that are specific to this machine: recipes, params, runs and targets.

use std::ffi::OsStr;

use clap::{Command, CommandFactory};
use clap_complete::env::Shells;
use clap_complete::{ArgValueCompleter, CompleteEnv, CompletionCandidate};

use super::args::{Arguments, Global};
use super::context::Context;
use super::runs;
use crate::catalog::RunFilter;
use crate::config::Distrust;
use crate::error::{Error, Kind, Result};
use crate::recipe::loader;

/// The variable by which a shell asks for completions.
const VARIABLE: &str = "COMPLETE";
/// How many runs are offered, the newest first.
const RUNS: usize = 50;

/// Answers a shell that asks for completions; then the process ends here.
pub fn answer_shell() {
    CompleteEnv::with_factory(|| completing(Arguments::command())).var(VARIABLE).complete();
}

/// The command with what completes the values of its arguments, which have the same names in all of its commands.
fn completing(command: Command) -> Command {
    let command = command.mut_args(|arg| match arg.get_id().as_str() {
        "recipe" | "recipes" => arg.add(recipe()),
        "target" => arg.add(target()),
        "run" | "id" => arg.add(run_id()),
        "set" => arg.add(param()),
        _ => arg,
    });
    command.mut_subcommands(completing)
}

/// The script by which a shell asks this program for completions.
pub fn script(shell: clap_complete::Shell) -> Result<String> {
    let name = shell.to_string();
    let cannot = |error: Error| error.within(format!("cannot make the completions for `{name}`"));
    let shells = Shells::builtins();
    let completer = shells.completer(&name).ok_or_else(|| cannot(Error::new(Kind::Other, "there are none")))?;
    let mut script = Vec::new();
    let written = completer.write_registration(VARIABLE, "hikae", "hikae", "hikae", &mut script);
    written.map_err(|cause| cannot(Error::io("cannot write them", cause)))?;
    Ok(String::from_utf8_lossy(&script).into_owned())
}

fn recipe() -> ArgValueCompleter {
    ArgValueCompleter::new(|typed: &OsStr| {
        beginning(typed, context().and_then(|context| context.config.recipes().ok()).unwrap_or_default())
    })
}

fn run_id() -> ArgValueCompleter {
    ArgValueCompleter::new(|typed: &OsStr| beginning(typed, run_ids().unwrap_or_default()))
}

fn target() -> ArgValueCompleter {
    ArgValueCompleter::new(|typed: &OsStr| beginning(typed, targets().unwrap_or_default()))
}

/// The params of the recipe that is named on the line, each with its `=`.
fn param() -> ArgValueCompleter {
    ArgValueCompleter::new(|typed: &OsStr| beginning(typed, params().unwrap_or_default()))
}

/// A shell that completes gets no error: it would be printed into the line that is typed.
fn context() -> Option<Context> {
    Context::load(&Global { config_dir: None }, Distrust::Refuse).ok()
}

fn run_ids() -> Option<Vec<String>> {
    let context = context()?;
    let filter = RunFilter { limit: Some(RUNS), ..RunFilter::default() };
    let runs = runs::catalog(&context).ok()?.runs(&filter, &|_| true).ok()?;
    Some(runs.into_iter().map(|run| run.id).collect())
}

fn targets() -> Option<Vec<String>> {
    let histories = runs::catalog(&context()?).ok()?.histories(&|_| true).ok()?;
    Some(histories.into_iter().map(|history| history.target).collect())
}

fn params() -> Option<Vec<String>> {
    let context = context()?;
    let words = std::env::args().skip_while(|word| word != "run").skip(1);
    let known = context.config.recipes().ok()?;
    let recipe = words.into_iter().find(|word| word.ends_with(".lua") || known.contains(word))?;
    let source = context.config.recipe_source(&recipe).ok()?;
    let declaration = loader::declaration(&context.config, &source).ok()?;
    Some(declaration.params.into_iter().map(|(name, _)| format!("{name}=")).collect())
}

fn beginning(typed: &OsStr, known: Vec<String>) -> Vec<CompletionCandidate> {
    let typed = typed.to_string_lossy();
    known.into_iter().filter(|word| word.starts_with(&*typed)).map(CompletionCandidate::new).collect()
}

//! Shows the help of every command, and the errors of a command line, in the reader's language.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::Write;

use clap::builder::StyledStr;
use clap::{Arg, ArgAction, Command, CommandFactory, FromArgMatches};

use super::args::Arguments;
use crate::config::{Language, language_of};
use crate::report::translate::{speak_japanese, speaks_japanese, translated};

/// How the help of a command is laid out: as clap does it, with the words of the language.
const LAYOUT: &str = "{before-help}{about-with-newline}\n使い方: {usage}\n\n{all-args}{after-help}";

/// Reads the command line. Help and errors are in the language that the environment names: no configuration is read by then.
pub fn parse(
    environment: &BTreeMap<String, String>,
    line: impl IntoIterator<Item = OsString>,
) -> Result<Arguments, clap::Error> {
    let mut command = Arguments::command();
    if environment_language(environment) == Language::Ja {
        speak_japanese();
        command = in_japanese(command, true);
    }
    let matches = command.try_get_matches_from_mut(line)?;
    Arguments::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
}

/// Prints what clap has to say, line by line in the reader's language.
pub fn print(error: &clap::Error) -> std::io::Result<()> {
    if !speaks_japanese() {
        return error.print();
    }
    let text = error.render().to_string();
    let lines: Vec<_> = text.split('\n').map(translated).collect();
    let mut out: Box<dyn Write> =
        if error.use_stderr() { Box::new(std::io::stderr().lock()) } else { Box::new(std::io::stdout().lock()) };
    out.write_all(lines.join("\n").as_bytes())
}

fn environment_language(environment: &BTreeMap<String, String>) -> Language {
    let named = ["HIKAE_LANG", "LC_ALL", "LC_MESSAGES", "LANG"];
    let set = named.into_iter().filter_map(|name| environment.get(name)).find(|value| !value.is_empty());
    set.map_or(Language::En, |locale| language_of(locale))
}

/// The command with its help in Japanese, and all commands below it.
fn in_japanese(command: Command, is_top: bool) -> Command {
    let about = command.get_about().map(words);
    let after = command.get_after_help().map(words);
    let mut command =
        command.help_template(LAYOUT).subcommand_help_heading("コマンド").disable_help_flag(true).mut_args(argument);
    if let Some(about) = about {
        command = command.about(about);
    }
    if let Some(after) = after {
        command = command.after_help(after);
    }
    if is_top {
        command = command.disable_version_flag(true).arg(version());
    }
    command.mut_subcommands(|below| in_japanese(below, false)).arg(help())
}

fn argument(arg: Arg) -> Arg {
    let heading = if arg.is_positional() { "引数" } else { "オプション" };
    let mut shown = arg.get_help().map(words).unwrap_or_default();
    if !arg.get_action().takes_values() {
        return arg.help(shown).help_heading(heading);
    }
    let default: Vec<_> = arg.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
    if !default.is_empty() {
        shown.push_str(&format!(" [既定値: {}]", default.join(" ")));
    }
    let possible: Vec<String> = arg.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect();
    if !possible.is_empty() && !arg.is_hide_possible_values_set() {
        shown.push_str(&format!(" [使える値: {}]", possible.join(", ")));
    }
    arg.help(shown).hide_default_value(true).hide_possible_values(true).help_heading(heading)
}

fn help() -> Arg {
    let shown = words(&StyledStr::from("Print help"));
    Arg::new("help").short('h').long("help").action(ArgAction::Help).help(shown).help_heading("オプション")
}

fn version() -> Arg {
    let shown = words(&StyledStr::from("Print version"));
    Arg::new("version").short('V').long("version").action(ArgAction::Version).help(shown).help_heading("オプション")
}

fn words(text: &StyledStr) -> String {
    translated(&text.to_string()).into_owned()
}

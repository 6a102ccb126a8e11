//! `hikae man`: the manual page of hikae, or of one of its commands; or all of them, written into a folder.

use std::path::Path;
use std::process::ExitCode;

use clap::{Command, CommandFactory};

use super::args::{Arguments, ManArgs};
use super::context::Context;
use super::exit;
use super::files::{self, TextFile};
use crate::error::{Error, Kind, Result};
use crate::report::table::print_text;
use crate::suggest;
use crate::world::real::path_checks;

pub fn main(context: &Context, args: &ManArgs) -> Result<ExitCode> {
    let mut app = Arguments::command();
    app.build();
    if let Some(dir) = &args.out {
        return write_pages(context, &app, dir);
    }
    let mut page = &app;
    for word in &args.command {
        let known: Vec<&str> = page.get_subcommands().map(Command::get_name).collect();
        let Some(found) = page.find_subcommand(word) else {
            let error = Error::new(Kind::NotFound, format!("there is no command `{word}`"));
            context.print_error(&error.or_hint(suggest::hint(word, known)));
            return Ok(ExitCode::from(exit::MISUSE));
        };
        page = found;
    }
    print_text(&mut context.out(), &rendered(page)?)?;
    Ok(ExitCode::SUCCESS)
}

fn rendered(page: &Command) -> Result<String> {
    let mut text = Vec::new();
    clap_mangen::Man::new(page.clone())
        .render(&mut text)
        .map_err(|cause| Error::io("cannot write the manual page", cause))?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// The pages of a command and of all commands below it: `hikae.1`, `hikae-runs-show.1`.
fn pages(command: &Command, into: &mut Vec<TextFile>) -> Result<()> {
    let name = command.get_display_name().unwrap_or_else(|| command.get_name());
    into.push(TextFile::new(format!("{name}.1"), rendered(command)?));
    let shown = command.get_subcommands().filter(|below| !below.is_hide_set() && below.get_name() != "help");
    shown.into_iter().try_for_each(|below| pages(below, into))
}

fn write_pages(context: &Context, app: &Command, dir: &Path) -> Result<ExitCode> {
    let mut made = Vec::new();
    pages(app, &mut made)?;
    let dir = path_checks::from_here(dir)?;
    files::write_all(&dir, &made)?;
    print_text(&mut context.out(), &format!("{} files written to `{}`\n", made.len(), dir.display()))?;
    Ok(ExitCode::SUCCESS)
}

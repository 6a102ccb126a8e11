//! `hikae man`: the manual page of hikae, or of one of its commands.

use std::process::ExitCode;

use clap::CommandFactory;

use super::args::Arguments;
use super::context::Context;
use super::exit;
use crate::error::{Error, Kind, Result};
use crate::report::table::print_text;
use crate::suggest;

pub fn main(context: &Context, words: &[String]) -> Result<ExitCode> {
    let mut app = Arguments::command();
    app.build();
    let mut page = &app;
    for word in words {
        let known: Vec<&str> = page.get_subcommands().map(clap::Command::get_name).collect();
        let Some(found) = page.find_subcommand(word) else {
            let error = Error::new(Kind::NotFound, format!("there is no command `{word}`"));
            context.print_error(&error.or_hint(suggest::hint(word, known)));
            return Ok(ExitCode::from(exit::MISUSE));
        };
        page = found;
    }
    let mut text = Vec::new();
    clap_mangen::Man::new(page.clone())
        .render(&mut text)
        .map_err(|cause| Error::io("cannot write the manual page", cause))?;
    print_text(&mut context.out(), &String::from_utf8_lossy(&text))?;
    Ok(ExitCode::SUCCESS)
}

//! Prints the results of specs for people: the specs of each file, and a summary line.

use crate::cli::context::Context;
use crate::error::Result;
use crate::report::print_verdicts;
use crate::specs::Outcome;
use crate::specs::excluded::ByRecipe;
use crate::specs::result_text::text_of;

use super::running::FileResults;
use super::tally::Tally;

/// The specs of one file; only those that went wrong, when nothing else is asked for.
pub fn file(context: &Context, quiet: bool, file: &FileResults) -> Result<()> {
    let wrong = |outcome: &Outcome| matches!(outcome, Outcome::Failed(_) | Outcome::Error(_));
    let shown = file.results.iter().filter(|result| !quiet || wrong(&result.outcome)).map(text_of);
    let lines: Vec<String> = shown.collect();
    match lines.is_empty() {
        true => Ok(()), // none was asked for
        false if quiet => print(context, &lines.join("\n")),
        false => print(context, &format!("{}\n{}\n\n", file.file_shown, lines.join("\n"))),
    }
}

pub fn end(context: &Context, quiet: bool, tally: &Tally, excluded: &ByRecipe) -> Result<()> {
    if quiet && !tally.is_bad() {
        return Ok(());
    }
    if !quiet && !excluded.is_empty() {
        let lines: String = excluded.iter().map(|(recipe, one)| format!("  {}\n", one.line(recipe))).collect();
        print(context, &format!("Lies that the specs exclude:\n{lines}\n"))?;
    }
    print(context, &tally.line())
}

fn print(context: &Context, text: &str) -> Result<()> {
    print_verdicts(&mut context.out(), context.facts.stdout_colour, text)
}

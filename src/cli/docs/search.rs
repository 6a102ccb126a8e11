//! `hikae docs --search WORD`: every function, module and recipe whose docs contain the word.

use std::process::ExitCode;

use super::functions;
use super::recipes::head;
use crate::cli::context::Context;
use crate::cli::exit;
use crate::config::embedded;
use crate::error::Result;
use crate::recipe::lint::stubs::function_in;
use crate::report::table::print_text;

/// Prints what was found, a line each; finding nothing is exit code 1, as with `grep`.
pub fn main(context: &Context, word: &str) -> Result<ExitCode> {
    let word = word.to_lowercase();
    let mut found = Vec::new();
    for (name, stub) in embedded::stubs() {
        found.extend(blocks(stub, &word).map(|(function, says)| (called(name, &function), says)));
    }
    for (name, module) in embedded::library() {
        found.extend(blocks(module, &word).map(|(function, says)| (called(&name, &function), says)));
    }
    for name in context.config.recipes()? {
        let Ok(source) = context.config.recipe_source(&name) else { continue };
        if format!("{name}\n{}", source.text).to_lowercase().contains(&word) {
            found.push((name, head(&source.text).lines().next().unwrap_or_default().to_owned()));
        }
    }
    let text: String = found.iter().map(|(name, says)| format!("{name:<28} {says}\n")).collect();
    print_text(&mut context.out(), &text)?;
    if found.is_empty() {
        context.print_line(&format!("no docs have `{word}`"));
    }
    Ok(ExitCode::from(if found.is_empty() { exit::FAILED } else { exit::DONE }))
}

/// The functions of a module whose comment or signature has the word, each with its first sentence.
fn blocks<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = (String, String)> + 'a {
    let public = text.split("\n\n").filter(|block| block.lines().any(|line| function_in(line).is_some()));
    let commented = |block: &str| -> String {
        block
            .lines()
            .filter(|line| line.starts_with("---") || function_in(line).is_some())
            .collect::<Vec<_>>()
            .join("\n")
    };
    public.filter(move |block| commented(block).to_lowercase().contains(word)).filter_map(|block| {
        let name = functions(block).into_iter().next()?;
        let says = block.lines().find_map(|line| line.strip_prefix("--- ")).unwrap_or_default();
        Some((name, says.to_owned()))
    })
}

/// The name by which `hikae docs` shows a function.
fn called(module: &str, function: &str) -> String {
    if module == function || module == "stream" { function.to_owned() } else { format!("{module}.{function}") }
}

//! Finds mistakes in a recipe without running it: unknown names, unknown options, values of the wrong kind.

mod calls;
mod expression;
mod lexer;
mod parser;
pub mod stubs;

use std::collections::BTreeSet;
use std::sync::Arc;

use super::declaration::Declaration;
use super::loader;
use crate::config::{Config, RecipeSource};
use crate::error::Result;
use crate::suggest;
use calls::Checker;
use stubs::Stubs;

/// A problem in a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    pub file_shown: String,
    pub line: u32,
    pub message: String,
    pub hint: String,
}

/// All problems in a recipe and in the modules beside it.
pub fn findings(config: &Arc<Config>, source: &RecipeSource, declaration: &Declaration) -> Result<Vec<Finding>> {
    let stubs = Stubs::read();
    let params: Vec<String> = declaration.params.iter().map(|(name, _)| name.clone()).collect();
    let mut all = BTreeSet::new();
    let mut waiting = vec![(source.file_shown.clone(), source.text.clone())];
    let mut seen = BTreeSet::new();
    while let Some((file_shown, text)) = waiting.pop() {
        let mut checker = Checker::new(&stubs, &params);
        parser::read(&text, &mut checker);
        for dotted in checker.required.iter().filter(|dotted| seen.insert((*dotted).clone())) {
            // The library is hikae's own; a missing one was reported when the recipe was loaded.
            let beside = if dotted.starts_with("hikae.") { None } else { config.beside(source, dotted)? };
            waiting.extend(beside.map(|module| (module.file_shown, module.text)));
        }
        let found = |(line, message, hint)| Finding { file_shown: file_shown.clone(), line, message, hint };
        all.extend(std::mem::take(&mut checker.findings).into_iter().map(found));
        all.extend(unknown_names(config, source, &checker)?.into_iter().map(found));
    }
    Ok(all.into_iter().collect())
}

/// The names that the environment of recipes does not have, with its own messages.
fn unknown_names(config: &Arc<Config>, source: &RecipeSource, checker: &Checker) -> Result<Vec<(u32, String, String)>> {
    let machine = loader::machine(config, source)?;
    let mut found = Vec::new();
    for (expression, line) in &checker.names {
        let Err(error) = machine.look(expression) else { continue };
        let member = expression.strip_prefix("require(\"").and_then(|rest| rest.split_once("\")."));
        found.push(match member {
            Some((dotted, name)) => {
                let hint = suggest::hint(name, checker.stubs.members(dotted));
                (*line, format!("`{dotted}` has no `{name}`"), hint)
            }
            None => (*line, error.what().to_owned(), error.hint_text().unwrap_or_default().to_owned()),
        });
    }
    Ok(found)
}

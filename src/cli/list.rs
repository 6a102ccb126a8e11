//! `hikae list`: the recipes, each with its schedule and what it does.

use std::process::ExitCode;

use serde::Serialize;

use super::args::Listing;
use super::context::Context;
use crate::config::RecipeSource;
use crate::error::Result;
use crate::recipe::declaration::Declaration;
use crate::recipe::loader;
use crate::report::table::{Column, print_json_lines, print_table};

const COLUMNS: [Column; 4] =
    [Column::text("RECIPE"), Column::text("TYPE"), Column::text("SCHEDULE"), Column::text("WHAT IT DOES")];

#[derive(Serialize)]
struct Row {
    recipe: String,
    kind: Option<&'static str>,
    #[serde(rename = "type")]
    run_type: Option<&'static str>,
    schedule: Option<String>,
    summary: String,
    file: String,
    error: Option<String>,
}

pub fn main(context: &Context, args: &Listing) -> Result<ExitCode> {
    let rows = loader::all(&context.config)?.into_iter().map(|(source, declared)| row(source, declared));
    if args.json {
        print_json_lines(&mut context.out(), rows)?;
    } else {
        let cells = rows.map(|row| {
            let word = |word: Option<&str>| word.unwrap_or("-").to_owned();
            vec![row.recipe, word(row.run_type), word(row.schedule.as_deref()), row.summary]
        });
        print_table(&mut context.out(), &context.facts, &COLUMNS, cells)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A recipe that cannot be loaded is in the list with its error: it must not hide the others.
fn row(source: RecipeSource, declared: Result<Declaration>) -> Row {
    let (recipe, file) = (source.name, source.file_shown);
    match declared {
        Ok(declaration) => Row {
            recipe,
            kind: Some(declaration.kind.word()),
            run_type: Some(declaration.run_type.word()),
            schedule: declaration.schedule,
            summary: declaration.summary.unwrap_or_default(),
            file,
            error: None,
        },
        Err(error) => Row {
            recipe,
            kind: None,
            run_type: None,
            schedule: None,
            summary: format!("cannot be loaded: {}", error.one_line()),
            file,
            error: Some(error.one_line()),
        },
    }
}

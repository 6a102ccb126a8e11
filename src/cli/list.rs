//! `hikae list`: the recipes, each with its schedule and what it does.

use std::process::ExitCode;
use std::sync::Arc;

use serde::Serialize;

use super::args::Listing;
use super::context::Context;
use crate::config::Config;
use crate::error::{Error, Kind, Result};
use crate::recipe::loading::Declarations;
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
    let rows = rows(&context.config)?;
    if args.json {
        print_json_lines(&mut context.out(), rows)?;
    } else {
        let cells = rows.into_iter().map(|row| {
            let word = |word: Option<&str>| word.unwrap_or("-").to_owned();
            vec![row.recipe, word(row.run_type), word(row.schedule.as_deref()), row.summary]
        });
        print_table(&mut context.out(), &context.facts, &COLUMNS, cells)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The recipes in order. To load them takes longest: the cores share them.
fn rows(config: &Arc<Config>) -> Result<Vec<Row>> {
    let names = config.recipes()?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let share = names.len().div_ceil(cores).max(1);
    std::thread::scope(|scope| {
        let load = |names| scope.spawn(move || of(config, names));
        let shares: Vec<_> = names.chunks(share).map(load).collect();
        let joined = shares.into_iter().map(|share| share.join().unwrap_or_else(|_| Err(crashed())));
        joined.collect::<Result<Vec<_>>>().map(|rows| rows.into_iter().flatten().collect())
    })
}

fn of(config: &Arc<Config>, names: &[String]) -> Result<Vec<Row>> {
    let mut declarations = Declarations::new(config);
    names.iter().map(|name| row(config, &mut declarations, name)).collect()
}

fn crashed() -> Error {
    Error::new(Kind::Other, "a thread that loads recipes crashed").hint("please report this as a bug in hikae")
}

/// A recipe that cannot be loaded stands in the list with its error: it must not hide the others.
fn row(config: &Arc<Config>, declarations: &mut Declarations, name: &str) -> Result<Row> {
    let source = config.recipe_source(name)?;
    let (recipe, file) = (name.to_owned(), source.file_shown.clone());
    Ok(match declarations.of(&source) {
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
    })
}

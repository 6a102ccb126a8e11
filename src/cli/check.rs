//! `hikae check`: everything that can be known to be wrong before a recipe runs, told at once.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::ExitCode;

use serde::Serialize;

use super::args::CheckArgs;
use super::context::Context;
use super::exit;
use crate::catalog::Catalog;
use crate::error::{Error, Kind, Result};
use crate::recipe::job::{Job, Wishes};
use crate::recipe::loader;
use crate::recipe::values::ParamValue;
use crate::report::table::{print_json_lines, print_said};
use crate::world::real::startup;

mod telling;
mod walls;

/// One point that was looked at.
#[derive(Serialize)]
struct Point {
    subject: String,
    ok: bool,
    message: String,
    hint: Option<String>,
}

impl Point {
    fn ok(subject: &str, message: impl Into<String>) -> Point {
        Point { subject: subject.to_owned(), ok: true, message: message.into(), hint: None }
    }

    fn of(subject: &str, answer: Result<String>) -> Point {
        match answer {
            Ok(message) => Point::ok(subject, message),
            Err(error) => Point::wrong(subject, &error),
        }
    }

    fn wrong(subject: &str, error: &Error) -> Point {
        let site = error.sites().first().map(|site| format!(" ({site})")).unwrap_or_default();
        let hint = error.hint_text().map(str::to_owned);
        Point { subject: subject.to_owned(), ok: false, message: format!("{}{site}", error.one_line()), hint }
    }
}

pub fn main(context: &Context, args: &CheckArgs) -> Result<ExitCode> {
    let mut points = set_up(context);
    let recipes = if args.recipes.is_empty() { context.config.recipes()? } else { args.recipes.clone() };
    for recipe in &recipes {
        points.extend(check_recipe(context, recipe));
    }
    let told = |error: &Error| Point::wrong("configuration", error);
    points.extend(context.objections().iter().map(told));
    let wrong = points.iter().filter(|point| !point.ok).count();
    if args.listing.json {
        print_json_lines(&mut context.out(), points)?;
    } else {
        let mark = |ok| if ok { "✓" } else { "✗" };
        let mut text: String = points
            .iter()
            .map(|point| {
                let hint = point.hint.as_ref().map(|hint| format!("\n    hint: {hint}")).unwrap_or_default();
                format!("{} {}: {}{hint}\n", mark(point.ok), point.subject, point.message)
            })
            .collect();
        text.push_str(&match wrong {
            0 => "\nall is well\n".to_owned(),
            1 => "\n1 thing is wrong\n".to_owned(),
            more => format!("\n{more} things are wrong\n"),
        });
        print_said(&mut context.out(), &text)?;
    }
    Ok(ExitCode::from(if wrong == 0 { exit::DONE } else { exit::FAILED }))
}

/// What holds for every recipe: the folders, the catalog, the kernel's wall.
fn set_up(context: &Context) -> Vec<Point> {
    let config = &context.config;
    let state = startup::writable_folder(&config.state_dir).and_then(|()| {
        Catalog::open_existing(&config.state_dir.join("catalog.db"))
            .map(|_| format!("`{}`", config.state_dir.display()))
    });
    let mut points = vec![Point::ok("configuration", format!("`{}`", config.dir.display())), Point::of("state", state)];
    points.extend(walls::points(config));
    points.extend(telling::points(context));
    points.extend(
        config.warnings.iter().map(|warning| Point::wrong("configuration", &Error::new(Kind::Other, warning.clone()))),
    );
    points
}

fn check_recipe(context: &Context, recipe: &str) -> Vec<Point> {
    let config = &context.config;
    let settled = config.recipe_source(recipe).and_then(|source| {
        let declaration = loader::declaration(config, &source)?;
        Job::new(config.clone(), source, declaration, Wishes::default())
    });
    let job = match settled {
        Ok(job) => job,
        Err(error) => return causes(recipe, &error),
    };
    let mut points = vec![Point::ok(recipe, format!("`{}` loads, and its params are complete", job.source.file_shown))];
    points.extend(job.needs.run.iter().filter_map(|program| match find(program, &context.environment) {
        Err(_) if job.declaration.needs.may_lack(program) => None,
        found => Some(Point::of(recipe, found)),
    }));
    points.extend(drill_place(&job, &context.environment).map(|place| Point::ok(recipe, place)));
    points.extend(job.needs.write.iter().map(|dir| {
        Point::of(recipe, startup::writable_folder(dir).map(|()| format!("`{}` can be written", dir.display())))
    }));
    points.extend(BTreeSet::from_iter(&job.needs.read).into_iter().map(|path| Point::of(recipe, readable(path))));
    points
}

/// On which server a drill restores, where its recipe leaves that to the machine.
fn drill_place(job: &Job, environment: &BTreeMap<String, String>) -> Option<&'static str> {
    let chosen = job.params.get("cluster").is_some_and(|cluster| *cluster == ParamValue::String("auto".to_owned()));
    let found = startup::find_program("initdb", environment).is_ok();
    chosen.then_some(match found {
        true => "restores on a temporary server of its own",
        false => "restores beside the live database: the programs of a PostgreSQL server are not installed here",
    })
}

/// An error with several causes is several things that are wrong.
fn causes(recipe: &str, error: &Error) -> Vec<Point> {
    vec![Point::wrong(recipe, error)]
}

fn find(program: &str, environment: &BTreeMap<String, String>) -> Result<String> {
    startup::find_program(program, environment).map(|path| format!("`{program}` is `{}`", path.display()))
}

fn readable(path: &Path) -> Result<String> {
    startup::readable(path).map(|()| format!("`{}` can be read", path.display()))
}

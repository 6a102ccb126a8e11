//! `hikae check`: all problems that can be detected before a recipe runs, reported at once.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::ExitCode;

use super::args::CheckArgs;
use super::context::Context;
use super::{exit, runs};
use crate::catalog::Catalog;
use crate::config::RecipeSource;
use crate::error::{Error, Kind, Result};
use crate::recipe::declaration::Declaration;
use crate::recipe::job::{Job, Wishes};
use crate::recipe::{lint, loader, overview};
use crate::report::table::{print_json_lines, print_said};
use crate::world::real::{path_checks, probe, this_process};
use crate::world::shells;

mod asking;
mod crontabs;
mod databases;
mod machine;
mod planned;
mod point;
mod restoring;
mod rights;
mod schedulers;
mod alerts;
mod shown;
mod stores;
mod timers;
mod walls;

use databases::Databases;
pub use databases::connect;
pub use point::{Mark, Point};
use stores::Stores;

/// The recipe that a new set-up begins with.
const FIRST: &str = "db-backup";

pub fn main(context: &Context, args: &CheckArgs) -> Result<ExitCode> {
    let mut points = set_up(context, args.offline);
    let (recipes, in_use) = match args.recipes.is_empty() {
        true => recipes_in_use(context)?,
        false => (args.recipes.clone(), None),
    };
    points.extend(in_use);
    let (mut databases, mut stores) = (Databases::default(), Stores::default());
    let mut jobs = Vec::new();
    for recipe in &recipes {
        let (of_recipe, job) = check_recipe(context, recipe, &mut databases, args.offline);
        points.extend(of_recipe);
        points.extend(job.iter().flat_map(|job| stores.points(context, job, args.offline)));
        jobs.extend(job);
    }
    points.extend(schedulers::points(context, &jobs));
    let objection = |error: &Error| Point::wrong("configuration", error);
    points.extend(context.objections().iter().map(objection));
    let is_wrong = points.iter().any(|point| point.mark == Mark::Wrong);
    match (args.listing.json, args.verbose) {
        (true, _) => print_json_lines(&mut context.out(), points)?,
        (false, true) => print_said(&mut context.out(), &shown::every_point(&points))?,
        (false, false) => print_said(&mut context.out(), &shown::summary(&points))?,
    }
    Ok(ExitCode::from(if is_wrong { exit::FAILED } else { exit::DONE }))
}

/// The recipes that somebody uses, and what there is to say about them.
fn recipes_in_use(context: &Context) -> Result<(Vec<String>, Option<Point>)> {
    let mut used = overview::in_use(&context.config, &runs::catalog(context)?)?;
    if used.is_empty() && context.config.lookup("DB_NAME").is_some() {
        // With a configured database and no runs so far, the first backup is about to be set up.
        used.push(FIRST.to_owned());
    }
    let point = match used.is_empty() {
        true => Point::not_tried("recipes", "none is in use so far: `hikae check RECIPE` looks at one").in_summary(),
        false => return Ok((used, None)),
    };
    Ok((used, Some(point)))
}

/// What holds for every recipe: the folders, the catalog, the kernel's wall.
fn set_up(context: &Context, offline: bool) -> Vec<Point> {
    let config = &context.config;
    let state = probe::try_write(&config.state_dir).and_then(|()| {
        Catalog::open_existing(&config.state_dir.join("catalog.db"))
            .map(|_| format!("`{}`", config.state_dir.display()))
    });
    let mut points = vec![Point::ok("configuration", format!("`{}`", config.dir.display())), Point::of("state", state)];
    points.extend(machine::clock_points(context));
    points.extend(walls::points(config));
    points.extend(alerts::points(context, offline));
    points.extend(
        config.warnings.iter().map(|warning| Point::wrong("configuration", &Error::new(Kind::Other, warning.clone()))),
    );
    points
}

/// The points of one recipe, and its job where it can be settled.
fn check_recipe(
    context: &Context,
    recipe: &str,
    databases: &mut Databases,
    offline: bool,
) -> (Vec<Point>, Option<Job>) {
    let config = &context.config;
    let declared = config.recipe_source(recipe).and_then(|source| {
        let declaration = loader::declaration(config, &source)?;
        Ok((source, declaration))
    });
    let (source, declaration) = match declared {
        Ok(declared) => declared,
        Err(error) => return (vec![Point::wrong(recipe, &error)], None),
    };
    let mut points = read_only(context, recipe, &source, &declaration);
    match Job::new(config.clone(), source, declaration, Wishes::default()) {
        Ok(job) => {
            let loads = format!("`{}` loads, and its params are complete", job.source.file_shown);
            points.insert(0, Point::ok(recipe, loads));
            points.extend(tried(context, recipe, &job, databases, offline));
            (points, Some(job))
        }
        Err(error) => {
            points.insert(0, Point::wrong(recipe, &error));
            (points, None)
        }
    }
}

/// What is wrong in the recipe's Lua, found without running it.
fn read_only(context: &Context, recipe: &str, source: &RecipeSource, declaration: &Declaration) -> Vec<Point> {
    match lint::findings(&context.config, source, declaration) {
        Ok(findings) => {
            let wrong = |finding: &lint::Finding| {
                let message = format!("{} ({}:{})", finding.message, finding.file_shown, finding.line);
                Point::wrong(recipe, &Error::new(Kind::Recipe, message).hint(finding.hint.clone()))
            };
            findings.iter().map(wrong).collect()
        }
        Err(error) => vec![Point::wrong(recipe, &error)],
    }
}

/// What is tried for a recipe: its programs, its folders, its database.
fn tried(context: &Context, recipe: &str, job: &Job, databases: &mut Databases, offline: bool) -> Vec<Point> {
    let mut points = Vec::new();
    points.extend(job.needs.run.iter().filter_map(|program| match find(program, &context.environment) {
        Err(_) if job.declaration.needs.may_lack(program) => None,
        found => Some(Point::of(recipe, found)),
    }));
    points.extend(job.needs.run.iter().filter(|program| shells::is_shell(program)).map(|program| {
        Point::warning(recipe, format!("it may run `{program}`, a shell: {}", shells::WHY), shells::HINT)
    }));
    points.extend(job.needs.user.as_ref().map(|user| {
        Point::of(recipe, job.account().map(|_| format!("its programs run as `{user}`, who reaches its databases too")))
    }));
    points.extend(restoring::drill(job, &context.environment));
    points.extend(
        job.needs.write.iter().map(|dir| {
            Point::of(recipe, probe::try_write(dir).map(|()| format!("`{}` can be written", dir.display())))
        }),
    );
    points.extend(BTreeSet::from_iter(&job.needs.read).into_iter().map(|path| Point::of(recipe, readable(path))));
    points.extend(databases.points(context, job, offline));
    points
}

fn find(program: &str, environment: &BTreeMap<String, String>) -> Result<String> {
    this_process::find_program(program, environment).map(|path| format!("`{program}` is `{}`", path.display()))
}

fn readable(path: &Path) -> Result<String> {
    path_checks::readable(path).map(|()| format!("`{}` can be read", path.display()))
}

//! `hikae check`: everything that can be known to be wrong before a recipe runs, reported at once.

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
use crate::recipe::values::ParamValue;
use crate::recipe::{lint, loader, overview};
use crate::report::table::{print_json_lines, print_said};
use crate::world::real::{path_checks, probe, this_process};
use crate::world::shells;

mod databases;
mod machine;
mod point;
mod rights;
mod schedulers;
mod stores;
mod telling;
mod walls;

use databases::Databases;
pub use databases::connect;
pub use point::{Mark, Point};
use stores::Stores;

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
    let told = |error: &Error| Point::wrong("configuration", error);
    points.extend(context.objections().iter().map(told));
    let wrong = points.iter().filter(|point| point.mark == Mark::Wrong).count();
    if args.listing.json {
        print_json_lines(&mut context.out(), points)?;
    } else {
        let mut text: String = points.iter().map(Point::line).collect();
        let warnings = points.iter().filter(|point| point.mark == Mark::Warning).count();
        text.push_str(&match wrong {
            0 if warnings > 0 => format!("\nnothing is wrong; to look at: {warnings}\n"),
            0 => "\nall is well\n".to_owned(),
            1 => "\n1 thing is wrong\n".to_owned(),
            more => format!("\n{more} things are wrong\n"),
        });
        print_said(&mut context.out(), &text)?;
    }
    Ok(ExitCode::from(if wrong == 0 { exit::DONE } else { exit::FAILED }))
}

/// The recipes that somebody uses, and what there is to say about them.
fn recipes_in_use(context: &Context) -> Result<(Vec<String>, Option<Point>)> {
    let used = overview::in_use(&context.config, &runs::catalog(context)?)?;
    let point = match used.is_empty() {
        true => Point::not_tried("recipes", "none is in use so far: `hikae check RECIPE` looks at one"),
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
    points.extend(telling::points(context, offline));
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
    points.extend(drill_place(job, &context.environment).map(|place| Point::ok(recipe, place)));
    points.extend(
        job.needs.write.iter().map(|dir| {
            Point::of(recipe, probe::try_write(dir).map(|()| format!("`{}` can be written", dir.display())))
        }),
    );
    points.extend(machine::space(context, job));
    points.extend(BTreeSet::from_iter(&job.needs.read).into_iter().map(|path| Point::of(recipe, readable(path))));
    points.extend(databases.points(context, job, offline));
    points
}

/// On which server a drill restores, where its recipe leaves that to the machine.
fn drill_place(job: &Job, environment: &BTreeMap<String, String>) -> Option<&'static str> {
    let chosen = job.params.get("cluster").is_some_and(|cluster| *cluster == ParamValue::String("auto".to_owned()));
    let found = this_process::find_program("initdb", environment).is_ok();
    chosen.then_some(match found {
        true => "restores on a temporary server of its own",
        false => "restores beside the live database: the programs of a PostgreSQL server are not installed here",
    })
}

fn find(program: &str, environment: &BTreeMap<String, String>) -> Result<String> {
    this_process::find_program(program, environment).map(|path| format!("`{program}` is `{}`", path.display()))
}

fn readable(path: &Path) -> Result<String> {
    path_checks::readable(path).map(|()| format!("`{}` can be read", path.display()))
}

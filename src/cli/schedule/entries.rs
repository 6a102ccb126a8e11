//! Decides which recipes a scheduler should run, and what each of them needs there.

use std::collections::BTreeSet;

use super::super::context::Context;
use super::super::runs;
use crate::error::{Error, Kind, Result};
use crate::recipe::declaration::RecipeKind;
use crate::recipe::job::{Job, Wishes};
use crate::recipe::schedule::{self, Schedule};
use crate::recipe::{loader, overview};
use crate::world::real::path_checks;
use crate::world::real::this_process;

/// What restores the newest dump, and what reports that nothing ran.
const DRILL: &str = "backup-test";
const MONITOR: &str = "backup-monitor";

/// A recipe that is to run at its times.
pub struct Entry {
    /// What `hikae run` is given: a name, or the path of a file.
    pub recipe: String,
    /// The five fields, as they are declared.
    pub cron: String,
    pub schedule: Schedule,
    pub job: Job,
}

impl Entry {
    /// The recipe's name as part of the names of units, jobs and files.
    pub fn slug(&self) -> String {
        slug(&self.job.source.name)
    }

    /// What the recipe does, in a sentence.
    pub fn summary(&self) -> &str {
        self.job.declaration.summary.as_deref().unwrap_or("Runs a recipe.")
    }
}

/// A name in the letters that every scheduler takes.
pub fn slug(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect()
}

/// The recipes that were named, else those in use, each with a schedule.
pub fn chosen(context: &Context, named: &[String]) -> Result<Vec<Entry>> {
    if !named.is_empty() {
        return named.iter().map(|recipe| entry(context, recipe)?.ok_or_else(|| unscheduled(recipe))).collect();
    }
    let used = overview::in_use(&context.config, &runs::catalog(context)?)?;
    let mut entries: Vec<Entry> = Vec::new();
    for recipe in used {
        entries.extend(entry(context, &recipe)?);
    }
    let started: BTreeSet<String> = entries.iter().flat_map(|entry| entry.job.needs.recipes.clone()).collect();
    entries.retain(|entry| !started.contains(&entry.recipe));
    let dumps = |entry: &Entry| entry.job.needs.run.iter().any(|program| program == "pg_dump");
    let of_kind = |kind| entries.iter().any(|entry| entry.job.declaration.kind == kind);
    let has_backup = of_kind(RecipeKind::Backup) || !started.is_empty();
    let has_dump = has_backup && (entries.iter().any(dumps) || started.contains("db-backup"));
    for (name, asked) in [(DRILL, has_dump), (MONITOR, has_backup)] {
        if asked && !started.contains(name) && !entries.iter().any(|entry| entry.recipe == name) {
            entries.extend(entry(context, name)?);
        }
    }
    match entries.is_empty() {
        true => Err(Error::new(Kind::Recipe, "no recipe with a schedule is in use so far")
            .hint("name them: `hikae schedule db-backup backup-test backup-monitor`")),
        false => Ok(entries),
    }
}

/// A recipe with its schedule; nothing where it has none.
fn entry(context: &Context, recipe: &str) -> Result<Option<Entry>> {
    let config = &context.config;
    let source = config.recipe_source(recipe)?;
    let declaration = loader::declaration(config, &source)?;
    let Some(cron) = declaration.schedule.clone() else { return Ok(None) };
    let Ok(read) = schedule::read(&cron) else { return Ok(None) };
    let job = Job::new(config.clone(), source, declaration, Wishes::default())?;
    let is_path = recipe.ends_with(".lua") || recipe.contains('/');
    let recipe = match is_path {
        true => path_checks::real(&this_process::current_dir()?.join(recipe)).display().to_string(),
        false => recipe.to_owned(),
    };
    Ok(Some(Entry { recipe, cron, schedule: read, job }))
}

fn unscheduled(recipe: &str) -> Error {
    Error::new(Kind::Recipe, format!("the recipe `{recipe}` has no schedule"))
        .hint("give it one in `hikae.toml`, below `[schedules]`: `\"NAME\" = \"0 2 * * *\"`")
}

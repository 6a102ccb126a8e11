//! The module `catalog`: what should have run, and what did, from the record of all runs.

use std::time::Duration;

use mlua::{Lua, Table, Value};
use serde::Deserialize;
use serde_json::json;

use crate::catalog::{Moment, Overdue, Run, RunFilter, Status};
use crate::error::{Error, Kind, Result};
use crate::lua::exports::{Call, Module};
use crate::lua::json::to_lua;
use crate::lua::traceback::from_lua;
use crate::units::duration;

/// The default and the largest number of runs that are returned.
const USUAL: usize = 100;
const MOST: usize = 10_000;

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct RunsOptions {
    recipe: Option<String>,
    status: Option<String>,
    r#type: Option<String>,
    #[serde(default, deserialize_with = "duration")]
    within: Option<Duration>,
    limit: Option<usize>,
}

pub fn module(lua: &Lua) -> mlua::Result<Module> {
    Module::new(lua)?
        .call("catalog.overdue", |call, ()| {
            // Refused while a recipe is only loaded.
            call.world()?;
            let overdue = (call.session.record.overdue)()?;
            let tables = overdue.iter().map(|one| table(&call.lua, one)).collect::<mlua::Result<Vec<Table>>>();
            tables.and_then(|tables| call.lua.create_sequence_from(tables)).map_err(from_lua)
        })?
        .call("catalog.runs", |call, (options,): (Option<RunsOptions>,)| {
            let runs = runs(call, options.unwrap_or_default())?;
            let shown = runs.iter().map(run).collect::<Result<Vec<_>>>()?;
            list(call, shown)
        })?
        .call("catalog.backups", |call, (options,): (Option<RunsOptions>,)| {
            let runs = runs(call, options.unwrap_or_default())?;
            list(call, runs.iter().flat_map(backups).collect())
        })
}

/// The matching runs, the newest first.
fn runs(call: &Call, options: RunsOptions) -> Result<Vec<Run>> {
    let now = call.world()?.world.now();
    let wrong = |what: String, hint: String| Error::new(Kind::Recipe, what).hint(hint);
    let status = match &options.status {
        None => None,
        Some(word) => Some(Status::of_word(word).ok_or_else(|| {
            let hint = crate::suggest::hint(word, Status::ALL.into_iter().map(Status::word));
            wrong(format!("a run has no status `{word}`"), hint)
        })?),
    };
    let limit = options.limit.unwrap_or(USUAL);
    if limit == 0 || limit > MOST {
        let what = format!("`limit` of `{}` must be a whole number from 1 to {MOST}, not `{limit}`", call.name);
        return Err(wrong(what, "narrow the question: `within = \"30d\"`, or `recipe`".to_owned()));
    }
    let filter =
        RunFilter { status, backup_type: options.r#type, recipe: options.recipe, target: None, limit: Some(limit) };
    let mut runs = (call.session.record.runs)(&filter)?;
    if let Some(within) = options.within.and_then(|within| chrono::TimeDelta::from_std(within).ok()) {
        runs.retain(|run| now - run.started_at <= within);
    }
    Ok(runs)
}

/// A run without its steps.
fn run(run: &Run) -> Result<serde_json::Value> {
    let mut shown = serde_json::to_value(run)
        .map_err(|cause| Error::new(Kind::Other, "cannot read a run into a table").because(cause))?;
    if let Some(fields) = shown.as_object_mut() {
        fields.remove("steps");
    }
    Ok(shown)
}

fn backups(run: &Run) -> impl Iterator<Item = serde_json::Value> {
    run.backups.iter().map(|backup| {
        json!({
            "path": backup.path, "size_bytes": backup.size_bytes, "sha256": backup.sha256,
            "created_at": backup.created_at.to_rfc3339(), "run_id": run.id, "recipe": run.recipe,
        })
    })
}

fn list(call: &Call, shown: Vec<serde_json::Value>) -> Result<Value> {
    let tables = shown.iter().map(|one| to_lua(&call.lua, one)).collect::<mlua::Result<Vec<Value>>>();
    tables.and_then(|tables| call.lua.create_sequence_from(tables)).map(Value::Table).map_err(from_lua)
}

fn table(lua: &Lua, overdue: &Overdue) -> mlua::Result<Table> {
    let shown = |at: Option<Moment>| at.map(|at| at.format("%Y-%m-%d %H:%M:%S").to_string());
    let table = lua.create_table()?;
    table.raw_set("recipe", overdue.recipe.as_str())?;
    table.raw_set("target", overdue.target.as_str())?;
    table.raw_set("shown", overdue.shown.as_str())?;
    table.raw_set("verdict", overdue.verdict.word())?;
    table.raw_set("due", shown(overdue.due))?;
    table.raw_set("since", shown(overdue.since))?;
    table.raw_set("age_secs", overdue.age_secs)?;
    table.raw_set("objective_secs", overdue.objective_secs)?;
    table.raw_set("why", overdue.why.as_deref())?;
    Ok(table)
}

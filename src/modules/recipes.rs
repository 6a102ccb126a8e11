//! The module `recipes`: runs other recipes, each as a run of its own.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use mlua::{Lua, Value};
use serde::Deserialize;

use crate::error::Result;
use crate::lua::exports::{Call, Module};
use crate::lua::json::to_lua;
use crate::lua::options::duration;
use crate::lua::traceback::from_lua;
use crate::lua::unknown::Unknown;
use crate::world::recipes::RecipeCall;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RunOptions {
    set: BTreeMap<String, SetValue>,
    #[serde(rename = "type")]
    run_type: Option<String>,
    #[serde(deserialize_with = "duration")]
    timeout: Option<Duration>,
}

/// The value of a param, as `--set` takes it.
#[derive(Deserialize)]
#[serde(untagged, expecting = "a text, a number, `true`, `false`, or a list of texts")]
enum SetValue {
    Text(String),
    Int(i64),
    Bool(bool),
    List(Vec<String>),
}

impl SetValue {
    fn text(self) -> String {
        match self {
            SetValue::Text(text) => text,
            SetValue::Int(number) => number.to_string(),
            SetValue::Bool(flag) => flag.to_string(),
            SetValue::List(items) => items.join(","),
        }
    }
}

pub fn module(lua: &Lua) -> mlua::Result<Module> {
    Module::new(lua)?.wait("recipes.run", |call, (recipe, options): (String, Option<RunOptions>)| {
        run(call, recipe, options.unwrap_or_default())
    })
}

async fn run(call: Rc<Call>, recipe: String, options: RunOptions) -> Result<Value> {
    let set = options.set.into_iter().map(|(name, value)| (name, value.text())).collect();
    let wanted = RecipeCall { recipe, set, run_type: options.run_type };
    let world = call.world()?;
    let total = options.timeout.unwrap_or(world.limits.total);
    let world = world.limited(Some(total), Some(total));
    let step = call.session.step(format!("recipe {}", wanted.line()), call.site());
    let outcome = world.run_recipe(wanted).await;
    step.end(0, 0, outcome.as_ref().err());
    let outcome = outcome?;
    let table = to_lua(&call.lua, &outcome).map_err(from_lua)?;
    // A plan runs nothing: it goes on as after a success, and knows nothing more of it.
    if let (Some(table), Some(true)) = (table.as_table(), outcome.get("withheld").and_then(serde_json::Value::as_bool)) {
        for name in ["id", "error", "backups", "duration_secs", "steps"] {
            let unknown = Unknown::field(name).handle(&call.lua).map_err(from_lua)?;
            table.raw_set(name, unknown).map_err(from_lua)?;
        }
    }
    Ok(table)
}

//! The word `simulate`: a table that describes a world becomes the handle of one.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use mlua::{Function, Lua, Table, Value};

use crate::config::Config;
use crate::error::{Error, Kind, Result};
use crate::lua::exports::Call;
use crate::lua::options;
use crate::lua::plain::Plain;
use crate::lua::secret_value::SecretValue;
use crate::lua::traceback::from_lua;
use crate::secret::Secret;
use crate::specs::programs::{Player, Players};
use crate::specs::trial::Trial;
use crate::specs::world_handle::{World, WorldHandle};
use crate::world::simulated::{Simulated, SimulatedSetup};

/// The words with which a spec makes its own world.
pub fn words(lua: &Lua, trial: &Rc<Trial>, config: &Arc<Config>) -> mlua::Result<Vec<(&'static str, Value)>> {
    let (trial, config) = (trial.clone(), config.clone());
    let simulate = lua.create_function(move |lua, given: Value| {
        let call = Call::new(lua, "simulate").map_err(mlua::Error::external)?;
        simulate(&call, &given, &trial, &config).map_err(|error| call.raise(error))
    })?;
    let secret = lua.create_function(|lua, given: Value| {
        let call = Call::new(lua, "secret").map_err(mlua::Error::external)?;
        secret(&given).map(SecretValue).map_err(|error| call.raise(error))
    })?;
    Ok(vec![("simulate", Value::Function(simulate)), ("secret", Value::Function(secret))])
}

fn simulate(call: &Call, given: &Value, trial: &Rc<Trial>, config: &Arc<Config>) -> Result<Value> {
    let (given, server) = server(call, given).map_err(from_lua)?;
    let (given, functions) = apart(call, &given).map_err(from_lua)?;
    let mut setup: SimulatedSetup = options::read_value(call.name, Plain::from_lua(&given)?)?;
    let players = Players::new(&call.lua, functions, server, &mut setup);
    let world = Simulated::new(setup.clone())?;
    let world = World { setup, world, players, config: config.clone(), trial: trial.clone() };
    call.lua.create_userdata(WorldHandle(Rc::new(world))).map(Value::UserData).map_err(from_lua)
}

/// The table without the Lua function that plays the PostgreSQL server, and the function.
fn server(call: &Call, given: &Value) -> mlua::Result<(Value, Option<Function>)> {
    let server = given.as_table().map(|given| given.get::<Value>("postgres")).transpose()?;
    let (Value::Table(given), Some(Value::Function(server))) = (given, server) else {
        return Ok((given.clone(), None));
    };
    let copy: Table = call.lua.create_table()?;
    for pair in given.pairs::<Value, Value>() {
        let (key, value) = pair?;
        if key.as_string().is_none_or(|key| key != "postgres") {
            copy.raw_set(key, value)?;
        }
    }
    Ok((Value::Table(copy), Some(server)))
}

/// The table without the Lua functions that play programs, and the functions.
fn apart(call: &Call, given: &Value) -> mlua::Result<(Value, BTreeMap<String, Player>)> {
    let mut functions = BTreeMap::new();
    let programs = given.as_table().map(|given| given.get::<Value>("programs")).transpose()?;
    let (Value::Table(given), Some(Value::Table(programs))) = (given, programs) else {
        return Ok((given.clone(), functions));
    };
    let canned = call.lua.create_table()?;
    for pair in programs.pairs::<Value, Value>() {
        let (name, program) = pair?;
        match (&name, player(&program)?) {
            (Value::String(name), Some(player)) => drop(functions.insert(name.to_string_lossy(), player)),
            _ => canned.raw_set(name, program)?,
        }
    }
    let copy: Table = call.lua.create_table()?;
    for pair in given.pairs::<Value, Value>() {
        let (key, value) = pair?;
        copy.raw_set(key, value)?;
    }
    copy.raw_set("programs", canned)?;
    Ok((Value::Table(copy), functions))
}

/// A function, or a table with only a function under `talks`.
fn player(program: &Value) -> mlua::Result<Option<Player>> {
    let talks = match program {
        Value::Function(function) => return Ok(Some(Player { function: function.clone(), talks: false })),
        Value::Table(table) if table.pairs::<Value, Value>().count() == 1 => table.get::<Value>("talks")?,
        _ => Value::Nil,
    };
    Ok(talks.as_function().map(|function| Player { function: function.clone(), talks: true }))
}

fn secret(given: &Value) -> Result<Secret> {
    match given {
        Value::String(text) if !text.as_bytes().is_empty() => Ok(Secret::new(text.to_string_lossy())),
        Value::String(_) => {
            Err(Error::new(Kind::Recipe, "`secret` was given an empty text").hint("secret \"hunter2\""))
        }
        other => {
            let what = format!("`secret` takes a text, not a {}", other.type_name());
            Err(Error::new(Kind::Recipe, what).hint("secret \"hunter2\""))
        }
    }
}

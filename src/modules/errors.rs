//! The module `errors`, with `pcall`, `error` and `assert`: how a recipe catches a failure, and accepts it or raises it again.

use std::rc::Rc;

use mlua::{Lua, MultiValue, Value};

use crate::error::{Error, Kind, Result, brief};
use crate::lua::budget::Budget;
use crate::lua::exports::{Call, Module, raw_waiting};
use crate::lua::failure::ErrorHandle;
use crate::lua::plain::Plain;
use crate::lua::{catch, options, traceback};
use crate::report::{Level, log};

pub fn module(lua: &Lua) -> mlua::Result<Module> {
    Module::new(lua)?
        .add("errors.try", catch::pcall(lua)?)?
        .raw_wait("errors.accept", |call, (failure, why): (Value, Value)| async move { accept(&call, &failure, &why) })?
        .raw_wait("errors.raise", |call, value: Value| async move { Err::<(), _>(raised(&call, value)) })
}

/// hikae's versions of the Lua functions that handle errors.
pub fn functions(lua: &Lua) -> mlua::Result<Vec<(&'static str, Value)>> {
    let pcall = catch::pcall(lua)?;
    let error = raw_waiting(lua, "error", |call: Rc<Call>, (value, _level): (Value, Option<i64>)| async move {
        Err::<(), _>(raised(&call, value))
    })?;
    let assert = lua.create_function(|lua, args: MultiValue| {
        let mut values = args.iter();
        if values.next().is_some_and(|value| !matches!(value, Value::Nil | Value::Boolean(false))) {
            return Ok(args);
        }
        let call = Call::new(lua, "assert").map_err(mlua::Error::external)?;
        let error = match values.next() {
            None | Some(Value::Nil) => Error::new(Kind::Recipe, "assertion failed"),
            Some(value) => raised(&call, value.clone()),
        };
        Err(call.raise(error))
    })?;
    Ok(vec![("pcall", Value::Function(pcall)), ("error", Value::Function(error)), ("assert", Value::Function(assert))])
}

/// Accepts a caught failure with a reason, which is kept with the run.
fn accept(call: &Call, failure: &Value, why: &Value) -> Result<()> {
    let failure = failure.as_userdata().and_then(|data| data.borrow::<ErrorHandle>().ok()).ok_or_else(|| {
        Error::new(Kind::Recipe, "`errors.accept` takes a failure that was caught").hint(
            "local ok, failure = errors.try(...)  if not ok then errors.accept(failure, \"why this is fine\") end",
        )
    })?;
    let why = why.as_string().and_then(|why| why.to_str().ok().map(|why| why.trim().to_owned())).unwrap_or_default();
    if why.is_empty() {
        return Err(Error::new(Kind::Recipe, "`errors.accept` needs the reason, in words")
            .hint("`errors.accept(failure, \"why this is fine\")`"));
    }
    let why = brief(why);
    Budget::of(&call.lua).keep(&[&why, &why, &failure.0.error.one_line()])?;
    log(Level::Info, &format!("accepted, because {why}: {}", failure.0.error.one_line()), call.site().as_ref());
    call.session.accepted(&failure.0.error, &why, call.site().as_ref());
    *failure.0.accepted.borrow_mut() = Some(why);
    Ok(())
}

/// The message of an error that a recipe raises itself.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Raised {
    message: String,
    kind: Option<Kind>,
    hint: Option<String>,
}

/// The error that a recipe raises with a text, a table, or a failure that it had caught.
fn raised(call: &Call, value: Value) -> Error {
    match &value {
        Value::String(text) => Error::new(Kind::Recipe, text.to_string_lossy()),
        Value::Error(error) => traceback::from_lua((**error).clone()),
        Value::UserData(data) if data.is::<ErrorHandle>() => match data.borrow::<ErrorHandle>() {
            Ok(failure) => {
                failure.0.raised_again.set(true);
                failure.0.error.clone()
            }
            Err(error) => traceback::from_lua(error),
        },
        Value::Table(_) => {
            match Plain::from_lua(&value).and_then(|plain| options::read_value::<Raised>(call.name, plain)) {
                Ok(words) => {
                    let error = Error::new(words.kind.unwrap_or(Kind::Recipe), words.message);
                    words.hint.map_or(error.clone(), |hint| error.hint(hint))
                }
                Err(error) => error,
            }
        }
        other => Error::new(Kind::Recipe, format!("the recipe raised a {} as an error", other.type_name()))
            .hint("raise a text: error(\"what failed\")"),
    }
}

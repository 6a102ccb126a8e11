//! The module `json`: text to tables and back.

use mlua::serde::{LuaSerdeExt, SerializeOptions};
use mlua::{Lua, Value};

use super::exports::Module;
use super::plain::Plain;
use super::traceback::from_lua;
use crate::error::{Error, Kind, Result};

/// The largest text that becomes a table.
const MAX_BYTES: usize = 8 << 20;

pub fn module(lua: &Lua) -> mlua::Result<Module> {
    Module::new(lua)?
        .call("json.decode", |call, (text,): (String,)| to_lua(&call.lua, &decode(&text)?).map_err(from_lua))?
        .raw_wait("json.encode", |call, value: Value| async move {
            let cannot = || Error::new(Kind::Recipe, "cannot write a value as JSON");
            // What JSON cannot hold would be left out without a word.
            whole(&Plain::from_lua(&value).map_err(|why| cannot().because(why))?)
                .map_err(|why| cannot().because_text(why))?;
            let value: serde_json::Value = call.lua.from_value(value).map_err(|error| {
                let text = error.to_string();
                cannot().because_text(text.strip_prefix("deserialize error: ").unwrap_or(&text))
            })?;
            Ok(value.to_string())
        })
}

/// Whether each number is one. Tables with holes, or with names beside values that have none, are no `Plain` at all.
fn whole(plain: &Plain) -> std::result::Result<(), String> {
    match plain {
        Plain::Num(number) if !number.is_finite() => Err(format!("JSON has no {number}")),
        Plain::List(list) => list.iter().try_for_each(whole),
        Plain::Map(map) => map.values().try_for_each(whole),
        _ => Ok(()),
    }
}

/// The value that a text stands for.
pub fn decode(text: &str) -> Result<serde_json::Value> {
    if text.len() > MAX_BYTES {
        let what = format!("a JSON text of {} is too large for a recipe", crate::units::show_size(text.len() as u64));
        return Err(Error::new(Kind::Space, what));
    }
    serde_json::from_str(text).map_err(|error| {
        let cannot = Error::new(Kind::Recipe, "cannot read a text as JSON");
        if error.is_eof() { cannot.because_text("the text ends too early") } else { cannot.because(error) }
    })
}

/// A JSON value as Lua has it; `null` is nil, so a member that is null is absent.
pub fn to_lua(lua: &Lua, value: &serde_json::Value) -> mlua::Result<Value> {
    let options =
        SerializeOptions::new().serialize_none_to_null(false).serialize_unit_to_null(false).set_array_metatable(false);
    lua.to_value_with(value, options)
}

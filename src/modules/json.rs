//! The module `json`: text to tables and back.

use mlua::serde::LuaSerdeExt;
use mlua::{Lua, Value};

use crate::error::{Error, Kind};
use crate::lua::exports::Module;
use crate::lua::json::{decode, to_lua};
use crate::lua::plain::Plain;
use crate::lua::traceback::from_lua;

pub fn module(lua: &Lua) -> mlua::Result<Module> {
    Module::new(lua)?
        .call("json.decode", |call, (text,): (String,)| to_lua(&call.lua, &decode(&text)?).map_err(from_lua))?
        .raw_wait("json.encode", |call, value: Value| async move {
            let cannot = || Error::new(Kind::Recipe, "cannot write a value as JSON");
            // Values that JSON cannot hold would be silently omitted.
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

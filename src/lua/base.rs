//! Gives recipes the base functions of Lua that are harmless, with `setmetatable` and `tostring` guarded.

use mlua::{Function, Lua, LuaString, Table, Value};

use crate::error::{Error, Kind};
use crate::lua::traceback::{from_lua, raise};

const STOCK: [&str; 13] = [
    "_VERSION",
    "assert",
    "error",
    "getmetatable",
    "ipairs",
    "next",
    "pairs",
    "rawequal",
    "rawget",
    "rawlen",
    "select",
    "tonumber",
    "type",
];

/// No hook can stop `__gc`; with `__mode` and `__close`, a recipe depends on when Lua cleans up.
const REFUSED: [&str; 3] = ["__gc", "__mode", "__close"];

/// A new table of the base functions.
pub fn functions(lua: &Lua) -> mlua::Result<Table> {
    let stock = lua.globals();
    let members = lua.create_table()?;
    for name in STOCK {
        members.raw_set(name, stock.raw_get::<Value>(name)?)?;
    }
    members.raw_set("setmetatable", guarded_setmetatable(lua, stock.raw_get("setmetatable")?)?)?;
    members.raw_set("tostring", lua.create_function(|lua, value: Value| show(lua, &value))?)?;
    Ok(members)
}

fn guarded_setmetatable(lua: &Lua, stock: Function) -> mlua::Result<Function> {
    lua.create_function(move |lua, (table, meta): (Value, Value)| {
        if let Value::Table(meta) = &meta {
            for name in REFUSED {
                if !meta.raw_get::<Value>(name)?.is_nil() {
                    return Err(raise(lua, refused(name)));
                }
            }
        }
        stock.call::<Value>((table, meta))
    })
}

fn refused(name: &str) -> Error {
    Error::new(Kind::Recipe, format!("a metatable with `{name}` is not available in recipes"))
        .hint("hikae cleans up by itself when a run ends")
}

/// A value as text, without the address that Lua would show: it differs in each run, so no log or spec could rely on it.
pub fn show(lua: &Lua, value: &Value) -> mlua::Result<LuaString> {
    match value {
        Value::Error(error) => return lua.create_string(from_lua((**error).clone()).one_line()),
        Value::Table(table) => {
            let meta = table.metatable();
            let shown = meta.map(|meta| meta.raw_get::<Value>("__tostring")).transpose()?;
            if shown.is_none_or(|shown| shown.is_nil()) {
                return lua.create_string("table");
            }
        }
        _ => {}
    }
    let text: LuaString = lua.globals().raw_get::<Function>("tostring")?.call(value)?;
    if matches!(value, Value::Table(_) | Value::String(_)) || value.is_number() || value.is_integer() {
        return Ok(text);
    }
    match text.to_string_lossy().split_once(": 0x") {
        Some((kind, _)) => lua.create_string(kind),
        None => Ok(text),
    }
}

//! Converts between JSON values and Lua values.

use mlua::serde::{LuaSerdeExt, SerializeOptions};
use mlua::{Lua, Value};

use crate::error::{Error, Kind, Result};
use crate::units::show_size;

/// The largest text that becomes a table.
const MAX_BYTES: usize = 8 << 20;

/// Parses a JSON text.
pub fn decode(text: &str) -> Result<serde_json::Value> {
    if text.len() > MAX_BYTES {
        let what = format!("a JSON text of {} is too large for a recipe", show_size(text.len() as u64));
        return Err(Error::new(Kind::Space, what));
    }
    serde_json::from_str(text).map_err(|error| {
        let cannot = Error::new(Kind::Recipe, "cannot read a text as JSON");
        if error.is_eof() { cannot.because_text("the text ends too early") } else { cannot.because(error) }
    })
}

/// Converts a JSON value to Lua; `null` is nil, so a null member is absent.
pub fn to_lua(lua: &Lua, value: &serde_json::Value) -> mlua::Result<Value> {
    let options =
        SerializeOptions::new().serialize_none_to_null(false).serialize_unit_to_null(false).set_array_metatable(false);
    lua.to_value_with(value, options)
}

//! Gives recipes `rep` and `format` with a limit on the result, and without memory addresses.

use mlua::{Function, Lua, LuaString, MultiValue, Table, Value};

use crate::error::{Error, Kind};
use crate::lua::arguments::{Arguments, MAX_RESULT};
use crate::lua::base::show;
use crate::lua::fuse::Fuse;
use crate::lua::traceback::raise;

/// Puts the bounded text functions into the library `string`.
pub fn install(lua: &Lua, library: &Table) -> mlua::Result<()> {
    let rep = lua.create_function(|lua, (a, b, c): (Value, Value, Value)| {
        rep(&Arguments { lua, function: "string.rep", values: &[a, b, c] })
    })?;
    library.raw_set("rep", rep)?;
    let stock: Function = lua.globals().raw_get::<Table>("string")?.raw_get("format")?;
    let format = lua.create_function(move |lua, mut values: MultiValue| {
        let slice = values.make_contiguous();
        prepare(&Arguments { lua, function: "string.format", values: slice })?;
        show_each(lua, slice)?;
        stock.call::<LuaString>(values)
    })?;
    library.raw_set("format", format)?;
    for name in ["upper", "lower", "reverse"] {
        library.raw_set(name, counted(lua, "string", name)?)?;
    }
    Ok(())
}

/// A standard function that reads its whole text, and counts that as work.
pub fn counted(lua: &Lua, library: &str, name: &str) -> mlua::Result<Function> {
    let stock: Function = lua.globals().raw_get::<Table>(library)?.raw_get(name)?;
    lua.create_function(move |lua, values: MultiValue| {
        let length = values.front().and_then(Value::as_string).map_or(0, |text| text.as_bytes().len());
        Fuse::of(lua).spend(lua, length as u64)?;
        stock.call::<MultiValue>(values)
    })
}

fn rep(args: &Arguments) -> mlua::Result<LuaString> {
    let (text, count) = (args.string(1)?, args.integer(2)?);
    let separator = if args.at(3).is_nil() { args.lua.create_string("")? } else { args.string(3)? };
    let (text, separator) = (text.as_bytes(), separator.as_bytes());
    let count = usize::try_from(count).unwrap_or(0);
    let each = text.len() + separator.len();
    if count == 0 || each == 0 {
        return args.lua.create_string("");
    }
    let length = each.checked_mul(count).map(|total| total - separator.len());
    let length = length.filter(|length| *length <= MAX_RESULT).ok_or_else(|| args.too_large())?;
    Fuse::of(args.lua).spend(args.lua, length as u64 / 16)?;
    let mut unit = text.to_vec();
    unit.extend_from_slice(&separator);
    let mut result = unit.repeat(count);
    result.truncate(length);
    args.lua.create_string(result)
}

/// Refuses a result that would be too large, and `%p`, which only shows an address.
fn prepare(args: &Arguments) -> mlua::Result<()> {
    let format = args.string(1)?;
    let format = format.as_bytes();
    let shows_address = conversions(&format).any(|conversion| conversion == b'p');
    if shows_address {
        let error = Error::new(Kind::Recipe, "`%p` in `string.format` is not available in recipes");
        return Err(raise(args.lua, error.hint("a memory address differs in each run")));
    }
    let texts = args.values.iter().filter_map(Value::as_string);
    let length: usize = texts.map(|text| text.as_bytes().len()).sum();
    if length > MAX_RESULT { Err(args.too_large()) } else { Ok(()) }
}

/// Converts every value that only `%s` accepts into text.
fn show_each(lua: &Lua, values: &mut [Value]) -> mlua::Result<()> {
    for value in values.iter_mut().skip(1) {
        let is_text = matches!(value, Value::String(_) | Value::Integer(_) | Value::Number(_) | Value::Boolean(_));
        if !is_text && !value.is_nil() {
            *value = Value::String(show(lua, value)?);
        }
    }
    Ok(())
}

/// The letters of the conversions in a format.
fn conversions(format: &[u8]) -> impl Iterator<Item = u8> {
    let mut rest = format.iter().copied();
    std::iter::from_fn(move || {
        rest.find(|byte| *byte == b'%')?;
        rest.find(|byte| byte.is_ascii_alphabetic() || *byte == b'%')
    })
}

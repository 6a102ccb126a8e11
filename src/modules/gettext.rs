//! The function `_`: a text of a recipe in the reader's language, with its values inserted.

use mlua::{Function, Lua, MultiValue, Value};

use crate::error::{Error, Kind, Result};
use crate::lua::exports::Call;
use crate::lua::traceback::from_lua;

pub fn function(lua: &Lua) -> mlua::Result<Function> {
    lua.create_function(|lua, mut args: MultiValue| {
        let call = Call::new(lua, "_").map_err(mlua::Error::external)?;
        translated(&call, args.pop_front(), args).map_err(|error| call.raise(error))
    })
}

/// The translated text; `%s` and `%d` take the values in their order, `%%` is a per cent sign.
fn translated(call: &Call, text: Option<Value>, values: MultiValue) -> Result<String> {
    let Some(Value::String(text)) = text else {
        return Err(Error::new(Kind::Recipe, "`_` takes a text first").hint("_(\"Backup written: %s\", backup.path)"));
    };
    let text = text.to_string_lossy();
    let text = (call.session.translate)(&text).unwrap_or(text);
    let (mut shown, mut values) = (String::with_capacity(text.len()), values.into_iter());
    let mut parts = text.split('%');
    shown.push_str(parts.next().unwrap_or_default());
    while let Some(part) = parts.next() {
        if part.is_empty() {
            shown.push('%');
            shown.push_str(parts.next().unwrap_or_default());
            continue;
        }
        let Some(rest) = part.strip_prefix(['s', 'd']) else {
            return Err(Error::new(Kind::Recipe, format!("`%{part}` cannot be in a text for `_`"))
                .hint("it takes %s, %d and %%"));
        };
        let value = values
            .next()
            .ok_or_else(|| Error::new(Kind::Recipe, format!("`{text}` needs more values than were given")))?;
        shown.push_str(&value.to_string().map_err(from_lua)?);
        shown.push_str(rest);
    }
    Ok(shown)
}

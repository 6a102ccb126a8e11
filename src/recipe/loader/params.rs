//! Shows the params of a run to its recipe: `p.dir`, read-only, where a misspelt name is an error.

use mlua::{IntoLua, Lua, Table, Value};

use crate::error::{Error, Kind};
use crate::lua::seal::{proxy, spell};
use crate::lua::secret_value::SecretValue;
use crate::lua::traceback::raise;
use crate::recipe::params::Params;
use crate::recipe::values::ParamValue;
use crate::suggest::hint;

/// The params as the table `p`; a param without a value is nil.
pub fn table(lua: &Lua, params: &Params) -> mlua::Result<Table> {
    let members = lua.create_table()?;
    let mut names = Vec::new();
    for (name, value) in params.iter() {
        names.push(name.to_owned());
        members.raw_set(name, one(lua, value)?)?;
    }
    let missing = lua.create_function(move |lua, (_, key): (Value, Value)| {
        let name = spell(&key);
        if names.contains(&name) {
            return Ok(Value::Nil);
        }
        let error = Error::new(Kind::Recipe, format!("the recipe has no param `{name}`"));
        Err(raise(lua, error.hint(hint(&name, names.iter().map(String::as_str)))))
    })?;
    let frozen = lua.create_function(|lua, (_, key): (Value, Value)| {
        let what = format!("cannot set the param `{}`: params are read-only", spell(&key));
        Err::<Value, _>(raise(lua, Error::new(Kind::Recipe, what).hint("keep it in a `local` of your own")))
    })?;
    proxy(lua, members, missing, frozen)
}

/// Durations are seconds and sizes are bytes, as every primitive takes them.
fn one(lua: &Lua, value: &ParamValue) -> mlua::Result<Value> {
    match value {
        ParamValue::String(text) => text.as_str().into_lua(lua),
        ParamValue::Integer(number) => number.into_lua(lua),
        ParamValue::Boolean(flag) => flag.into_lua(lua),
        ParamValue::Path(path) => path.as_path().to_string_lossy().into_lua(lua),
        ParamValue::Duration(duration) => match duration.subsec_nanos() {
            0 => duration.as_secs().into_lua(lua),
            _ => duration.as_secs_f64().into_lua(lua),
        },
        ParamValue::SizeBytes(bytes) => bytes.into_lua(lua),
        ParamValue::List(items) => items.clone().into_lua(lua),
        ParamValue::Commands(commands) => commands.clone().into_lua(lua),
        ParamValue::Address(address) => address.url().as_str().into_lua(lua),
        ParamValue::Secret(secret) => Ok(Value::UserData(lua.create_userdata(SecretValue(secret.clone()))?)),
        ParamValue::Absent => Ok(Value::Nil),
    }
}

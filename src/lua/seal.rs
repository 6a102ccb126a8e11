//! Seals a table: reading an unknown name is an error that suggests the right one, and writing is always an error.

use mlua::{Function, IntoLua, Lua, Table, Value};

use crate::error::{Error, Kind};
use crate::lua::traceback::raise;
use crate::suggest::nearest;

/// More names than this do not help.
const MAX_LISTED: usize = 12;

/// A read-only view of `members`, which the recipe knows as `name`. Plain tables inside are sealed too.
pub fn seal(lua: &Lua, name: &str, members: Table) -> mlua::Result<Table> {
    seal_inside(lua, name, &members)?;
    let (owner, known) = (name.to_owned(), members.clone());
    let missing = lua.create_function(move |lua, (_, key): (Value, Value)| {
        Err::<Value, _>(raise(lua, no_member(&owner, &key, &known)))
    })?;
    let owner = name.to_owned();
    let frozen = lua.create_function(move |lua, (_, key): (Value, Value)| {
        let what = format!("cannot set `{owner}.{}`: `{owner}` is read-only", spell(&key));
        Err::<Value, _>(raise(lua, Error::new(Kind::Recipe, what).hint("keep it in a `local` of your own")))
    })?;
    proxy(lua, members, missing, frozen)
}

/// An empty table that reads from `members`, or else calls `missing`; a write calls `frozen`.
pub fn proxy(lua: &Lua, members: Table, missing: Function, frozen: Function) -> mlua::Result<Table> {
    let next: Function = lua.globals().raw_get("next")?;
    let listed = members.clone();
    let pairs = lua.create_function(move |lua, _: Value| {
        let copy = lua.create_table()?;
        listed.for_each(|key: Value, value: Value| copy.raw_set(key, value))?;
        Ok((next.clone(), copy, Value::Nil))
    })?;
    // Two tables deep, so that Lua finds a known name by itself, without a call into Rust.
    members.set_metatable(Some(lua.create_table_from([("__index", missing)])?))?;
    let meta = lua.create_table()?;
    meta.raw_set("__index", members)?;
    meta.raw_set("__newindex", frozen)?;
    meta.raw_set("__pairs", pairs)?;
    meta.raw_set("__metatable", "locked")?;
    let proxy = lua.create_table()?;
    proxy.set_metatable(Some(meta))?;
    Ok(proxy)
}

/// A value for recipes: a plain table is sealed, anything else is unchanged.
pub fn seal_value(lua: &Lua, name: &str, value: Value) -> mlua::Result<Value> {
    match value {
        Value::Table(table) if !table.has_metatable() => seal(lua, name, table)?.into_lua(lua),
        other => Ok(other),
    }
}

fn seal_inside(lua: &Lua, name: &str, members: &Table) -> mlua::Result<()> {
    let mut inner = Vec::new();
    members.for_each(|key: Value, value: Value| {
        if let Value::Table(table) = value {
            inner.push((key, table));
        }
        Ok(())
    })?;
    for (key, table) in inner {
        let sealed = seal_value(lua, &format!("{name}.{}", spell(&key)), Value::Table(table))?;
        members.raw_set(key, sealed)?;
    }
    Ok(())
}

fn no_member(owner: &str, key: &Value, members: &Table) -> Error {
    let key = spell(key);
    let error = Error::new(Kind::Recipe, format!("`{owner}` has no member `{key}`"));
    let names = names(members);
    match nearest(&key, names.iter().map(String::as_str)) {
        Some(near) => error.hint(format!("did you mean `{owner}.{near}`?")),
        None if names.len() <= MAX_LISTED => error.hint(format!("it has `{}`", names.join("`, `"))),
        None => error,
    }
}

/// The names in a table, sorted.
pub fn names(members: &Table) -> Vec<String> {
    let keys = members.pairs::<Value, Value>().filter_map(|pair| pair.ok());
    let mut names: Vec<String> = keys.filter(|(key, _)| key.is_string()).map(|(key, _)| spell(&key)).collect();
    names.sort();
    names
}

/// A key as the recipe would write it.
pub fn spell(key: &Value) -> String {
    match key {
        Value::String(text) => text.to_string_lossy(),
        Value::Integer(number) => number.to_string(),
        Value::Number(number) => number.to_string(),
        Value::Boolean(value) => value.to_string(),
        other => other.type_name().to_owned(),
    }
}

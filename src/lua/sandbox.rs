//! Builds the environment that recipes run in: only harmless names, each sealed, and an error for every other.

use std::rc::Rc;

use mlua::{Function, Lua, LuaString, MultiValue, Table, Value};

use crate::error::{Error, Kind};
use crate::lua::absent::advice;
use crate::lua::exports::Make;
use crate::lua::later::Later;
use crate::lua::seal::{names, proxy, seal, seal_value, spell};
use crate::lua::traceback::raise;
use crate::lua::{base, strings, tables, text};
use crate::suggest::nearest;

/// Standard members that are safe unchanged: linear in their arguments, or bounded by Lua's own stack.
const STRING: [&str; 10] = ["byte", "char", "len", "lower", "pack", "packsize", "reverse", "sub", "unpack", "upper"];
const TABLE: [&str; 2] = ["pack", "unpack"];

/// The allowlist of recipe names for some Lua files: they get a new module only if it is listed.
#[derive(Clone, Copy)]
pub struct Allowed {
    pub names: &'static [&'static str],
    /// The name of these files in messages.
    pub place: &'static str,
    /// The alternative to the other names.
    pub hint: &'static str,
}

/// The names that these files do not have, and the messages for them.
#[derive(Clone)]
struct Denied {
    names: Vec<&'static str>,
    place: &'static str,
    hint: &'static str,
}

/// The strict `_ENV` of recipes. Tables among the primitives are sealed; a primitive overrides a base function of the same name.
pub fn environment(lua: &Lua, primitives: Vec<(&'static str, Value)>) -> mlua::Result<Table> {
    environment_with(lua, primitives, Vec::new(), None)
}

/// The same with modules that are made on first use; if there is an allowlist, only its names.
pub fn environment_with(
    lua: &Lua,
    mut primitives: Vec<(&'static str, Value)>,
    mut modules: Vec<(&'static str, Make)>,
    allowed: Option<Allowed>,
) -> mlua::Result<Table> {
    let names = primitives.iter().map(|(name, _)| *name).chain(modules.iter().map(|(name, _)| *name));
    let denied = allowed.map(|allowed| {
        let names = names.filter(|name| !allowed.names.contains(name)).collect();
        Denied { names, place: allowed.place, hint: allowed.hint }
    });
    if let Some(denied) = &denied {
        primitives.retain(|(name, _)| !denied.names.contains(name));
        modules.retain(|(name, _)| !denied.names.contains(name));
    }
    let members = base::functions(lua)?;
    let stock = lua.globals();
    let string_library = string_library(lua, &stock)?;
    lock_strings(lua, &string_library)?;
    members.raw_set("string", seal(lua, "string", string_library)?)?;
    members.raw_set("table", seal(lua, "table", table_library(lua, &stock)?)?)?;
    members.raw_set("math", seal(lua, "math", copy(lua, &stock.raw_get("math")?)?)?)?;
    let utf8 = copy(lua, &stock.raw_get("utf8")?)?;
    for name in ["len", "offset", "codepoint"] {
        utf8.raw_set(name, text::counted(lua, "utf8", name)?)?;
    }
    members.raw_set("utf8", seal(lua, "utf8", utf8)?)?;
    for (name, value) in primitives {
        members.raw_set(name, seal_value(lua, name, value)?)?;
    }
    strict(lua, members, Rc::new(Later::new(modules)), denied)
}

fn strict(lua: &Lua, members: Table, later: Rc<Later>, denied: Option<Denied>) -> mlua::Result<Table> {
    let (known, waiting) = (members.clone(), later.clone());
    let undefined = lua.create_function(move |lua, (_, key): (Value, Value)| {
        let name = spell(&key);
        if let Some(module) = waiting.bring(lua, &name, &known)? {
            return Ok(module);
        }
        let mut known = names(&known);
        known.extend(waiting.names().into_iter().map(str::to_owned));
        Err(raise(lua, undefined(&name, &known, denied.as_ref())))
    })?;
    let (known, waiting) = (members.clone(), later.clone());
    let undeclared = lua.create_function(move |lua, (_, key): (Value, Value)| {
        let name = spell(&key);
        let is_known = !known.raw_get::<Value>(key)?.is_nil() || waiting.names().contains(&name.as_str());
        Err::<Value, _>(raise(lua, undeclared(&name, is_known)))
    })?;
    let environment = proxy(lua, members.clone(), undefined, undeclared)?;
    list_all(lua, &environment, &members, later)?;
    members.raw_set("_G", &environment)?;
    Ok(environment)
}

/// Makes `pairs(_G)` also show the modules that are not used yet.
fn list_all(lua: &Lua, environment: &Table, members: &Table, later: Rc<Later>) -> mlua::Result<()> {
    let Some(meta) = environment.metatable() else { return Ok(()) };
    let (pairs, members): (Function, _) = (meta.raw_get("__pairs")?, members.clone());
    let whole = lua.create_function(move |lua, environment: Value| {
        for name in later.names() {
            later.bring(lua, name, &members)?;
        }
        pairs.call::<MultiValue>(environment)
    })?;
    meta.raw_set("__pairs", whole)
}

fn undefined(name: &str, known: &[String], denied: Option<&Denied>) -> Error {
    if let Some(denied) = denied.filter(|denied| denied.names.contains(&name)) {
        let what = format!("`{name}` is not available in {}", denied.place);
        return Error::new(Kind::Recipe, what).hint(denied.hint);
    }
    if let Some(advice) = advice(name) {
        return Error::new(Kind::Recipe, format!("`{name}` is not available in recipes")).hint(advice);
    }
    let error = Error::new(Kind::Recipe, format!("undefined name `{name}`"));
    match nearest(name, known.iter().map(String::as_str)) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error.hint(format!("declare it with `local {name} = ...` before it is used")),
    }
}

fn undeclared(name: &str, is_known: bool) -> Error {
    if is_known {
        return Error::new(Kind::Recipe, format!("cannot replace `{name}`: it is read-only"))
            .hint(format!("choose another name: `local my_{name} = ...`"));
    }
    Error::new(Kind::Recipe, format!("assignment to the undeclared global `{name}`"))
        .hint(format!("write `local {name} = ...`"))
}

fn string_library(lua: &Lua, stock: &Table) -> mlua::Result<Table> {
    let library = select(lua, &stock.raw_get("string")?, &STRING)?;
    strings::install(lua, &library)?;
    text::install(lua, &library)?;
    Ok(library)
}

fn table_library(lua: &Lua, stock: &Table) -> mlua::Result<Table> {
    let library = select(lua, &stock.raw_get("table")?, &TABLE)?;
    tables::install(lua, &library)?;
    Ok(library)
}

/// Sends `("x"):rep(3)` to the bounded functions as well. The arithmetic of numbers in strings stays.
fn lock_strings(lua: &Lua, library: &Table) -> mlua::Result<()> {
    let meta = lua.create_table()?;
    if let Some(stock) = lua.type_metatable::<LuaString>() {
        stock.for_each(|key: Value, value: Value| meta.raw_set(key, value))?;
    }
    meta.raw_set("__index", library)?;
    meta.raw_set("__metatable", "locked")?;
    lua.set_type_metatable::<LuaString>(Some(meta));
    Ok(())
}

fn copy(lua: &Lua, from: &Table) -> mlua::Result<Table> {
    let to = lua.create_table()?;
    from.for_each(|key: Value, value: Value| to.raw_set(key, value))?;
    Ok(to)
}

fn select(lua: &Lua, from: &Table, names: &[&str]) -> mlua::Result<Table> {
    let to = lua.create_table()?;
    for name in names {
        to.raw_set(*name, from.raw_get::<Value>(*name)?)?;
    }
    Ok(to)
}

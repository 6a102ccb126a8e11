//! Decides what `require` finds: `hikae.*` from the library, then Lua files beside the recipe, each loaded once.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use mlua::chunk::ChunkMode;
use mlua::{Function, Lua, LuaString, Table, Value};

use crate::error::{Error, Kind, Result};
use crate::lua::compiled;
use crate::lua::coverage::Coverage;
use crate::lua::traceback::{from_lua, raise};

/// The file of a module: as messages show it, and its text.
pub struct Module {
    pub file_shown: String,
    pub text: String,
}

/// Finds the module of a dotted name; `None` if it does not exist.
pub type Finder = Rc<dyn Fn(&str) -> Result<Option<Module>>>;

/// The entry that `require` keeps for each requested name.
enum Loaded {
    Loading,
    Done(Value),
}

/// The function `require` for the environment `env`, which its modules share.
pub fn require(lua: &Lua, env: &Table, find: Finder) -> mlua::Result<Function> {
    let loaded: RefCell<BTreeMap<String, Loaded>> = RefCell::default();
    let env = env.clone();
    lua.create_function(move |lua, name: LuaString| {
        let name = name.to_string_lossy();
        match loaded.borrow().get(&name) {
            Some(Loaded::Done(value)) => return Ok(value.clone()),
            Some(Loaded::Loading) => return Err(raise(lua, circular(&name))),
            None => {}
        }
        let module = locate(&find, &name).map_err(|error| raise(lua, error))?;
        loaded.borrow_mut().insert(name.clone(), Loaded::Loading);
        match chunk(lua, &module.file_shown, &module.text, &env).and_then(|chunk| chunk.call::<Value>(())) {
            Ok(value) => {
                loaded.borrow_mut().insert(name, Loaded::Done(value.clone()));
                Ok(value)
            }
            Err(error) => {
                loaded.borrow_mut().remove(&name);
                Err(mlua::Error::external(from_lua(error)))
            }
        }
    })
}

/// A Lua file as a function of the environment; from source text only, never from bytecode.
pub fn chunk(lua: &Lua, file_shown: &str, text: &str, env: &Table) -> mlua::Result<Function> {
    if text.starts_with('\u{1b}') {
        let error = Error::new(Kind::Recipe, format!("`{file_shown}` is compiled Lua"));
        return Err(raise(lua, error.hint("give hikae the source text: what cannot be read cannot be trusted")));
    }
    let name = format!("@{file_shown}");
    let function = match compiled::of(&name, text) {
        Some(compiled) => {
            let chunk = lua.load(&*compiled).set_name(name).set_mode(ChunkMode::Binary);
            chunk.set_environment(env.clone()).into_function()?
        }
        None => {
            let chunk = lua.load(text).set_name(&name).set_mode(ChunkMode::Text);
            let function = chunk.set_environment(env.clone()).into_function()?;
            compiled::keep(name, text, &function);
            function
        }
    };
    if let Some(coverage) = lua.app_data_ref::<Coverage>() {
        coverage.loaded(file_shown, text, &function).map_err(|error| raise(lua, error))?;
    }
    Ok(function)
}

fn locate(find: &Finder, name: &str) -> Result<Module> {
    let part = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    if !name.split('.').all(part) {
        return Err(Error::new(Kind::Recipe, format!("`{name}` is not the name of a module"))
            .hint("a name has letters, digits, `_` and `-`, with dots between folders: require \"hikae.retention\""));
    }
    find(name)?.ok_or_else(|| {
        Error::new(Kind::NotFound, format!("cannot find the module `{name}`"))
            .hint("`require` finds `hikae.*` of the library, and Lua files beside the recipe")
    })
}

fn circular(name: &str) -> Error {
    Error::new(Kind::Recipe, format!("the module `{name}` requires itself, by way of others"))
        .hint("move what both need into a third module")
}

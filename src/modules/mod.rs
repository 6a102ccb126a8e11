//! Lists what Lua may call, one file per module.

pub mod archive;
pub mod catalog;
pub mod clock;
pub mod drain;
pub mod errors;
pub mod fs;
pub mod gettext;
pub mod http;
pub mod json;
pub mod log;
pub mod mail;
pub mod manifest;
pub mod objects;
pub mod parallel;
pub mod path;
pub mod pg;
pub mod process;
pub mod recipes;
pub mod run;
pub mod save;
pub mod stream;
pub mod stream_result;

use mlua::{Lua, Value};

use crate::lua::exports::Make;
use crate::lua::machine::Library;

/// All modules and functions that hikae adds to Lua.
pub const LIBRARY: Library = Library { modules: &MODULES, functions };

/// Every module that hikae adds to Lua.
pub const MODULES: [(&str, Make); 16] = [
    ("archive", archive::module),
    ("catalog", catalog::module),
    ("clock", clock::module),
    ("errors", errors::module),
    ("fs", fs::module),
    ("http", http::module),
    ("json", json::module),
    ("log", log::module),
    ("mail", mail::module),
    ("manifest", manifest::module),
    ("objects", objects::module),
    ("path", path::module),
    ("pg", pg::module),
    ("process", process::module),
    ("recipes", recipes::module),
    ("run", run::module),
];

/// Every function outside a module.
fn functions(lua: &Lua) -> mlua::Result<Vec<(&'static str, Value)>> {
    let mut functions = errors::functions(lua)?;
    functions.push(("parallel", Value::Function(parallel::function(lua)?)));
    functions.push(("_", Value::Function(gettext::function(lua)?)));
    Ok(functions)
}

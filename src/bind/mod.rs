//! Lists what Lua may call, one file per module.

use mlua::{Lua, Value};

pub mod archive;
pub mod budget;
pub mod catalog;
pub mod catch;
pub mod clock;
pub mod drain;
pub mod errors;
pub mod exports;
pub mod failure;
mod frame;
pub mod fs;
pub mod fuse;
pub mod gettext;
pub mod hook;
pub mod http;
pub mod json;
pub mod log;
pub mod mail;
pub mod manifest;
pub mod objects;
pub mod options;
pub mod parallel;
pub mod path;
pub mod pg;
pub mod plain;
pub mod pool;
pub mod process;
pub mod run;
pub mod save;
pub mod secret_value;
pub mod session;
pub mod stream;
pub mod traceback;
pub mod unknown;
mod wrong;

use exports::Module;

/// What makes a module in a Lua state.
pub type Make = fn(&Lua) -> mlua::Result<Module>;

/// Every module that Lua has from hikae.
pub const MODULES: [(&str, Make); 15] = [
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
    ("run", run::module),
];

/// Every function that stands outside a module.
pub fn functions(lua: &Lua) -> mlua::Result<Vec<(&'static str, Value)>> {
    let mut functions = errors::functions(lua)?;
    functions.push(("parallel", Value::Function(parallel::function(lua)?)));
    functions.push(("_", Value::Function(gettext::function(lua)?)));
    Ok(functions)
}

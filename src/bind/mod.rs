//! Lists what Lua may call, one file per module.

use mlua::{Lua, Value};

pub mod budget;
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

/// Every module that Lua has from hikae.
pub fn modules(lua: &Lua) -> mlua::Result<Vec<Module>> {
    Ok(vec![
        clock::module(lua)?,
        errors::module(lua)?,
        fs::module(lua)?,
        http::module(lua)?,
        json::module(lua)?,
        log::module(lua)?,
        mail::module(lua)?,
        manifest::module(lua)?,
        objects::module(lua)?,
        path::module(lua)?,
        pg::module(lua)?,
        process::module(lua)?,
        run::module(lua)?,
    ])
}

/// Every function that stands outside a module.
pub fn functions(lua: &Lua) -> mlua::Result<Vec<(&'static str, Value)>> {
    let mut functions = errors::functions(lua)?;
    functions.push(("parallel", Value::Function(parallel::function(lua)?)));
    functions.push(("_", Value::Function(gettext::function(lua)?)));
    Ok(functions)
}

//! The module `samples`: the output of real programs, as configured, and the same each time.

pub(crate) mod dump;
pub(crate) mod manifest;
pub(crate) mod tar;

use mlua::{Lua, Value};

use crate::lua::exports::{Call, Module};
use crate::lua::plain::Plain;
use crate::lua::traceback::from_lua;

/// The samples that specs have.
pub fn module(lua: &Lua) -> mlua::Result<Module> {
    let dump = lua.create_function(|lua, given: Value| {
        let call = Call::new(lua, "samples.pg_dump").map_err(mlua::Error::external)?;
        let dump = Plain::from_lua(&given).and_then(|given| dump::Sample::read(call.name, given));
        dump.and_then(|dump| dump.text()).map_err(|error| call.raise(error))
    })?;
    Module::new(lua)?
        .add("samples.pg_dump", dump)?
        .call("samples.manifest", |_, (options,): (manifest::Options,)| manifest::text(options))?
        .call("samples.tar", |call, (options,): (tar::Options,)| {
            call.lua.create_string(tar::bytes(options)?).map_err(from_lua)
        })
}

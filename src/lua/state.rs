//! Makes a Lua state: the harmless libraries, a memory limit, and a fuse.

use mlua::{Lua, LuaOptions, StdLib};

use crate::error::Result;
use crate::lua::fuse::{Fuse, LuaLimits, hook};
use crate::lua::traceback;

/// A new state with its fuse. Nothing may run in it before `sandbox::environment` has made the environment.
pub fn new(limits: &LuaLimits) -> Result<(Lua, Fuse)> {
    make(limits).map_err(|error| traceback::from_lua(error).within("cannot start Lua"))
}

fn make(limits: &LuaLimits) -> mlua::Result<(Lua, Fuse)> {
    let lua = Lua::new_with(StdLib::STRING | StdLib::TABLE | StdLib::MATH | StdLib::UTF8, LuaOptions::default())?;
    lua.set_memory_limit(limits.memory_bytes)?;
    let fuse = Fuse::new(*limits);
    lua.set_app_data(fuse.clone());
    hook::install(&lua, &fuse)?;
    Ok((lua, fuse))
}

/// Fixes the results of `math.random` from now on: a spec must see the same numbers each time.
pub fn seed(lua: &Lua, seed: i64) -> Result<()> {
    let math: mlua::Result<mlua::Table> = lua.globals().get("math");
    let seeded = math.and_then(|math| math.get::<mlua::Function>("randomseed")?.call::<()>(seed));
    seeded.map_err(traceback::from_lua)
}

/// Makes `math.random` random again.
pub fn unseed(lua: &Lua) -> Result<()> {
    let math: mlua::Result<mlua::Table> = lua.globals().get("math");
    let seeded = math.and_then(|math| math.get::<mlua::Function>("randomseed")?.call::<mlua::MultiValue>(()));
    seeded.map(drop).map_err(traceback::from_lua)
}

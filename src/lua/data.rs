//! Reads a Lua file that contains only a table of texts.

use std::collections::BTreeMap;

use super::fuse::LuaLimits;
use super::state;
use super::traceback::from_lua;
use crate::error::Result;

/// The texts that the file returns. It can call no functions, and has the limits of any Lua state.
pub fn texts(file_shown: &str, text: &str) -> Result<BTreeMap<String, String>> {
    let (lua, fuse) = state::new(&LuaLimits::default())?;
    let env = lua.create_table().map_err(from_lua)?;
    let chunk = lua.load(text).set_name(format!("@{file_shown}")).set_mode(mlua::chunk::ChunkMode::Text);
    chunk.set_environment(env).eval().map_err(|error| fuse.explain(error))
}

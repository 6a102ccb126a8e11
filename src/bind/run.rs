//! The module `run`: what the run that is under way is, and what it has proved so far.

use mlua::Lua;

use super::exports::Module;
use super::traceback::from_lua;

pub fn module(lua: &Lua) -> mlua::Result<Module> {
    Module::new(lua, "run")?
        .call("run.id", |call, ()| Ok(call.session.identity.run_id.clone()))?
        .call("run.recipe", |call, ()| Ok(call.session.identity.recipe.clone()))?
        .call("run.kind", |call, ()| Ok(call.session.identity.kind.clone()))?
        .call("run.backups", |call, ()| {
            let paths: Vec<String> = call.session.backups.borrow().iter().map(|backup| backup.path.clone()).collect();
            call.lua.create_sequence_from(paths).map_err(from_lua)
        })
}

//! The module `catalog`: what the record of all runs tells of what should have run.

use mlua::{Lua, Table};

use crate::catalog::{Moment, Overdue};
use crate::lua::exports::Module;
use crate::lua::traceback::from_lua;

pub fn module(lua: &Lua) -> mlua::Result<Module> {
    Module::new(lua)?.call("catalog.overdue", |call, ()| {
        // Refused while a recipe is only loaded.
        call.world()?;
        let overdue = (call.session.overdue_query)()?;
        let tables = overdue.iter().map(|one| table(&call.lua, one)).collect::<mlua::Result<Vec<Table>>>();
        tables.and_then(|tables| call.lua.create_sequence_from(tables)).map_err(from_lua)
    })
}

fn table(lua: &Lua, overdue: &Overdue) -> mlua::Result<Table> {
    let shown = |at: Option<Moment>| at.map(|at| at.format("%Y-%m-%d %H:%M:%S").to_string());
    let table = lua.create_table()?;
    table.raw_set("recipe", overdue.recipe.as_str())?;
    table.raw_set("target", overdue.target.as_str())?;
    table.raw_set("shown", overdue.shown.as_str())?;
    table.raw_set("verdict", overdue.verdict.word())?;
    table.raw_set("due", shown(overdue.due))?;
    table.raw_set("since", shown(overdue.since))?;
    table.raw_set("age_secs", overdue.age_secs)?;
    table.raw_set("objective_secs", overdue.objective_secs)?;
    table.raw_set("why", overdue.why.as_deref())?;
    Ok(table)
}

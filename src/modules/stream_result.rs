//! What a consumed stream gives to Lua: its facts as a table, and its lines to the functions that tap them.

use std::future::Future;

use futures_util::future::{try_join, try_join_all};
use mlua::{Function, Table};
use tokio::sync::oneshot;

use crate::backup::writer::AFTER_THE_RUN;
use crate::error::Result;
use crate::lua::exports::Call;
use crate::lua::json::to_lua;
use crate::lua::traceback::from_lua;
use crate::lua::unknown::Unknown;
use crate::stream::Facts;
use crate::stream::lines::LineReader;

/// A function of the recipe that is shown every line that passes.
pub struct LineTap {
    pub lines: oneshot::Receiver<LineReader>,
    pub function: Function,
}

/// Waits for the stream while the recipe's functions are shown its lines; the first failure ends both.
pub async fn with_taps<T>(task: impl Future<Output = Result<T>>, taps: Vec<LineTap>) -> Result<T> {
    let shown = try_join_all(taps.into_iter().map(show_lines));
    try_join(task, shown).await.map(|(answer, _)| answer)
}

async fn show_lines(tap: LineTap) -> Result<()> {
    let Ok(mut lines) = tap.lines.await else { return Ok(()) }; // the stream could not be opened, and says so itself
    while let Some(line) = lines.next().await {
        tap.function.call_async::<()>(mlua::BString::from(line.text.to_vec())).await.map_err(from_lua)?;
    }
    Ok(())
}

/// What a plan can show of a stream that was not read: the shape of what it would tell.
pub fn unknown_facts(call: &Call, facts: &Facts) -> mlua::Result<Table> {
    let table = call.lua.create_table()?;
    table.raw_set("sha256", AFTER_THE_RUN)?;
    for name in ["size_bytes", "plain_bytes"] {
        table.raw_set(name, Unknown::field(name).handle(&call.lua)?)?;
    }
    table.raw_set("hashes", Unknown::field("hashes").handle(&call.lua)?)?;
    for (name, shape) in &facts.shapes {
        table.raw_set(name.as_str(), to_lua(&call.lua, shape)?)?;
    }
    Ok(table)
}

/// What a stream told about itself, put into a table for Lua.
pub fn fill(call: &Call, table: &Table, sha256: &str, size_bytes: u64, facts: &Facts) -> mlua::Result<()> {
    table.raw_set("sha256", sha256)?;
    table.raw_set("size_bytes", size_bytes)?;
    table.raw_set("plain_bytes", facts.plain_bytes)?;
    table.raw_set("hashes", call.lua.create_table_from(facts.hashes.clone())?)?;
    for (name, section) in &facts.sections {
        table.raw_set(name.as_str(), to_lua(&call.lua, section)?)?;
    }
    Ok(())
}

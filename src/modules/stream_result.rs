//! What a consumed stream gives to Lua: its facts as a table, and its lines to the functions that tap them.

use std::future::Future;
use std::rc::Rc;

use futures_util::future::{try_join, try_join_all};
use mlua::{Function, Table};
use tokio::sync::oneshot;

use crate::backup::writer::AFTER_THE_RUN;
use crate::error::{Error, Kind, Result};
use crate::lua::exports::Call;
use crate::lua::json::to_lua;
use crate::lua::session::Session;
use crate::lua::traceback::from_lua;
use crate::lua::unknown::Unknown;
use crate::stream::Facts;
use crate::stream::lines::LineReader;

/// A function of the recipe that is shown every line that passes.
pub struct LineTap {
    pub lines: oneshot::Receiver<LineReader>,
    pub function: Function,
    pub session: Rc<Session>,
}

/// Functions that read streams with such functions, and so on: each is a call inside the one before it.
const MAX_TAPS_INSIDE: usize = 8;

impl LineTap {
    /// Shows the function one line.
    pub async fn show(&self, line: &[u8]) -> Result<()> {
        let inside = self.session.tapping.get();
        if inside >= MAX_TAPS_INSIDE {
            let what = format!("more than {MAX_TAPS_INSIDE} functions of `:tap_lines` run inside each other");
            return Err(Error::new(Kind::Recipe, what).hint("does a function read a stream with the same function?"));
        }
        self.session.tapping.set(inside + 1);
        let shown = self.function.call_async::<()>(mlua::BString::from(line.to_vec())).await.map_err(from_lua);
        self.session.tapping.set(self.session.tapping.get().saturating_sub(1));
        shown
    }
}

/// Waits for the stream while the recipe's functions are shown its lines; the first failure ends both.
pub async fn with_taps<T>(task: impl Future<Output = Result<T>>, taps: Vec<LineTap>) -> Result<T> {
    let shown = try_join_all(taps.into_iter().map(show_lines));
    try_join(task, shown).await.map(|(answer, _)| answer)
}

async fn show_lines(mut tap: LineTap) -> Result<()> {
    let Ok(mut lines) = (&mut tap.lines).await else { return Ok(()) }; // the stream could not be opened, and says so itself
    while let Some(line) = lines.next().await {
        tap.show(&line.text).await?;
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
    if !facts.remarks.is_empty() {
        let remarks = serde_json::to_value(&facts.remarks).unwrap_or_default(); // plain texts: they always can
        table.raw_set("warnings", to_lua(&call.lua, &remarks)?)?;
    }
    Ok(())
}

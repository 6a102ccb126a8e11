//! The result of a consumed stream for Lua: its facts as a table, and its lines for the functions that tap them.

use std::future::Future;
use std::rc::Rc;

use futures_util::future::{try_join, try_join_all};
use mlua::{FromLuaMulti, Function, IntoLua, IntoLuaMulti, Lua, Table, Value};
use tokio::sync::oneshot;

use crate::backup::writer::AFTER_THE_RUN;
use crate::error::{Error, Kind, Result};
use crate::lua::exports::Call;
use crate::lua::json::to_lua;
use crate::lua::session::Session;
use crate::lua::traceback::from_lua;
use crate::lua::unknown::Unknown;
use crate::stream::Facts;
use crate::stream::ended::Ended;
use crate::stream::lines::LineReader;

/// A function of the recipe that receives data about a stream.
pub struct LineTap {
    pub shown: Shown,
    pub function: Function,
    pub session: Rc<Session>,
}

/// The data that a function receives.
pub enum Shown {
    /// Every line that passes.
    Lines(oneshot::Receiver<LineReader>),
    /// The facts of the stream, at its end; nothing continues until the function accepts it.
    End(oneshot::Receiver<Ended>),
    /// Nothing more: the function has already received it.
    Done,
}

/// The most nested functions that read streams with such functions, and so on.
const MAX_TAPS_INSIDE: usize = 8;

impl LineTap {
    /// Passes one line to the function.
    pub async fn show(&self, line: &[u8]) -> Result<()> {
        self.call::<()>(mlua::BString::from(line.to_vec())).await
    }

    async fn call<R: FromLuaMulti>(&self, shown: impl IntoLuaMulti) -> Result<R> {
        let inside = self.session.tapping.get();
        if inside >= MAX_TAPS_INSIDE {
            let what = format!("more than {MAX_TAPS_INSIDE} functions of `:tap_lines` run inside each other");
            return Err(Error::new(Kind::Recipe, what).hint("does a function read a stream with the same function?"));
        }
        self.session.tapping.set(inside + 1);
        let answer = self.function.call_async::<R>(shown).await.map_err(from_lua);
        self.session.tapping.set(self.session.tapping.get().saturating_sub(1));
        answer
    }

    /// Lets the function decide whether a stream is good. Any result other than true is a refusal.
    async fn check(&self, ended: Ended) -> Result<()> {
        let Ended { size_bytes, head, tail, good } = ended;
        let seen = Seen { size_bytes, head: mlua::BString::from(head), tail: mlua::BString::from(tail) };
        let (answer, why): (Value, Option<String>) = self.call(seen).await?;
        if matches!(answer, Value::Nil | Value::Boolean(false)) {
            let error = Error::new(Kind::Integrity, "the check of the recipe refused the stream");
            let why = why.unwrap_or_else(|| "it did not return true".to_owned());
            return Err(error
                .because_text(why)
                .hint("look at what the program wrote, and at the function in `:check`"));
        }
        // The receiver is gone if the stream was cancelled meanwhile.
        let _unheard = good.send(());
        Ok(())
    }
}

/// Waits for the stream while the recipe's functions receive its lines; the first failure ends both.
pub async fn with_taps<T>(task: impl Future<Output = Result<T>>, taps: Vec<LineTap>) -> Result<T> {
    let shown = try_join_all(taps.into_iter().map(show));
    try_join(task, shown).await.map(|(answer, _)| answer)
}

async fn show(mut tap: LineTap) -> Result<()> {
    // A stream that could not be opened reports the error itself.
    match std::mem::replace(&mut tap.shown, Shown::Done) {
        Shown::Lines(lines) => {
            let Ok(mut lines) = lines.await else { return Ok(()) };
            while let Some(line) = lines.next().await {
                tap.show(&line.text).await?;
            }
            Ok(())
        }
        Shown::End(ended) => match ended.await {
            Ok(ended) => tap.check(ended).await,
            Err(_closed) => Ok(()),
        },
        Shown::Done => Ok(()),
    }
}

/// The facts of a stream that `:check` passes on.
struct Seen {
    size_bytes: u64,
    head: mlua::BString,
    tail: mlua::BString,
}

impl IntoLua for Seen {
    fn into_lua(self, lua: &Lua) -> mlua::Result<Value> {
        let table = lua.create_table()?;
        table.raw_set("size_bytes", self.size_bytes)?;
        table.raw_set("head", self.head)?;
        table.raw_set("tail", self.tail)?;
        Ok(Value::Table(table))
    }
}

/// The placeholder in a plan for an unread stream: the shape of its facts.
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

/// The facts of a stream, put into a table for Lua.
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

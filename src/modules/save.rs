//! Consumes a stream: proves it into a file with its manifest, or reads it to its end.

use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use futures_util::future::{try_join, try_join_all};
use mlua::{Function, IntoLua, Lua, Table, Value};
use serde::Deserialize;

use crate::backup::filled::filled;
use crate::backup::pipeline::Pipeline;
use crate::backup::pool::spawn_cancellable;
use crate::backup::target::Target;
use crate::backup::writer::{AFTER_THE_RUN, Writer, Written};
use crate::catalog::manifest;
use crate::error::{Error, Kind, Result};
use crate::lua::exports::Call;
use crate::lua::options::duration;
use crate::lua::traceback::from_lua;
use crate::lua::unknown::Unknown;
use crate::modules::stream::{LineTap, Shown};
use crate::stream::Facts;
use crate::stream::ended::Ended;
use crate::stream::lines::LineReader;
use crate::units::show_size;

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct SaveOptions {
    #[serde(default, deserialize_with = "duration")]
    timeout: Option<Duration>,
    #[serde(default, deserialize_with = "duration")]
    idle_timeout: Option<Duration>,
    #[serde(default)]
    allow_empty: bool,
    /// The line of the manifest that restores it.
    restore: Option<String>,
}

/// How a backup is written, where the recipe says so.
#[derive(Clone, Default)]
pub struct Writing {
    /// How long it may take.
    pub total: Option<Duration>,
    pub idle: Option<Duration>,
    /// Whether a backup of nothing is kept.
    pub allow_empty: bool,
    /// The line of the manifest that restores it.
    pub restore: Option<String>,
}

impl From<SaveOptions> for Writing {
    fn from(options: SaveOptions) -> Writing {
        let SaveOptions { timeout, idle_timeout, allow_empty, restore } = options;
        Writing { total: timeout, idle: idle_timeout, allow_empty, restore }
    }
}

/// `:save(path)` and `:put(store, key)`: the backup is visible under its name only when all of it is proved and on stable storage.
pub async fn save(
    call: Rc<Call>,
    (mut pipeline, taps): (Pipeline, Vec<LineTap>),
    target: Target,
    writing: Writing,
) -> Result<Table> {
    let mut caller = call.world()?;
    // The limits of the source are no stricter ones for the target: it would be blamed for a source that takes too long.
    caller.limits.total = writing.total.unwrap_or(caller.limits.total.max(pipeline.limits.total));
    caller.limits.idle = writing.idle.unwrap_or(caller.limits.idle.max(pipeline.limits.idle));
    let step = call.session.step(format!("{} to {target}", pipeline.label), call.site());
    let guard = call.session.pool.guard()?;
    let writer = Writer {
        caller,
        identity: call.session.identity.clone(),
        facts: pipeline.facts.clone(),
        step: step.number,
        recorder: call.session.recorder.clone(),
        guard: guard.clone(),
    };
    if let Some(line) = writing.restore {
        if line.trim().is_empty() || line.contains(['\n', '\r']) {
            return Err(
                Error::new(Kind::Recipe, "`restore` must be one line of a shell").hint("join several steps with `&&`")
            );
        }
        pipeline.facts.lock().restore = Some(line);
    }
    if !writing.allow_empty {
        pipeline = filled(pipeline, call.session.recorder.clone());
    }
    let copies = std::mem::take(&mut pipeline.copies);
    let task = spawn_cancellable(guard, async move { writer.write(pipeline, target, copies).await });
    let answer = with_taps(task, taps).await;
    match &answer {
        Ok(written) => step.end(written[0].facts.plain_bytes, written[0].backup.size_bytes, None),
        Err(error) => step.end(0, 0, Some(error)),
    }
    let written = answer?;
    call.session.backups.borrow_mut().extend(written.iter().map(|record| record.backup.clone()));
    table(&call, &written[0]).map_err(from_lua)
}

/// Waits for the stream while the recipe's functions are shown its lines; the first failure ends both.
pub async fn with_taps<T>(task: impl Future<Output = Result<T>>, taps: Vec<LineTap>) -> Result<T> {
    let shown = try_join_all(taps.into_iter().map(show));
    try_join(task, shown).await.map(|(answer, _)| answer)
}

async fn show(LineTap { shown, function }: LineTap) -> Result<()> {
    // A stream that could not be opened says so itself.
    match shown {
        Shown::Lines(lines) => match lines.await {
            Ok(lines) => show_lines(lines, &function).await,
            Err(_closed) => Ok(()),
        },
        Shown::End(ended) => match ended.await {
            Ok(ended) => check(ended, &function).await,
            Err(_closed) => Ok(()),
        },
    }
}

async fn show_lines(mut lines: LineReader, function: &Function) -> Result<()> {
    while let Some(line) = lines.next().await {
        function.call_async::<()>(mlua::BString::from(line.text.to_vec())).await.map_err(from_lua)?;
    }
    Ok(())
}

/// Lets a function of the recipe decide whether a stream is good. Whatever is not true is a refusal.
async fn check(ended: Ended, function: &Function) -> Result<()> {
    let Ended { size_bytes, head, tail, good } = ended;
    let seen = Seen { size_bytes, head: mlua::BString::from(head), tail: mlua::BString::from(tail) };
    let (answer, why): (Value, Option<String>) = function.call_async(seen).await.map_err(from_lua)?;
    if matches!(answer, Value::Nil | Value::Boolean(false)) {
        let error = Error::new(Kind::Integrity, "the check of the recipe refused the stream");
        let why = why.unwrap_or_else(|| "it did not return true".to_owned());
        return Err(error.because_text(why).hint("look at what the program wrote, and at the function in `:check`"));
    }
    // Nobody waits any more where the stream was taken back meanwhile.
    let _unheard = good.send(());
    Ok(())
}

/// What `:check` shows of a stream.
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

fn table(call: &Call, written: &Written) -> mlua::Result<Table> {
    let Written { backup, facts, known } = written;
    let table = if *known { call.lua.create_table()? } else { unknown_facts(call, facts)? };
    table.raw_set("path", backup.path.as_str())?;
    table.raw_set("manifest", format!("{}{}", backup.path, manifest::SUFFIX))?;
    table.raw_set("size", if *known { show_size(backup.size_bytes) } else { format!("size {AFTER_THE_RUN}") })?;
    if *known {
        fill(call, &table, &backup.sha256, backup.size_bytes, facts)?;
    }
    Ok(table)
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
        table.raw_set(name.as_str(), crate::lua::json::to_lua(&call.lua, shape)?)?;
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
        table.raw_set(name.as_str(), crate::lua::json::to_lua(&call.lua, section)?)?;
    }
    Ok(())
}

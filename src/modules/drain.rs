//! Reads a stream to its proved end without storing it.

use std::rc::Rc;

use mlua::{LuaString, Table};
use serde::Deserialize;

use crate::backup::pipeline::Pipeline;
use crate::backup::pool::spawn_cancellable;
use crate::error::{Error, Kind, Result};
use crate::lua::arguments::MAX_RESULT;
use crate::lua::exports::Call;
use crate::lua::traceback::from_lua;
use crate::modules::stream_result::{LineTap, fill, unknown_facts, with_taps};
use crate::stream::discard::Discard;
use crate::stream::pump::collect;
use crate::units::show_size;
use crate::world::dry_run::is_withheld;

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct TextOptions {
    max_bytes: Option<usize>,
}

impl TextOptions {
    /// The size limit of the text: no more than a Lua value can hold.
    pub fn max_bytes(&self) -> Result<usize> {
        let max_bytes = self.max_bytes.unwrap_or(1 << 20);
        if max_bytes > MAX_RESULT {
            let what = format!("`max_bytes` of `:text` can be 16 MiB at most, not `{max_bytes}`");
            return Err(Error::new(Kind::Recipe, what)
                .hint("end the stream with `:save(path)`: no byte of a backup is a Lua value"));
        }
        Ok(max_bytes)
    }
}

/// `:discard()`: reads the stream to its proved end and keeps only its facts.
pub async fn discard(call: Rc<Call>, (pipeline, taps): (Pipeline, Vec<LineTap>)) -> Result<Table> {
    let step = call.session.step(pipeline.label.clone(), call.site());
    let (facts, number) = (pipeline.facts.clone(), step.number);
    pipeline.refuse_copies()?;
    let task =
        spawn_cancellable(call.session.pool.guard()?, async move { pipeline.pour(&mut Discard, number, None).await });
    let answer = with_taps(task, taps).await;
    if let Err(error) = &answer
        && is_withheld(error)
    {
        step.end(0, 0, None);
        return unknown_facts(&call, &facts.lock().clone()).map_err(from_lua);
    }
    let bytes = facts.lock().plain_bytes;
    step.end(bytes, answer.as_ref().map_or(0, |tally| tally.size_bytes), answer.as_ref().err());
    let tally = answer?;
    let table = call.lua.create_table().map_err(from_lua)?;
    fill(&call, &table, &tally.sha256, tally.size_bytes, &facts.lock().clone()).map_err(from_lua)?;
    Ok(table)
}

/// `:text()`: all bytes of a small stream as one string.
pub async fn text(
    call: Rc<Call>,
    (pipeline, taps): (Pipeline, Vec<LineTap>),
    options: TextOptions,
) -> Result<LuaString> {
    let max_bytes = options.max_bytes()?;
    let label = pipeline.label.clone();
    pipeline.refuse_copies()?;
    let task = spawn_cancellable(call.session.pool.guard()?, async move {
        let mut source = (pipeline.open)().await?;
        let too_large = || {
            Error::new(Kind::Space, format!("`{label}` gives more than {}", show_size(max_bytes as u64)))
                .hint("end the stream with `:save(path)`, or raise `max_bytes`")
        };
        let bytes = collect(&mut *source, max_bytes, too_large).await?;
        Ok((bytes, source))
    });
    // The source keeps its share of the memory until Lua has the bytes.
    let (bytes, source) = with_taps(task, taps).await?;
    let text = call.lua.create_string(&bytes).map_err(from_lua);
    drop((bytes, source));
    text
}

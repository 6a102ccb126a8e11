//! Consumes a stream: proves it into a file with its manifest, or reads it to its end.

use std::rc::Rc;
use std::time::Duration;

use mlua::Table;
use serde::Deserialize;

use crate::backup::judged::judged;
use crate::backup::pipeline::Pipeline;
use crate::backup::pool::spawn_cancellable;
use crate::backup::target::Target;
use crate::backup::writer::{AFTER_THE_RUN, Writer, Written};
use crate::catalog::manifest;
use crate::error::{Error, Kind, Result};
use crate::lua::exports::Call;
use crate::lua::traceback::from_lua;
use crate::modules::stream_result::{LineTap, fill, unknown_facts, with_taps};
use crate::units::duration;
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

/// The recipe's options for writing a backup.
#[derive(Clone, Default)]
pub struct Writing {
    /// The time limit.
    pub total: Option<Duration>,
    pub idle: Option<Duration>,
    /// Whether an empty backup is kept.
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
    // The target gets no stricter limits than the source: otherwise a slow source would look like an error of the target.
    caller.limits.total = writing.total.unwrap_or(caller.limits.total.max(pipeline.limits.total));
    caller.limits.idle = writing.idle.unwrap_or(caller.limits.idle.max(pipeline.limits.idle));
    let (label, name) = (pipeline.label.clone(), target.name());
    let step = call.session.step(format!("{label} to {target}"), call.site());
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
    pipeline = judged(pipeline, name.clone(), writing.allow_empty, call.session.recorder.clone());
    let copies = std::mem::take(&mut pipeline.copies);
    let task = spawn_cancellable(guard, async move { writer.write(pipeline, target, copies).await });
    let answer = with_taps(task, taps).await;
    match &answer {
        Ok(written) => step.end(written[0].facts.plain_bytes, written[0].backup.size_bytes, None),
        Err(error) => {
            step.end(0, 0, Some(error));
            call.session.sources.borrow_mut().failed(&label, &name, error);
        }
    }
    let written = answer?;
    call.session.sources.borrow_mut().proved(&label, &name, &written[0].facts);
    for remark in &written[0].facts.remarks {
        call.session.remark(remark.clone(), call.site().as_ref());
    }
    call.session.backups.borrow_mut().extend(written.iter().map(|record| record.backup.clone()));
    call.session.proved.borrow_mut().extend(written.iter().map(|record| record.proved.clone()));
    table(&call, &written[0]).map_err(from_lua)
}

fn table(call: &Call, written: &Written) -> mlua::Result<Table> {
    let Written { backup, facts, known, .. } = written;
    let table = if *known { call.lua.create_table()? } else { unknown_facts(call, facts)? };
    table.raw_set("path", backup.path.as_str())?;
    table.raw_set("manifest", format!("{}{}", backup.path, manifest::SUFFIX))?;
    table.raw_set("size", if *known { show_size(backup.size_bytes) } else { format!("size {AFTER_THE_RUN}") })?;
    if *known {
        fill(call, &table, &backup.sha256, backup.size_bytes, facts)?;
    }
    Ok(table)
}

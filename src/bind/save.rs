//! Consumes a stream: proves it into a file with its manifest, or reads it to its end.

use std::future::Future;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{try_join, try_join_all};
use mlua::Table;
use serde::Deserialize;
use tokio::sync::oneshot;

use super::exports::Call;
use super::options::duration;
use super::pool::{Member, on_pool, unbroken};
use super::session::{Identity, Recorder};
use super::stream::{LineTap, Pipeline};
use super::traceback::from_lua;
use super::unknown::{AFTER_THE_RUN, Unknown};
use crate::catalog::Backup;
use crate::catalog::manifest::{self, Manifest, RecipeMark};
use crate::error::{Error, Kind, Result};
use crate::report::event;
use crate::stream::pump::{Tally, pump};
use crate::stream::tee::{Sealed, Tee};
use crate::stream::{Facts, SharedFacts, Sink};
use crate::units::show_size;
use crate::world::Caller;
use crate::world::dry_run::is_withheld;
use target::Target;

pub mod target;

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct SaveOptions {
    #[serde(default, deserialize_with = "duration")]
    timeout: Option<Duration>,
    #[serde(default, deserialize_with = "duration")]
    idle_timeout: Option<Duration>,
}

/// How long the writing of a backup may take, where the recipe says so.
#[derive(Clone, Copy, Default)]
pub struct Patience {
    pub total: Option<Duration>,
    pub idle: Option<Duration>,
}

/// A copy of a stream on its way into a second file.
pub struct Copy {
    pub path: PathBuf,
    /// Comes when the stream is opened, and holds what comes when it has ended.
    sealed: oneshot::Receiver<oneshot::Receiver<Sealed>>,
}

impl From<SaveOptions> for Patience {
    fn from(options: SaveOptions) -> Patience {
        Patience { total: options.timeout, idle: options.idle_timeout }
    }
}

/// `:save(path)` and `:put(store, key)`: the backup is visible under its name only when all of it is proved and on stable storage.
pub async fn save(
    call: Rc<Call>,
    (mut pipeline, taps): (Pipeline, Vec<LineTap>),
    target: Target,
    patience: Patience,
) -> Result<Table> {
    let mut caller = call.world()?;
    // The limits of the source are no stricter ones for the target: it would be blamed for a source that takes too long.
    caller.limits.total = patience.total.unwrap_or(caller.limits.total.max(pipeline.limits.total));
    caller.limits.idle = patience.idle.unwrap_or(caller.limits.idle.max(pipeline.limits.idle));
    let step = call.session.step(format!("{} to {target}", pipeline.label), call.site());
    let member = call.session.pool.member()?;
    let writer = Writer {
        caller,
        identity: call.session.identity.clone(),
        facts: pipeline.facts.clone(),
        step: step.number,
        recorder: call.session.recorder.clone(),
        member: member.clone(),
    };
    let copies = std::mem::take(&mut pipeline.copies);
    let task = on_pool(member, async move { writer.write(pipeline, target, copies).await });
    let answer = with_taps(task, taps).await;
    match &answer {
        Ok(written) => step.end(written[0].facts.plain_bytes, written[0].backup.size_bytes, None),
        Err(error) => step.end(0, 0, Some(error)),
    }
    let written = answer?;
    for remark in &written[0].facts.remarks {
        call.session.remark(remark.clone(), call.site().as_ref());
    }
    call.session.backups.borrow_mut().extend(written.iter().map(|record| record.backup.clone()));
    table(&call, &written[0]).map_err(from_lua)
}

/// `:tee(path)`: the same bytes also go into a second file, which is committed after the first.
pub fn tee(caller: Caller, pipeline: Pipeline, path: PathBuf) -> Pipeline {
    let (send, sealed) = oneshot::channel();
    let target = Target::File(path.clone());
    let open = pipeline.open;
    let mut copies = pipeline.copies;
    copies.push(Copy { path, sealed });
    let open: super::stream::Opener = Box::new(move || {
        Box::pin(async move {
            let sink = target.begin(&caller).await?;
            let (tee, sealed) = Tee::new(open().await?, sink);
            // Nobody waits for the copy any more when the call was taken back; then the sink goes with the tee.
            let _unheard = send.send(sealed);
            Ok(Box::new(tee) as _)
        })
    });
    Pipeline { open, copies, ..pipeline }
}

/// What writes one backup, away from Lua.
struct Writer {
    caller: Caller,
    identity: Identity,
    facts: SharedFacts,
    step: u64,
    recorder: Arc<dyn Recorder>,
    member: Member,
}

/// A backup that stands, and what its stream learnt.
struct Written {
    backup: Backup,
    facts: Facts,
    /// Whether its bytes were written; those of a planned one only a run would know.
    known: bool,
}

impl Writer {
    async fn write(self, pipeline: Pipeline, target: Target, copies: Vec<Copy>) -> Result<Vec<Written>> {
        let mut sink = target.begin(&self.caller).await?;
        let tally = match self.fill(pipeline, &mut *sink).await {
            Ok(tally) => tally,
            Err(error) if is_withheld(&error) => return self.plan(sink, target, copies).await,
            Err(error) => {
                sink.abort()
                    .await
                    .map_err(|left| left.within(format!("cannot clean up after: {}", error.one_line())))?;
                return Err(error);
            }
        };
        // Broken off half-way, a commit would leave a manifest without its backup, or a backup that nobody recorded.
        unbroken(self.member.clone(), async move {
            let mut written = vec![self.commit(sink, &target, Some(&tally)).await?];
            for copy in copies {
                let never = |_| Error::new(Kind::Other, "a copy of the stream was never sealed");
                let sealed = copy.sealed.await.map_err(never)?.await.map_err(never)?;
                written.push(self.commit(sealed.sink, &Target::File(copy.path), Some(&sealed.tally)).await?);
            }
            Ok(written)
        })
        .await
    }

    /// In a dry run: the source has a program in it that was not started, so its files stand in the plan, unsealed, with
    /// manifests that say nothing of what is in them.
    async fn plan(self, sink: Box<dyn Sink>, target: Target, copies: Vec<Copy>) -> Result<Vec<Written>> {
        let mut written = vec![self.commit(sink, &target, None).await?];
        for copy in copies {
            // The one that `tee` had made went with the source.
            let target = Target::File(copy.path);
            let sink = target.create(&self.caller).await?;
            written.push(self.commit(sink, &target, None).await?);
        }
        Ok(written)
    }

    /// Moves the bytes; `Ok` means that the source proved its end and that every byte is on stable storage.
    async fn fill(&self, pipeline: Pipeline, sink: &mut dyn Sink) -> Result<Tally> {
        let mut source = (pipeline.open)().await?;
        let mut moved = 0;
        let tally = pump(&mut *source, sink, |bytes| {
            moved += bytes;
            event::step_progress(self.step, moved);
        })
        .await?;
        sink.seal().await?;
        Ok(tally)
    }

    /// The manifest first, the backup last: whatever is visible under a backup's name is whole and described.
    async fn commit(&self, sink: Box<dyn Sink>, target: &Target, tally: Option<&Tally>) -> Result<Written> {
        let known = tally.is_some();
        let tally = tally.cloned().unwrap_or_else(|| Tally { size_bytes: 0, sha256: AFTER_THE_RUN.to_owned() });
        let facts = self.facts.lock().clone();
        let created_at = self.caller.world.now();
        let mark = RecipeMark { name: self.identity.recipe.clone(), sha256: self.identity.recipe_sha256.clone() };
        let name = target.name();
        let host = self.caller.world.machine().host;
        let manifest = Manifest::new(&self.identity.run_id, mark, created_at, &host, &name, &tally, &facts);
        let cannot = |error| Error::new(Kind::Other, "cannot write the manifest").because(error);
        let text = manifest.to_text().map_err(cannot)?;
        let value = serde_json::to_value(&manifest).map_err(cannot)?;
        let beside = target.beside()?;
        let why = (!known).then(|| "what it says is known only after the run".to_owned());
        beside.write(&Caller { why, ..self.caller.clone() }, text.into_bytes()).await?;
        if let Err(error) = sink.commit().await {
            return Err(match beside.remove(&self.caller).await {
                Ok(()) => error,
                Err(left) => error.hint(format!("remove `{beside}` yourself: {}", left.one_line())),
            });
        }
        if let Target::Object(put) = target {
            self.recorder.stored(&put.object);
        }
        let path = target.to_string();
        let backup = Backup { path, size_bytes: tally.size_bytes, sha256: tally.sha256.clone(), created_at };
        self.recorder.backup(&backup, &value);
        Ok(Written { backup, facts, known })
    }
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
        table.raw_set(name.as_str(), super::json::to_lua(&call.lua, shape)?)?;
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
        table.raw_set(name.as_str(), super::json::to_lua(&call.lua, section)?)?;
    }
    let remarks = serde_json::to_value(&facts.remarks).unwrap_or_default(); // plain texts: they always can
    table.raw_set("warnings", super::json::to_lua(&call.lua, &remarks)?)?;
    Ok(())
}

//! Writes one backup and its manifest: nothing is visible under its name before all of it is proved.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::oneshot;

use crate::backup::pipeline::{Opener, Pipeline, TeeCopy};
use crate::backup::pool::{TaskGuard, spawn_uncancellable};
use crate::backup::recorder::{Identity, Recorder};
use crate::backup::target::Target;
use crate::catalog::Backup;
use crate::catalog::manifest::{Manifest, RecipeMark};
use crate::error::{Error, Kind, Result};
use crate::stream::pump::Tally;
use crate::stream::tee::Tee;
use crate::stream::{Facts, SharedFacts, Sink};
use crate::world::Caller;
use crate::world::dry_run::is_withheld;

/// Shown in a plan for what is known only after the run.
pub const AFTER_THE_RUN: &str = "known only after the run";

/// `:tee(path)`: the same bytes also go into a second file, which is committed after the first.
pub fn tee(caller: Caller, pipeline: Pipeline, path: PathBuf) -> Pipeline {
    let (send, sealed) = oneshot::channel();
    let target = Target::File(path.clone());
    let open = pipeline.open;
    let mut copies = pipeline.copies;
    copies.push(TeeCopy { path, sealed });
    let open: Opener = Box::new(move || {
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
pub struct Writer {
    pub caller: Caller,
    pub identity: Identity,
    pub facts: SharedFacts,
    pub step: u64,
    pub recorder: Arc<dyn Recorder>,
    pub guard: TaskGuard,
}

/// A backup that stands, and what its stream learnt.
pub struct Written {
    pub backup: Backup,
    pub facts: Facts,
    /// Whether its bytes were written; those of a planned one only a run would know.
    pub known: bool,
}

impl Writer {
    pub async fn write(self, pipeline: Pipeline, target: Target, copies: Vec<TeeCopy>) -> Result<Vec<Written>> {
        let mut sink = target.begin(&self.caller).await?;
        let tally = match pipeline.pour(&mut *sink, self.step).await {
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
        spawn_uncancellable(self.guard.clone(), async move {
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
    async fn plan(self, sink: Box<dyn Sink>, target: Target, copies: Vec<TeeCopy>) -> Result<Vec<Written>> {
        let mut written = vec![self.commit(sink, &target, None).await?];
        for copy in copies {
            // The one that `tee` had made went with the source.
            let target = Target::File(copy.path);
            let sink = target.create(&self.caller).await?;
            written.push(self.commit(sink, &target, None).await?);
        }
        Ok(written)
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

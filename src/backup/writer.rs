//! Writes one backup and its manifest: nothing is visible under its name until all of it is proved.

use std::path::PathBuf;
use std::sync::Arc;

use futures_util::future::try_join;
use tokio::sync::oneshot;

use crate::backup::list_file::{self, ListFile, remove_after};
use crate::backup::pipeline::{Opener, Pipeline, TeeCopy};
use crate::backup::pool::{TaskGuard, spawn_uncancellable};
use crate::backup::recorder::{Identity, Recorder};
use crate::backup::series::series_of;
use crate::backup::target::Target;
use crate::backup::unchanged::Proved;
use crate::backup::usual::Content;
use crate::catalog::Backup;
use crate::catalog::manifest::{Manifest, RecipeMark};
use crate::error::{Error, Kind, Result};
use crate::report::event;
use crate::stream::pump::Tally;
use crate::stream::tar::listing::ListSource;
use crate::stream::tee::{Sealed, Tee};
use crate::stream::{Facts, ReadBack, SharedFacts, Sink, abort_after};
use crate::world::Caller;
use crate::world::dry_run::is_withheld;

/// Shown in a plan for values that are known only after the run.
pub const AFTER_THE_RUN: &str = "known only after the run";

/// `:tee(path)`: the same bytes also go into a second file, which is committed after the first.
pub fn tee(caller: Caller, pipeline: Pipeline, path: PathBuf) -> Pipeline {
    let (send, sealed) = oneshot::channel();
    let target = Target::File(path.clone());
    let (open, facts) = (pipeline.open, pipeline.facts.clone());
    let mut copies = pipeline.copies;
    copies.push(TeeCopy { path, sealed });
    let open: Opener = Box::new(move || {
        Box::pin(async move {
            let sink = target.begin(&caller).await?;
            let (tee, sealed) = Tee::new(open().await?, sink);
            // After a cancellation, nothing waits for the copy; then the sink is dropped with the tee.
            let _unheard = send.send((facts.lock().clone(), sealed));
            Ok(Box::new(tee) as _)
        })
    });
    Pipeline { open, copies, ..pipeline }
}

/// The list of an archive, and its targets: beside the archive and each copy. None of them may be in the packed folders.
fn beside(pipeline: &mut Pipeline, target: &Target, copies: &[TeeCopy]) -> Result<(Option<ListSource>, Vec<Target>)> {
    let Some(archived) = pipeline.archive.take() else { return Ok((None, Vec::new())) };
    target.must_not_be_packed(&archived.packing)?;
    let mut lists = vec![target.list()?];
    for copy in copies {
        let target = Target::File(copy.path.clone());
        target.must_not_be_packed(&archived.packing)?;
        lists.push(target.list()?);
    }
    Ok((Some(archived.list.claim()), lists))
}

/// Writes one backup, outside of Lua.
pub struct Writer {
    pub caller: Caller,
    pub identity: Identity,
    pub facts: SharedFacts,
    pub step: u64,
    pub recorder: Arc<dyn Recorder>,
    pub guard: TaskGuard,
}

/// A committed backup, and the facts of its stream.
pub struct Written {
    pub backup: Backup,
    pub facts: Facts,
    /// Whether its bytes were written; those of a planned backup are known only in a real run.
    pub known: bool,
    /// The facts that proved it, for a later comparison.
    pub proved: Proved,
    manifest: serde_json::Value,
}

/// A backup on stable storage that is not committed yet.
struct Ready {
    sink: Box<dyn Sink>,
    target: Target,
    tally: Tally,
    facts: Facts,
    /// The list of an archive, if the manifest does not hold the entries itself.
    list: Option<ListFile>,
    /// Whether it is encrypted, and can be read back only after the commit.
    unproved: bool,
}

impl Ready {
    /// Moves the entries of an encrypted archive from the manifest into its encrypted list: names and hashes reveal much.
    async fn hide_names(&mut self, caller: &Caller) -> Result<()> {
        let Some(sealer) = self.facts.sealer.clone().filter(|_| self.facts.sections.contains_key("archive")) else {
            return Ok(());
        };
        if let Some(serde_json::Value::Array(records)) = self.facts.sections.remove("files") {
            self.list = Some(list_file::of_records(&records, &sealer, self.target.list()?, caller).await?);
        }
        Ok(())
    }

    /// Proves an encrypted backup by decrypting the stored bytes once.
    async fn prove(&mut self) -> Result<()> {
        let Some(way) = &self.facts.way_back else { return Ok(()) };
        match self.sink.read_back().await? {
            ReadBack::Now(stored) => way.prove(stored, &self.tally, &self.target.to_string()).await,
            ReadBack::AfterCommit => {
                self.unproved = true;
                Ok(())
            }
            ReadBack::Nothing => Ok(()),
        }
    }
}

/// The size of the last backup of the same series, for the progress display.
fn last_size(recorder: &dyn Recorder, name: &str) -> Option<u64> {
    let now = Content { series: series_of(name), ..Content::default() };
    recorder.past(&now).into_iter().find(|before| before.series == now.series).map(|before| before.size_bytes)
}

impl Writer {
    pub async fn write(self, mut pipeline: Pipeline, target: Target, copies: Vec<TeeCopy>) -> Result<Vec<Written>> {
        let (list, lists) = beside(&mut pipeline, &target, &copies)?;
        let mut sink = target.begin(&self.caller).await?;
        let last_size = event::is_watched().then(|| last_size(&*self.recorder, &target.name())).flatten();
        let listed = list_file::write(list, lists, &self.caller, &self.facts);
        let (tally, lists) = match try_join(pipeline.pour(&mut *sink, self.step, last_size), listed).await {
            Ok(poured) => poured,
            Err(error) if is_withheld(&error) => return self.plan(sink, target, copies).await,
            Err(error) => return Err(abort_after(sink, error).await),
        };
        let facts = self.facts.lock().clone();
        let mut ready = vec![Ready { sink, target, tally, facts, list: None, unproved: false }];
        for copy in copies {
            ready.push(self.sealed(copy).await?);
        }
        let mut lists = lists.into_iter();
        for one in &mut ready {
            one.list = lists.next();
            one.hide_names(&self.caller).await?;
            one.prove().await?;
        }
        // The throwaway keys are no longer needed.
        self.facts.lock().way_back = None;
        // An interrupted commit would leave a manifest without its backup, or an unrecorded backup.
        spawn_uncancellable(self.guard.clone(), async move {
            let mut written = Vec::new();
            for one in ready {
                written.push(self.commit(one).await?);
            }
            Ok(written)
        })
        .await
    }

    /// The copy that `tee` has written, with the facts of the stages before it and of the whole stream.
    async fn sealed(&self, copy: TeeCopy) -> Result<Ready> {
        let never = |_| Error::new(Kind::Other, "a copy of the stream was never sealed");
        let (mut facts, sealed) = copy.sealed.await.map_err(never)?;
        let Sealed { sink, tally } = sealed.await.map_err(never)?;
        facts.learn(&self.facts.lock());
        Ok(Ready { sink, target: Target::File(copy.path), tally, facts, list: None, unproved: false })
    }

    /// Plans the files in a dry run: a program in the source was not started, so the files are in the plan, unsealed, with
    /// manifests that say nothing about the content.
    async fn plan(self, sink: Box<dyn Sink>, target: Target, copies: Vec<TeeCopy>) -> Result<Vec<Written>> {
        let facts = self.facts.lock().clone();
        let mut written = vec![self.describe_and_commit(sink, &target, None, facts.clone(), None).await?];
        for copy in copies {
            // The sink that `tee` created was dropped with the source.
            let target = Target::File(copy.path);
            let sink = target.create(&self.caller).await?;
            written.push(self.describe_and_commit(sink, &target, None, facts.clone(), None).await?);
        }
        Ok(written)
    }

    async fn commit(&self, ready: Ready) -> Result<Written> {
        let Ready { sink, target, tally, facts, list, unproved } = ready;
        let way = facts.way_back.clone().filter(|_| unproved);
        let written = self.describe_and_commit(sink, &target, Some(&tally), facts, list).await?;
        if let (Some(way), Target::Object(put)) = (way, &target) {
            let proved =
                async { way.prove(self.caller.get(put.object.clone()).await?, &tally, &target.to_string()).await };
            if let Err(error) = proved.await {
                return Err(self.take_back(&target, &written, error).await);
            }
        }
        self.record(&written);
        Ok(written)
    }

    /// Removes an object that cannot be proved, and its manifest with it.
    async fn take_back(&self, target: &Target, written: &Written, error: Error) -> Error {
        let removed = async {
            target.remove(&self.caller).await?;
            if written.facts.sections.contains_key(list_file::SECTION) {
                target.list()?.remove(&self.caller).await?;
            }
            target.beside()?.remove(&self.caller).await
        };
        match removed.await {
            Ok(()) => error,
            Err(left) => error.hint(format!("remove `{target}` yourself: {}", left.one_line())),
        }
    }

    /// Commits the list and the manifest first, the backup last: whatever is visible under its name is complete and described.
    async fn describe_and_commit(
        &self,
        sink: Box<dyn Sink>,
        target: &Target,
        tally: Option<&Tally>,
        mut facts: Facts,
        list: Option<ListFile>,
    ) -> Result<Written> {
        let known = tally.is_some();
        let tally = tally.cloned().unwrap_or_else(|| Tally { size_bytes: 0, sha256: AFTER_THE_RUN.to_owned() });
        let mut made = Vec::new();
        let listed = list.as_ref().map(|list| list.tally.clone());
        if let Some(list) = list {
            facts.sections.insert(list_file::SECTION.to_owned(), list.section());
            made.push(list.commit().await?);
        }
        let created_at = self.caller.world.now();
        let mark = RecipeMark { name: self.identity.recipe.clone(), sha256: self.identity.recipe_sha256.clone() };
        let name = target.name();
        let host = self.caller.world.machine().host;
        let manifest = Manifest::new(&self.identity.run_id, mark, created_at, &host, &name, &tally, &facts);
        let cannot = |error| Error::new(Kind::Other, "cannot write the manifest").because(error);
        let text = manifest.to_text().map_err(cannot)?;
        let value = serde_json::to_value(&manifest).map_err(cannot)?;
        let (beside, text) = (target.beside()?, text.into_bytes());
        let proved = Proved {
            target: target.clone(),
            tally: tally.clone(),
            stamp: sink.stamped(),
            manifest: Tally::of(&text),
            list: listed,
        };
        let why = (!known).then(|| "what it says is known only after the run".to_owned());
        if let Err(error) = beside.write(&Caller { why, ..self.caller.clone() }, text).await {
            return Err(remove_after(error, &made, &self.caller).await);
        }
        made.push(beside);
        if let Err(error) = sink.commit().await {
            return Err(remove_after(error, &made, &self.caller).await);
        }
        let path = target.to_string();
        let backup = Backup { path, size_bytes: tally.size_bytes, sha256: tally.sha256.clone(), created_at };
        let written =
            Written { backup, facts: Facts { way_back: None, sealer: None, ..facts }, known, proved, manifest: value };
        if !known {
            self.record(&written);
        }
        Ok(written)
    }

    fn record(&self, written: &Written) {
        self.recorder.proved(&written.proved);
        self.recorder.backup(&written.backup, &written.manifest);
    }
}

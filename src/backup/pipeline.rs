//! Describes a byte stream that has not started: how to open it, and what it will learn about itself.

use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use tokio::sync::oneshot;

use crate::error::{Error, Kind, Result};
use crate::report::event;
use crate::stream::pump::{Tally, pump};
use crate::stream::tar::listing::ListSource;
use crate::stream::tee::Sealed;
use crate::stream::{Expected, Facts, SharedFacts, Sink, Source};
use crate::world::Limits;
use crate::world::packing::Packing;

/// Starts the source of a stream; called when the stream is consumed, not before.
pub type Opener = Box<dyn FnOnce() -> BoxFuture<'static, Result<Box<dyn Source>>> + Send>;

/// A stream that has not started: how to open it, and what it will learn about itself.
pub struct Pipeline {
    pub label: String,
    pub open: Opener,
    pub facts: SharedFacts,
    pub limits: Limits,
    /// Additional files that receive the same bytes.
    pub copies: Vec<TeeCopy>,
    /// For an archive: its content, and its list.
    pub archive: Option<Archived>,
    pub stages: usize,
    /// The most memory that its stages may hold.
    pub memory_bytes: usize,
}

/// Additional data of a stream that is an archive.
pub struct Archived {
    pub packing: Arc<Packing>,
    pub list: ListSource,
}

impl Pipeline {
    /// A stream that opens its source with `open` when it is consumed.
    pub fn new<F, Fut>(label: String, limits: Limits, facts: SharedFacts, open: F) -> Pipeline
    where
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future<Output = Result<Box<dyn Source>>> + Send + 'static,
    {
        Pipeline {
            label,
            open: Box::new(move || Box::pin(open())),
            facts,
            limits,
            copies: Vec::new(),
            archive: None,
            stages: 0,
            memory_bytes: 0,
        }
    }

    /// The same stream with one more stage at its end.
    pub fn then(
        self,
        stage: impl FnOnce(Box<dyn Source>, &SharedFacts) -> Box<dyn Source> + Send + 'static,
    ) -> Pipeline {
        let (open, facts) = (self.open, self.facts.clone());
        let open: Opener = Box::new(move || Box::pin(async move { Ok(stage(open().await?, &facts)) }));
        Pipeline { open, stages: self.stages + 1, ..self }
    }

    /// The same stream, with this memory limit for its last stage.
    pub fn holding(self, memory_bytes: usize) -> Pipeline {
        Pipeline { memory_bytes: self.memory_bytes + memory_bytes, ..self }
    }

    /// Moves all bytes into `sink` and seals it; `Ok` means that the source proved its end and every byte is on stable storage.
    /// `last_size` is the size of the last backup of this kind.
    pub async fn pour(self, sink: &mut dyn Sink, step: u64, last_size: Option<u64>) -> Result<Tally> {
        let mut source = (self.open)().await?;
        if let Some(way) = &self.facts.lock().way_back {
            way.must_be_open()?;
        }
        let mut progress = Progress::begin(step, &self.facts, last_size);
        let tally = pump(&mut *source, sink, |bytes| progress.moved(bytes)).await?;
        sink.seal().await?;
        Ok(tally)
    }

    /// Refuses a stream with `:tee` in calls other than `:save`, which alone writes copies.
    pub fn refuse_copies(&self) -> Result<()> {
        match self.copies.first() {
            None => Ok(()),
            Some(copy) => Err(Error::new(
                Kind::Recipe,
                format!("the copy to `{}` has no `:save(path)` after it", copy.path.display()),
            )
            .hint("`:tee` writes a second copy of what `:save` proves; with one file only, use `:save`")),
        }
    }
}

/// A copy of a stream that is being written into another file.
pub struct TeeCopy {
    pub path: PathBuf,
    /// Sent when the stream is opened: the facts of the stages before the copy, and a receiver for the result at its end.
    pub sealed: oneshot::Receiver<(Facts, oneshot::Receiver<Sealed>)>,
}

/// Shows progress: the share of the expected size of the source if known, otherwise of the size of the last backup.
struct Progress {
    step: u64,
    moved: u64,
    /// Counts the bytes of the source.
    source: Option<SharedFacts>,
}

impl Progress {
    fn begin(step: u64, facts: &SharedFacts, last_size: Option<u64>) -> Progress {
        let expected = facts.lock().expected.filter(|expected| !expected.about || last_size.is_none());
        match (expected, last_size) {
            (Some(Expected { bytes, about: false }), _) => event::step_expects(step, bytes),
            (Some(Expected { bytes, .. }), _) => event::step_expects_about(step, bytes),
            (None, Some(size)) => event::step_expects_about(step, size),
            (None, None) => {}
        }
        Progress { step, moved: 0, source: expected.map(|_| facts.clone()) }
    }

    fn moved(&mut self, bytes: u64) {
        self.moved += bytes;
        let shown = self.source.as_ref().map_or(self.moved, |facts| facts.lock().plain_bytes);
        event::step_progress(self.step, shown);
    }
}

//! Limits the memory of all streams of a run: a stream that does not fit waits until another has ended.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::backup::pipeline::{Opener, Pipeline};
use crate::error::{Error, Kind, Result};
use crate::stream::{Piece, Source};

/// The memory limit of all streams together.
const ALL_BYTES: usize = 96 << 20;
/// The unit of the accounting.
const UNIT_BYTES: usize = 1 << 20;
/// The memory of each stream regardless of its stages: the pieces in transit.
const BARE_BYTES: usize = 2 << 20;
/// More stages than any backup needs; each stage is nested inside the one before it.
pub const MAX_STAGES: usize = 64;

/// The memory that the streams of one run share.
#[derive(Clone)]
pub struct StreamMemory(Arc<Semaphore>);

impl Default for StreamMemory {
    fn default() -> StreamMemory {
        StreamMemory(Arc::new(Semaphore::new(ALL_BYTES / UNIT_BYTES)))
    }
}

impl StreamMemory {
    /// The same stream, whose source is opened when there is memory for its stages.
    pub fn wait_for(&self, pipeline: Pipeline) -> Pipeline {
        let (open, room) = (pipeline.open, self.clone());
        // A stream that needs more than the limit waits until it is alone.
        let units = (BARE_BYTES + pipeline.memory_bytes).div_ceil(UNIT_BYTES).min(ALL_BYTES / UNIT_BYTES);
        let open: Opener = Box::new(move || {
            Box::pin(async move {
                let units = u32::try_from(units).unwrap_or(u32::MAX);
                let closed = |cause| Error::new(Kind::Cancelled, "the run has ended").because(cause);
                let room = room.0.acquire_many_owned(units).await.map_err(closed)?;
                Ok(Box::new(Roomy { source: open().await?, _room: room }) as Box<dyn Source>)
            })
        });
        Pipeline { open, ..pipeline }
    }
}

/// A source that releases its memory when it is dropped.
struct Roomy {
    source: Box<dyn Source>,
    _room: OwnedSemaphorePermit,
}

impl Source for Roomy {
    fn next(&mut self) -> BoxFuture<'_, Result<Piece>> {
        self.source.next()
    }
}

/// Refuses a stage beyond the limit of a stream.
pub fn refuse_long(pipeline: &Pipeline) -> Result<()> {
    if pipeline.stages < MAX_STAGES {
        return Ok(());
    }
    Err(Error::new(Kind::Recipe, format!("a stream has more than {MAX_STAGES} stages"))
        .hint("is there a loop that adds one again and again?"))
}

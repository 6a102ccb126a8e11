//! Discards the bytes to be written or stored, and counts them; the size is unknown if the commit was not sealed.

use std::path::Path;

use bytes::Bytes;
use chrono::{DateTime, FixedOffset};
use futures_util::future::{BoxFuture, ready};

use super::plan::{Plan, Shared, Where};
use crate::error::Result;
use crate::stream::{ReadBack, Sink};
use crate::world::refusals::taken;

/// Adds the result of a commit to the plan, with its size if known; refuses a path that was taken meanwhile.
type Enter = Box<dyn FnOnce(&mut Plan, Option<u64>) -> Result<()> + Send>;

pub struct PlannedSink {
    /// Its index in the plan.
    number: usize,
    plan: Shared,
    size_bytes: u64,
    sealed: bool,
    committed: bool,
    enter: Option<Enter>,
}

impl PlannedSink {
    pub fn new(
        number: usize,
        plan: Shared,
        enter: impl FnOnce(&mut Plan, Option<u64>) -> Result<()> + Send + 'static,
    ) -> PlannedSink {
        PlannedSink { number, plan, size_bytes: 0, sealed: false, committed: false, enter: Some(Box::new(enter)) }
    }

    /// The sink of a file.
    pub fn file(path: &Path, mode: u32, number: usize, now: DateTime<FixedOffset>, plan: Shared) -> PlannedSink {
        let path = path.to_owned();
        PlannedSink::new(number, plan, move |plan, size_bytes| {
            if matches!(plan.locate(&path), Where::Planned(..)) {
                return Err(taken(&path));
            }
            plan.written(&path, size_bytes.unwrap_or(0), None, mode, number, now);
            Ok(())
        })
    }

    fn settle(&mut self) -> Result<()> {
        let Some(enter) = self.enter.take() else { return Ok(()) };
        let mut plan = self.plan.lock();
        // Bytes from before the source stopped, such as the header of gzip, do not show the final size.
        enter(&mut plan, self.sealed.then_some(self.size_bytes))?;
        if !self.sealed {
            plan.detail(self.number, "size known only after the run");
        }
        drop(plan);
        self.committed = true;
        Ok(())
    }
}

impl Sink for PlannedSink {
    fn write(&mut self, data: Bytes) -> BoxFuture<'_, Result<()>> {
        self.size_bytes += data.len() as u64;
        Box::pin(ready(Ok(())))
    }

    fn seal(&mut self) -> BoxFuture<'_, Result<()>> {
        self.sealed = true;
        Box::pin(ready(Ok(())))
    }

    fn read_back(&mut self) -> BoxFuture<'_, Result<ReadBack>> {
        Box::pin(ready(Ok(ReadBack::Nothing)))
    }

    fn commit(mut self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        Box::pin(ready(self.settle()))
    }

    fn abort(self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        Box::pin(ready(Ok(())))
    }
}

impl Drop for PlannedSink {
    fn drop(&mut self) {
        if !self.committed {
            self.plan.lock().withdraw(self.number);
        }
    }
}

//! Swallows what would have been written, and counts it; a sink that is committed unsealed has a size that only a run would know.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use chrono::{DateTime, FixedOffset};
use futures_util::future::{BoxFuture, ready};

use super::plan::{Shared, Where};
use crate::error::Result;
use crate::stream::Sink;
use crate::world::refusals::taken;

pub struct PlannedSink {
    path: PathBuf,
    mode: u32,
    /// Its place in the plan.
    number: usize,
    now: DateTime<FixedOffset>,
    plan: Shared,
    size_bytes: u64,
    sealed: bool,
    committed: bool,
}

impl PlannedSink {
    pub fn new(path: &Path, mode: u32, number: usize, now: DateTime<FixedOffset>, plan: Shared) -> PlannedSink {
        PlannedSink { path: path.to_owned(), mode, number, now, plan, size_bytes: 0, sealed: false, committed: false }
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

    fn commit(mut self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        let mut plan = self.plan.lock();
        if matches!(plan.locate(&self.path), Where::Planned(..)) {
            return Box::pin(ready(Err(taken(&self.path))));
        }
        // What a stage wrote before its source broke off, such as the header of gzip, says nothing of the file.
        let size_bytes = if self.sealed { self.size_bytes } else { 0 };
        plan.written(&self.path, size_bytes, None, self.mode, self.number, self.now);
        if !self.sealed {
            plan.detail(self.number, "size known only after the run");
        }
        drop(plan);
        self.committed = true;
        Box::pin(ready(Ok(())))
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

//! Swallows what would have been written, and counts it.

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
}

impl PlannedSink {
    pub fn new(path: &Path, mode: u32, number: usize, now: DateTime<FixedOffset>, plan: Shared) -> PlannedSink {
        PlannedSink { path: path.to_owned(), mode, number, now, plan, size_bytes: 0 }
    }
}

impl Sink for PlannedSink {
    fn write(&mut self, data: Bytes) -> BoxFuture<'_, Result<()>> {
        self.size_bytes += data.len() as u64;
        Box::pin(ready(Ok(())))
    }

    fn seal(&mut self) -> BoxFuture<'_, Result<()>> {
        Box::pin(ready(Ok(())))
    }

    fn commit(self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        let mut plan = self.plan.lock();
        if matches!(plan.locate(&self.path), Where::Planned(..)) {
            return Box::pin(ready(Err(taken(&self.path))));
        }
        plan.written(&self.path, self.size_bytes, None, self.mode, self.number, self.now);
        Box::pin(ready(Ok(())))
    }

    fn abort(self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        Box::pin(ready(Ok(())))
    }
}

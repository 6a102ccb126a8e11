//! Writes a stream into a file that is not visible before its commit.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;

use super::blocking::blocking;
use super::part::Part;
use super::undo::Undo;
use crate::error::Result;
use crate::stream::{ReadBack, Sink, Stamped};
use crate::world::refusals::torn;

/// Smaller writes are buffered up to this size.
const GATHER_BYTES: usize = 1 << 20;

pub struct FileSink {
    part: Arc<Part>,
    undo: Undo,
    gathered: Vec<u8>,
    /// Data was written since the last sync.
    unsynced: bool,
    /// A write was interrupted: the content of the file is unknown.
    torn: bool,
    stamp: Stamped,
    /// Whether it may replace an existing file.
    replace: bool,
}

impl FileSink {
    pub fn new(part: Part, undo: Undo) -> FileSink {
        let (part, stamp) = (Arc::new(part), Stamped::default());
        FileSink { part, undo, gathered: Vec::new(), unsynced: true, torn: false, stamp, replace: false }
    }

    /// Sets whether it may replace an existing file.
    pub fn replacing(mut self, replace: bool) -> FileSink {
        self.replace = replace;
        self
    }

    async fn take(&mut self, data: Bytes) -> Result<()> {
        self.unsynced = true;
        if !self.torn && self.gathered.len() + data.len() < GATHER_BYTES {
            self.gathered.extend_from_slice(&data);
            return Ok(());
        }
        self.write_out(data).await
    }

    /// Writes the buffered data, and then `data`.
    async fn write_out(&mut self, data: Bytes) -> Result<()> {
        let part = self.part.clone();
        let mut gathered = std::mem::take(&mut self.gathered);
        self.gathered = self
            .whole(move || {
                part.write(&gathered)?;
                part.write(&data)?;
                gathered.clear();
                Ok(gathered)
            })
            .await?;
        Ok(())
    }

    async fn sync(&mut self) -> Result<()> {
        if !self.unsynced {
            return Ok(());
        }
        self.write_out(Bytes::new()).await?;
        let part = self.part.clone();
        self.whole(move || part.sync()).await?;
        self.unsynced = false;
        Ok(())
    }

    /// Runs `work` to its successful end, or leaves this sink torn: after an error, or when the caller stops waiting.
    async fn whole<T: Send + 'static>(&mut self, work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
        if std::mem::replace(&mut self.torn, true) {
            return Err(torn());
        }
        let result = blocking(work).await?;
        self.torn = false;
        Ok(result)
    }

    async fn publish(mut self: Box<Self>) -> Result<()> {
        self.sync().await?;
        let mut unheard = Unheard { part: Some(self.part.clone()), undo: self.undo.clone() };
        let (part, replace) = (self.part.clone(), self.replace);
        if replace {
            // A replaced file is gone either way.
            unheard.part = None;
        }
        let published = move || match replace {
            true => part.publish(true),
            false => part.publish(false).inspect_err(|_| settle_part(part.revoke())),
        };
        let stamp = blocking(published).await?;
        unheard.part = None;
        self.stamp.get_or_init(|| stamp);
        Ok(())
    }
}

impl Sink for FileSink {
    fn write(&mut self, data: Bytes) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.take(data))
    }

    fn seal(&mut self) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.sync())
    }

    fn read_back(&mut self) -> BoxFuture<'_, Result<ReadBack>> {
        let part = self.part.clone();
        Box::pin(blocking(move || Ok(ReadBack::Now(Box::new(part.read_back()?)))))
    }

    fn stamped(&self) -> Option<Stamped> {
        Some(self.stamp.clone())
    }

    fn commit(self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        Box::pin(self.publish())
    }

    fn abort(self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        let part = self.part.clone();
        Box::pin(blocking(move || part.discard()))
    }
}

impl Drop for FileSink {
    fn drop(&mut self) {
        if self.part.is_open() {
            let part = self.part.clone();
            self.undo.run(move || settle_part(part.discard()));
        }
    }
}

/// If the caller stops waiting, the commit is undone, because the caller reports a failure.
struct Unheard {
    part: Option<Arc<Part>>,
    undo: Undo,
}

impl Drop for Unheard {
    fn drop(&mut self) {
        if let Some(part) = self.part.take() {
            self.undo.run(move || settle_part(part.revoke()));
        }
    }
}

/// If a partial file cannot be removed now, the next sweep removes it.
pub(super) fn settle_part(removed: Result<()>) {
    if let Err(error) = removed {
        tracing::warn!("{}", error.one_line());
    }
}

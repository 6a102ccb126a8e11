//! Writes a stream into a file that is invisible before its commit.

use bytes::Bytes;
use futures_util::future::{BoxFuture, ready};

use super::part::Part;
use super::source::ContentSource;
use super::state::Shared;
use crate::error::Result;
use crate::stream::{Piece, ReadBack, Sink, Source, Stamped};
use crate::world::refusals::torn;

pub struct FileSink {
    part: Part,
    shared: Shared,
    torn: bool,
    stamp: Stamped,
}

impl FileSink {
    pub fn new(part: Part, shared: Shared) -> FileSink {
        FileSink { part, shared, torn: false, stamp: Stamped::default() }
    }

    fn take(&mut self, data: &Bytes) -> Result<()> {
        if std::mem::replace(&mut self.torn, true) {
            return Err(torn());
        }
        self.part.write(&mut self.shared.lock(), data)?;
        self.torn = false;
        Ok(())
    }
}

impl Sink for FileSink {
    fn write(&mut self, data: Bytes) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move { self.take(&data) })
    }

    fn seal(&mut self) -> BoxFuture<'_, Result<()>> {
        Box::pin(ready(if self.torn { Err(torn()) } else { Ok(()) }))
    }

    fn read_back(&mut self) -> BoxFuture<'_, Result<ReadBack>> {
        let content = self.part.content(&self.shared.lock());
        Box::pin(ready(Ok(ReadBack::Now(Box::new(WrittenSource(ContentSource::new(content)))))))
    }

    fn stamped(&self) -> Option<Stamped> {
        Some(self.stamp.clone())
    }

    fn commit(self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        Box::pin(async move {
            if self.torn {
                return Err(torn());
            }
            let mut state = self.shared.lock();
            let stamp = self.part.publish(&mut state, false)?;
            drop(state);
            self.stamp.get_or_init(|| stamp);
            Ok(())
        })
    }

    fn abort(self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        drop(self);
        Box::pin(ready(Ok(())))
    }
}

impl Drop for FileSink {
    fn drop(&mut self) {
        self.part.discard(&mut self.shared.lock());
    }
}

/// The bytes so far, before the file has a name.
struct WrittenSource(ContentSource);

impl Source for WrittenSource {
    fn next(&mut self) -> BoxFuture<'_, Result<Piece>> {
        Box::pin(ready(Ok(self.0.piece())))
    }
}

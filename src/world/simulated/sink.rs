//! Writes a stream into a file that nobody sees before its commit.

use bytes::Bytes;
use futures_util::future::{BoxFuture, ready};

use super::part::Part;
use super::state::Shared;
use crate::error::Result;
use crate::stream::Sink;
use crate::world::refusals::torn;

pub struct FileSink {
    part: Part,
    shared: Shared,
    torn: bool,
}

impl FileSink {
    pub fn new(part: Part, shared: Shared) -> FileSink {
        FileSink { part, shared, torn: false }
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

    fn commit(self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        Box::pin(async move {
            match self.torn {
                true => Err(torn()),
                false => self.part.publish(&mut self.shared.lock(), false),
            }
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

//! A sink that keeps nothing.

use bytes::Bytes;
use futures_util::future::BoxFuture;

use crate::error::Result;
use crate::stream::Sink;

/// A sink that keeps nothing.
pub struct Discard;

impl Sink for Discard {
    fn write(&mut self, _data: Bytes) -> BoxFuture<'_, Result<()>> {
        Box::pin(async { Ok(()) })
    }

    fn seal(&mut self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async { Ok(()) })
    }

    fn commit(self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        Box::pin(async { Ok(()) })
    }

    fn abort(self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        Box::pin(async { Ok(()) })
    }
}

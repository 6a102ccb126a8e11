//! Takes the input of a program that was not started.

use bytes::Bytes;
use futures_util::future::{BoxFuture, ready};

use crate::error::Result;
use crate::stream::Sink;

/// The input of a program that was not started.
pub struct Swallow;

impl Sink for Swallow {
    fn write(&mut self, _data: Bytes) -> BoxFuture<'_, Result<()>> {
        Box::pin(ready(Ok(())))
    }

    fn seal(&mut self) -> BoxFuture<'_, Result<()>> {
        Box::pin(ready(Ok(())))
    }

    fn commit(self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        Box::pin(ready(Ok(())))
    }

    fn abort(self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        Box::pin(ready(Ok(())))
    }
}

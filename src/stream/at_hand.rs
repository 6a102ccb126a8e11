//! Makes a source from bytes in memory.

use bytes::Bytes;
use futures_util::future::BoxFuture;

use super::{Piece, Source};
use crate::error::Result;

/// Returns the bytes in one piece, and then the end.
pub struct AtHand(Option<Bytes>);

impl AtHand {
    pub fn new(bytes: impl Into<Bytes>) -> AtHand {
        AtHand(Some(bytes.into()))
    }
}

impl Source for AtHand {
    fn next(&mut self) -> BoxFuture<'_, Result<Piece>> {
        Box::pin(async { Ok(self.0.take().map_or(Piece::End, Piece::Data)) })
    }
}

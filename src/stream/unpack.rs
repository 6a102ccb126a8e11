//! Runs a decoder over a source, one bounded piece at a time, however much a few bytes unpack to.

use bytes::{Buf, Bytes};
use futures_util::future::BoxFuture;

use super::{Piece, Source};
use crate::error::{Error, Kind, Result};

/// The most that one `next` unpacks.
const PIECE_BYTES: usize = 128 * 1024;

/// What knows a compressed format.
pub(super) trait Decoder: Send {
    /// Appends to `out` within its capacity and tells how much of `input` was used.
    fn decode(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<usize>;

    /// The input has ended: refuses if the data has not.
    fn end(&self) -> Result<()>;
}

pub(super) struct Unpacked<D> {
    source: Box<dyn Source>,
    decoder: D,
    input: Bytes,
    out: Vec<u8>,
}

impl<D: Decoder> Unpacked<D> {
    pub(super) fn new(source: Box<dyn Source>, decoder: D) -> Unpacked<D> {
        Unpacked { source, decoder, input: Bytes::new(), out: Vec::with_capacity(PIECE_BYTES) }
    }

    async fn step(&mut self) -> Result<Piece> {
        loop {
            // A piece that filled all the room may have left more behind in the decoder.
            let full = self.out.len() == self.out.capacity();
            if self.input.is_empty() && !full {
                match self.source.next().await? {
                    Piece::Data(data) => self.input = data,
                    Piece::End => return self.decoder.end().map(|()| Piece::End),
                }
            }
            // Decoding never waits by itself, and timers and signals on this thread want their turn.
            tokio::task::coop::consume_budget().await;
            self.out.clear();
            let used = self.decoder.decode(&self.input, &mut self.out)?;
            self.input.advance(used);
            if !self.out.is_empty() {
                return Ok(Piece::Data(Bytes::copy_from_slice(&self.out)));
            }
        }
    }
}

impl<D: Decoder> Source for Unpacked<D> {
    fn next(&mut self) -> BoxFuture<'_, Result<Piece>> {
        Box::pin(self.step())
    }
}

/// The data of `format` is not what it should be.
pub(super) fn damaged(format: &str, cause: String) -> Error {
    Error::new(Kind::Integrity, format!("cannot unpack the `{format}` data"))
        .because_text(cause)
        .hint("the file is damaged or incomplete: copy it again from where it came, or take another backup")
}

//! Runs a decoder over a source, one bounded piece at a time, however much a few bytes unpack to.

use bytes::{Buf, Bytes};
use tokio::sync::mpsc;

use super::ahead::{Ahead, WAITING, Worked, feed};
use super::{Piece, Source};
use crate::error::{Error, Kind, Result};

/// The largest piece that is unpacked at once.
const PIECE_BYTES: usize = 128 * 1024;

/// A decoder for a compressed format.
pub(super) trait Decoder: Send {
    /// Appends to `out` within its capacity and returns how much of `input` was used.
    fn decode(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<usize>;

    /// Called at the end of the input: fails if the data is incomplete.
    fn end(&self) -> Result<()>;
}

/// Decodes `source` with `decoder` on a separate thread, so that the reader can work while it unpacks.
/// Nothing is read before the first `next`.
pub(super) fn unpacked(
    source: Box<dyn Source>,
    format: &'static str,
    decoder: impl Decoder + 'static,
) -> Box<dyn Source> {
    let (plain, ready) = mpsc::channel(WAITING);
    let feeding = feed(source, format, move |packed| decode(decoder, packed, &plain));
    Box::new(Worked::new(format, Ahead::new(feeding), ready))
}

/// Decodes all pieces to their end. A source without an end was abandoned, so no result is reported.
fn decode(mut decoder: impl Decoder, mut packed: mpsc::Receiver<Piece>, plain: &mpsc::Sender<Result<Piece>>) {
    while let Some(piece) = packed.blocking_recv() {
        let last = match piece {
            Piece::Data(data) => match decode_piece(&mut decoder, data, plain) {
                Ok(true) => continue,
                Ok(false) => return,
                Err(error) => Err(error),
            },
            Piece::End => decoder.end().map(|()| Piece::End),
        };
        // The pipeline may have been dropped meanwhile: then there is no receiver.
        let _unheard = plain.blocking_send(last);
        return;
    }
}

/// Whether the rest is still needed.
fn decode_piece(decoder: &mut impl Decoder, mut data: Bytes, plain: &mpsc::Sender<Result<Piece>>) -> Result<bool> {
    loop {
        let mut out = Vec::with_capacity(PIECE_BYTES);
        let used = decoder.decode(&data, &mut out)?;
        data.advance(used);
        // A piece that filled all the room may have left more behind in the decoder.
        let full = out.len() == out.capacity();
        if !out.is_empty() && plain.blocking_send(Ok(Piece::Data(out.into()))).is_err() {
            return Ok(false);
        }
        if data.is_empty() && !full {
            return Ok(true);
        }
    }
}

/// The error for invalid data of `format`.
pub(super) fn damaged(format: &str, cause: String) -> Error {
    Error::new(Kind::Integrity, format!("cannot unpack the `{format}` data"))
        .because_text(cause)
        .hint("the file is damaged or incomplete: copy it again from where it came, or take another backup")
}

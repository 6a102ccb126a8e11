//! Passes the lines of a stream to a reader while its bytes pass.

use bytes::{Buf, Bytes};
use futures_util::future::BoxFuture;
use tokio::sync::mpsc;

use super::{Piece, Source};
use crate::error::{Error, Kind, Result};

/// A longer line is cut to this length.
pub const MAX_LINE_BYTES: usize = 1024 * 1024;

/// The pieces that may wait for the line reader; with more, the stream waits too.
const WAITING: usize = 2;

/// One line without its line feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub text: Bytes,
    /// Whether the end of the line was omitted, because it is longer than `MAX_LINE_BYTES`.
    pub cut: bool,
}

/// A source whose lines are read elsewhere. It is not faster than their reader, and fails if the reader is gone.
///
/// Its `End` means that the reader has received all lines, not that it has processed them: wait for the reader
/// before trusting the stream.
pub struct Lines {
    source: Box<dyn Source>,
    handed: mpsc::Sender<Piece>,
}

impl Lines {
    pub fn new(source: Box<dyn Source>) -> (Lines, LineReader) {
        let (handed, pieces) = mpsc::channel(WAITING);
        (Lines { source, handed }, LineReader { pieces, rest: Bytes::new(), begun: Vec::new(), cut: false })
    }

    async fn step(&mut self) -> Result<Piece> {
        let piece = self.source.next().await?;
        let copy = match &piece {
            Piece::Data(data) => Piece::Data(data.clone()),
            Piece::End => Piece::End,
        };
        self.handed.send(copy).await.map_err(|_gone| {
            Error::new(Kind::Cancelled, "cannot hand over the next `lines`: their reader has stopped")
                .hint("read the lines to their end, also when the first ones are enough")
        })?;
        Ok(piece)
    }
}

impl Source for Lines {
    fn next(&mut self) -> BoxFuture<'_, Result<Piece>> {
        Box::pin(self.step())
    }
}

/// Reads the lines that pass through `Lines`, on any thread. It splits them itself, so that no line waits in memory
/// beside the piece that it is in.
pub struct LineReader {
    pieces: mpsc::Receiver<Piece>,
    /// The rest of the current piece.
    rest: Bytes,
    /// The beginning of a line whose end is in a later piece.
    begun: Vec<u8>,
    /// Whether that line is already too long.
    cut: bool,
}

impl LineReader {
    /// The next line; `None` after the last, or if the stream broke off: then the stream itself reports the error,
    /// and the incomplete line is not returned.
    pub async fn next(&mut self) -> Option<Line> {
        loop {
            if let Some(end) = memchr::memchr(b'\n', &self.rest) {
                let text = self.rest.split_to(end);
                self.rest.advance(1);
                return Some(self.line(text));
            }
            let rest = std::mem::take(&mut self.rest);
            self.begin(&rest);
            match self.pieces.recv().await? {
                Piece::Data(data) => self.rest = data,
                Piece::End => {
                    self.pieces.close();
                    return (!self.begun.is_empty()).then(|| self.line(Bytes::new()));
                }
            }
        }
    }

    /// The line that ends with `text`.
    fn line(&mut self, text: Bytes) -> Line {
        if self.begun.is_empty() && text.len() <= MAX_LINE_BYTES {
            return Line { text, cut: false };
        }
        self.begin(&text);
        Line { text: std::mem::take(&mut self.begun).into(), cut: std::mem::take(&mut self.cut) }
    }

    /// Keeps the beginning of a line, up to the maximum length.
    fn begin(&mut self, text: &[u8]) {
        let fits = text.len().min(MAX_LINE_BYTES - self.begun.len());
        self.begun.extend_from_slice(&text[..fits]);
        self.cut |= fits < text.len();
    }
}

//! Reads stored data as a stream, in pieces that share the stored bytes.

use std::collections::VecDeque;
use std::path::PathBuf;

use bytes::Bytes;
use futures_util::future::{BoxFuture, ready};

use super::state::Shared;
use super::tree::Content;
use crate::error::Result;
use crate::stream::{Piece, Source};

const PIECE_BYTES: u64 = 1 << 20;

/// The content of a file of which only the size is known.
static ZEROES: [u8; PIECE_BYTES as usize] = [0; PIECE_BYTES as usize];

/// The stored data, piece by piece.
pub struct ContentSource {
    pieces: VecDeque<Bytes>,
    /// The number of zeroes still to return.
    zeroes: u64,
}

pub struct FileSource {
    content: ContentSource,
    path: PathBuf,
    shared: Shared,
}

impl FileSource {
    pub fn new(content: Content, path: PathBuf, shared: Shared) -> FileSource {
        shared.lock().reading.push(path.clone());
        FileSource { content: ContentSource::new(content), path, shared }
    }
}

impl ContentSource {
    pub fn new(content: Content) -> ContentSource {
        match content {
            Content::Pieces(pieces) => ContentSource { pieces: pieces.into(), zeroes: 0 },
            Content::Sized(size) => ContentSource { pieces: VecDeque::new(), zeroes: size },
        }
    }

    pub fn piece(&mut self) -> Piece {
        while let Some(piece) = self.pieces.pop_front() {
            if !piece.is_empty() {
                return Piece::Data(piece);
            }
        }
        let size = self.zeroes.min(PIECE_BYTES);
        self.zeroes -= size;
        match size {
            0 => Piece::End,
            size => Piece::Data(Bytes::from_static(&ZEROES[..size as usize])),
        }
    }
}

impl Source for FileSource {
    fn next(&mut self) -> BoxFuture<'_, Result<Piece>> {
        Box::pin(ready(Ok(self.content.piece())))
    }
}

impl Drop for FileSource {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        if let Some(at) = state.reading.iter().position(|path| *path == self.path) {
            state.reading.swap_remove(at);
        }
    }
}

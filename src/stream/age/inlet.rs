//! Feeds the pieces of a stream to a decoder that blocks, and counts what it took.

use std::io::{self, BufRead, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::{Buf, Bytes};
use tokio::sync::mpsc;

use crate::stream::Piece;

/// The pieces of a stream as a reader. An abandoned stream is an error, not an end.
pub struct Inlet {
    waiting: mpsc::Receiver<Piece>,
    piece: Bytes,
    ended: bool,
    count: Count,
}

/// The bytes read so far; available while the reader is in use elsewhere.
#[derive(Clone, Default)]
pub struct Count(Arc<AtomicU64>);

impl Count {
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Inlet {
    pub fn new(waiting: mpsc::Receiver<Piece>) -> Inlet {
        Inlet { waiting, piece: Bytes::new(), ended: false, count: Count::default() }
    }

    pub fn count(&self) -> Count {
        self.count.clone()
    }
}

impl Read for Inlet {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let ready = self.fill_buf()?;
        let size = ready.len().min(out.len());
        out[..size].copy_from_slice(&ready[..size]);
        self.consume(size);
        Ok(size)
    }
}

impl BufRead for Inlet {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.piece.is_empty() && !self.ended {
            match self.waiting.blocking_recv() {
                Some(Piece::Data(data)) => self.piece = data,
                Some(Piece::End) => self.ended = true,
                None => return Err(io::Error::new(io::ErrorKind::BrokenPipe, "the stream was abandoned")),
            }
        }
        Ok(&self.piece)
    }

    fn consume(&mut self, size: usize) {
        self.piece.advance(size);
        self.count.0.fetch_add(size as u64, Ordering::Relaxed);
    }
}

//! Runs a step between a source and what reads it: it inspects or changes the bytes.

use std::collections::VecDeque;

use bytes::Bytes;
use futures_util::future::BoxFuture;

use super::{Piece, Source};
use crate::error::Result;

/// A step between source and sink that processes the bytes as they pass.
pub trait Stage: Send {
    /// Processes one piece of data; the output is appended to `out`.
    fn feed(&mut self, data: Bytes, out: &mut VecDeque<Bytes>) -> Result<()>;

    /// Called when the source has ended: the last chance to add data, or to fail.
    fn end(&mut self, out: &mut VecDeque<Bytes>) -> Result<()>;
}

/// A source with a stage behind it.
pub struct Staged<T> {
    source: Box<dyn Source>,
    stage: T,
    ready: VecDeque<Bytes>,
    ended: bool,
}

impl<T: Stage> Staged<T> {
    pub fn new(source: Box<dyn Source>, stage: T) -> Staged<T> {
        Staged { source, stage, ready: VecDeque::new(), ended: false }
    }

    async fn step(&mut self) -> Result<Piece> {
        loop {
            if let Some(data) = self.ready.pop_front() {
                return Ok(Piece::Data(data));
            }
            if self.ended {
                return Ok(Piece::End);
            }
            match self.source.next().await? {
                Piece::Data(data) => self.stage.feed(data, &mut self.ready)?,
                Piece::End => {
                    self.stage.end(&mut self.ready)?;
                    self.ended = true;
                }
            }
        }
    }
}

impl<T: Stage> Source for Staged<T> {
    fn next(&mut self) -> BoxFuture<'_, Result<Piece>> {
        Box::pin(self.step())
    }
}

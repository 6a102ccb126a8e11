//! Waits at the end of a stream until its size, its beginning and its end were checked.

use futures_util::future::BoxFuture;
use tokio::sync::oneshot;

use super::{Piece, Source};
use crate::error::{Error, Kind, Result};

/// The bytes kept of the beginning and of the end.
pub const KEPT_BYTES: usize = 4096;

/// The facts of an ended stream, and where to report that it is good.
pub struct Ended {
    pub size_bytes: u64,
    pub head: Vec<u8>,
    pub tail: Vec<u8>,
    pub good: oneshot::Sender<()>,
}

/// A source whose `End` comes after its content was accepted; otherwise it fails.
pub struct Checked {
    source: Box<dyn Source>,
    size_bytes: u64,
    head: Vec<u8>,
    tail: Tail,
    handed: Option<oneshot::Sender<Ended>>,
}

impl Checked {
    pub fn new(source: Box<dyn Source>, handed: oneshot::Sender<Ended>) -> Checked {
        Checked { source, size_bytes: 0, head: Vec::new(), tail: Tail::new(KEPT_BYTES), handed: Some(handed) }
    }

    async fn step(&mut self) -> Result<Piece> {
        let piece = self.source.next().await?;
        match &piece {
            Piece::Data(data) => {
                self.size_bytes += data.len() as u64;
                let room = KEPT_BYTES.saturating_sub(self.head.len()).min(data.len());
                self.head.extend_from_slice(&data[..room]);
                self.tail.add(data);
            }
            Piece::End => self.wait_for_check().await?,
        }
        Ok(piece)
    }

    async fn wait_for_check(&mut self) -> Result<()> {
        let Some(handed) = self.handed.take() else { return Ok(()) };
        let (good, checked) = oneshot::channel();
        let (head, tail) = (std::mem::take(&mut self.head), self.tail.take());
        let gone = || Error::new(Kind::Cancelled, "the stream ended, and nobody checked it");
        handed.send(Ended { size_bytes: self.size_bytes, head, tail, good }).map_err(|_unheard| gone())?;
        checked.await.map_err(|_never| gone())
    }
}

impl Source for Checked {
    fn next(&mut self) -> BoxFuture<'_, Result<Piece>> {
        Box::pin(self.step())
    }
}

/// The last bytes that passed.
#[derive(Clone, Debug)]
pub struct Tail {
    bytes: Vec<u8>,
    most: usize,
}

impl Tail {
    pub fn new(most: usize) -> Tail {
        Tail { bytes: Vec::new(), most }
    }

    pub fn add(&mut self, data: &[u8]) {
        let data = &data[data.len().saturating_sub(self.most)..];
        let too_many = (self.bytes.len() + data.len()).saturating_sub(self.most);
        self.bytes.drain(..too_many);
        self.bytes.extend_from_slice(data);
    }

    pub fn get(&self) -> &[u8] {
        &self.bytes
    }

    fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }
}

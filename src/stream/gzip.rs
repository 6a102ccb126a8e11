//! Compresses into one gzip member on several threads, as pigz does.
//!
//! One member, because a decoder that supports only one silently stops after the first and reports success.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use tokio::sync::mpsc;

use super::ahead::{Ahead, stopped};
use super::deflate::{Block, DeflateResult, Workers};
use super::gunzip::gunzip;
use super::{Piece, SharedFacts, Source};
use crate::error::Result;

/// Magic, deflate, no name, no time (the same input makes the same file), no extra flags, Unix.
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];

/// An empty last block: no block before it needs to know that it is the last.
const LAST_BLOCK: [u8; 2] = [3, 0];

/// More threads would only take memory.
const MAX_THREADS: usize = 64;

/// Compresses `source` with `level` 0 to 9 on `threads` threads; the bytes depend on the input and the level alone.
///
/// At most `threads + 3` blocks of 512 KiB are in memory. Nothing is read before the first `next`.
pub fn gzip(source: Box<dyn Source>, level: u32, threads: usize, facts: &SharedFacts) -> Box<dyn Source> {
    facts.lock().undone_by("gzip -dc", Arc::new(gunzip));
    let threads = threads.clamp(1, MAX_THREADS);
    let (queue, flying) = mpsc::channel(threads + 1);
    let ahead = Ahead::new(cut(source, Workers::new(level, threads), queue));
    let checksum = crc32fast::Hasher::new();
    Box::new(Gzip { ahead, flying, front: None, phase: Phase::Header, checksum, plain_bytes: 0 })
}

/// The blocks in progress, in the order of the input.
enum Flight {
    Block(DeflateResult),
    End,
}

/// Cuts the source into blocks and passes them to the workers, as far ahead as the queue has room.
async fn cut(mut source: Box<dyn Source>, mut workers: Workers, queue: mpsc::Sender<Flight>) -> Result<()> {
    let room = async || queue.reserve().await.map_err(|_gone| stopped("gzip"));
    let mut block = Block::first();
    while let Piece::Data(mut data) = source.next().await? {
        while !data.is_empty() {
            block.fill(&mut data);
            if block.is_full() {
                let next = block.following();
                room().await?.send(Flight::Block(workers.deflate(std::mem::replace(&mut block, next))?));
            }
        }
    }
    if !block.is_empty() {
        room().await?.send(Flight::Block(workers.deflate(block)?));
    }
    room().await?.send(Flight::End);
    Ok(())
}

enum Phase {
    Header,
    Blocks,
    End,
}

struct Gzip {
    ahead: Ahead,
    flying: mpsc::Receiver<Flight>,
    /// The oldest block that a worker still has.
    front: Option<DeflateResult>,
    phase: Phase,
    checksum: crc32fast::Hasher,
    plain_bytes: u64,
}

impl Gzip {
    async fn step(&mut self) -> Result<Piece> {
        match self.phase {
            Phase::Header => {
                self.phase = Phase::Blocks;
                Ok(Piece::Data(Bytes::from_static(&HEADER)))
            }
            Phase::Blocks => self.block_or_trailer().await.map(Piece::Data),
            Phase::End => Ok(Piece::End),
        }
    }

    async fn block_or_trailer(&mut self) -> Result<Bytes> {
        let answer = match &mut self.front {
            Some(answer) => answer,
            None => match self.ahead.alongside(self.flying.recv()).await? {
                Some(Flight::Block(answer)) => self.front.insert(answer),
                Some(Flight::End) => {
                    self.phase = Phase::End;
                    return Ok(self.trailer());
                }
                None => return Err(stopped("gzip")),
            },
        };
        let deflated = self.ahead.alongside(answer).await?.map_err(|_gone| stopped("gzip"))??;
        self.front = None;
        self.checksum.combine(&deflated.checksum);
        self.plain_bytes += deflated.plain_bytes as u64;
        Ok(deflated.bytes)
    }

    fn trailer(&self) -> Bytes {
        let checksum = self.checksum.clone().finalize().to_le_bytes();
        let length = (self.plain_bytes as u32).to_le_bytes(); // the format keeps the length modulo 2^32
        [&LAST_BLOCK[..], &checksum, &length].concat().into()
    }
}

impl Source for Gzip {
    fn next(&mut self) -> BoxFuture<'_, Result<Piece>> {
        Box::pin(self.step())
    }
}

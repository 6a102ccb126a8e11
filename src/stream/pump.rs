//! Moves every byte of a source into a sink and tallies them on the way.

use bytes::Bytes;

use super::sha256::Sha256;
use super::{Piece, Sink, Source};
use crate::error::Result;

/// The number of bytes that passed, and their SHA-256 as lower-case hex.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Tally {
    pub size_bytes: u64,
    pub sha256: String,
}

impl Tally {
    pub fn of(data: &[u8]) -> Tally {
        Tally { size_bytes: data.len() as u64, sha256: Sha256::of(data) }
    }
}

/// Counts and hashes bytes as they pass.
#[derive(Default)]
pub struct Tallier {
    size_bytes: u64,
    hash: Sha256,
}

impl Tallier {
    pub fn add(&mut self, data: &[u8]) {
        self.size_bytes += data.len() as u64;
        self.hash.update(data);
    }

    pub fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    pub fn finish(self) -> Tally {
        Tally { size_bytes: self.size_bytes, sha256: self.hash.hex() }
    }
}

/// Moves everything from `source` to `sink`; `Ok` means that the source proved its end. The sink is neither sealed nor committed.
pub async fn pump(source: &mut dyn Source, sink: &mut dyn Sink, mut moved: impl FnMut(u64)) -> Result<Tally> {
    let mut tally = Tallier::default();
    loop {
        match source.next().await? {
            Piece::Data(data) => {
                tally.add(&data);
                let size = data.len() as u64;
                sink.write(data).await?;
                moved(size);
            }
            Piece::End => return Ok(tally.finish()),
        }
    }
}

/// All bytes of a small source; more than `max_bytes` is the error from `too_large`.
pub async fn collect(
    source: &mut dyn Source,
    max_bytes: usize,
    too_large: impl FnOnce() -> crate::error::Error,
) -> Result<Bytes> {
    let mut all = Vec::new();
    loop {
        match source.next().await? {
            Piece::Data(data) if all.len() + data.len() > max_bytes => return Err(too_large()),
            Piece::Data(data) => all.extend_from_slice(&data),
            Piece::End => return Ok(all.into()),
        }
    }
}

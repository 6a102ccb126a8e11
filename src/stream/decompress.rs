//! Picks how to unpack a stream by its first bytes, and refuses one that does not match its name.

use bytes::Bytes;
use futures_util::future::BoxFuture;

use super::gunzip::gunzip;
use super::unpack::damaged;
use super::unzstd::unzstd;
use super::{Piece, Source};
use crate::error::{Error, Kind, Result};

/// Unpacks gzip and zstd, recognized by their first bytes, and passes everything else on as it is.
///
/// `name` is the name of the file: a `.gz` that holds neither is a broken backup, not a plain one.
pub fn decompress(source: Box<dyn Source>, name: &str) -> Box<dyn Source> {
    let peeked = Peeked::new(source);
    Box::new(Decompress { name: name.to_owned(), raw: Some(peeked), unpacked: None })
}

struct Decompress {
    name: String,
    raw: Option<Peeked>,
    unpacked: Option<Box<dyn Source>>,
}

impl Decompress {
    async fn step(&mut self) -> Result<Piece> {
        if let Some(raw) = &mut self.raw {
            raw.peek(HEAD_BYTES).await?;
        }
        if let Some(raw) = self.raw.take() {
            self.unpacked = Some(pick(raw, &self.name)?);
        }
        match &mut self.unpacked {
            Some(unpacked) => unpacked.next().await,
            None => Err(Error::new(Kind::Other, format!("cannot read `{}` after an error", self.name))),
        }
    }
}

impl Source for Decompress {
    fn next(&mut self) -> BoxFuture<'_, Result<Piece>> {
        Box::pin(self.step())
    }
}

fn pick(raw: Peeked, name: &str) -> Result<Box<dyn Source>> {
    match (packing(&raw.head), format_of_name(name)) {
        (Some("gzip"), _) => Ok(gunzip(Box::new(raw))),
        (Some(_), _) => Ok(unzstd(Box::new(raw))),
        (None, None) => Ok(Box::new(raw)),
        (None, Some(format)) if raw.head.is_empty() => Err(damaged(format, format!("`{name}` is empty"))),
        (None, Some(format)) => Err(damaged(format, format!("`{name}` does not begin as {format} data does"))),
    }
}

/// The format of data with this beginning.
pub fn packing(head: &[u8]) -> Option<&'static str> {
    match head {
        [0x1f, 0x8b, ..] => Some("gzip"),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Some("zstd"),
        // A skippable frame, with which some parallel compressors begin.
        [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some("zstd"),
        _ => None,
    }
}

fn format_of_name(name: &str) -> Option<&'static str> {
    let (_, ending) = name.rsplit_once('.')?;
    match ending.to_ascii_lowercase().as_str() {
        "gz" | "tgz" => Some("gzip"),
        "zst" | "tzst" => Some("zstd"),
        _ => None,
    }
}

/// The longest magic number.
const HEAD_BYTES: usize = 4;

/// A source whose first bytes were examined, and are returned again.
pub struct Peeked {
    source: Box<dyn Source>,
    head: Vec<u8>,
    ended: bool,
}

impl Peeked {
    pub fn new(source: Box<dyn Source>) -> Peeked {
        Peeked { source, head: Vec::new(), ended: false }
    }

    /// At least the first `bytes`, or all if there are fewer.
    pub async fn peek(&mut self, bytes: usize) -> Result<&[u8]> {
        while self.head.len() < bytes && !self.ended {
            match self.source.next().await? {
                Piece::Data(data) => self.head.extend_from_slice(&data),
                Piece::End => self.ended = true,
            }
        }
        Ok(&self.head)
    }

    async fn step(&mut self) -> Result<Piece> {
        match (self.head.is_empty(), self.ended) {
            (false, _) => Ok(Piece::Data(Bytes::from(std::mem::take(&mut self.head)))),
            (true, true) => Ok(Piece::End),
            (true, false) => self.source.next().await,
        }
    }
}

impl Source for Peeked {
    fn next(&mut self) -> BoxFuture<'_, Result<Piece>> {
        Box::pin(self.step())
    }
}

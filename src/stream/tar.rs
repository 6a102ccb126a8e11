//! Reads a tar archive as it passes, one entry after the other, and refuses one that is not whole to its end.

pub mod listing;
mod names;
pub mod record;
pub mod writing;

use std::path::PathBuf;

use bytes::{Bytes, BytesMut};
use tar::{EntryType, Header};

use self::names::Extension;
use super::unpack::damaged;
use super::{Piece, Source};
use crate::error::{Error, Result};

const BLOCK_BYTES: usize = 512;
/// The most that the headers of one entry may hold: names, times and attributes.
const MOST_EXTENSION_BYTES: u64 = 1 << 20;

/// The metadata of one archive entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TarEntry {
    /// As in the archive; not yet checked for where it leads. The name of a folder may end in `/`.
    pub path: PathBuf,
    pub kind: TarKind,
    pub size_bytes: u64,
    /// Permission bits, such as `0o644`.
    pub mode: u32,
    pub owner: u64,
    pub group: u64,
    /// Seconds since 1970 and nanoseconds.
    pub modified: (i64, u32),
    /// The target of a link.
    pub link: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TarKind {
    File,
    Dir,
    Link,
    HardLink,
    /// A device, a pipe, or something that is not known.
    Other,
}

/// An archive that is being read.
pub struct Tar {
    source: Box<dyn Source>,
    buffer: Bytes,
    read_bytes: u64,
    /// The unread bytes of the current entry, and the padding of its last block.
    left: u64,
    padding: u64,
}

impl Tar {
    pub fn new(source: Box<dyn Source>) -> Tar {
        Tar { source, buffer: Bytes::new(), read_bytes: 0, left: 0, padding: 0 }
    }

    /// The next entry; skips the unread rest of the current one. `None` is a proved end: the end mark, and nothing after it.
    pub async fn next_entry(&mut self) -> Result<Option<TarEntry>> {
        let mut extension = Extension::default();
        loop {
            while self.data().await?.is_some() {}
            self.pass_over(self.padding).await?;
            let Some(header) = self.header().await? else {
                extension.must_be_used()?;
                return self.end().await.map(|()| None);
            };
            let size_bytes = header.entry_size().map_err(|cause| wrong(cause.to_string()))?;
            self.expect(size_bytes);
            match header.entry_type() {
                kind @ (EntryType::XHeader
                | EntryType::XGlobalHeader
                | EntryType::GNULongName
                | EntryType::GNULongLink) => {
                    let text = self.text(size_bytes).await?;
                    extension.add(kind, &text)?;
                }
                _ => {
                    let entry = extension.entry(&header, size_bytes)?;
                    self.expect(entry.size_bytes);
                    return Ok(Some(entry));
                }
            }
        }
    }

    /// The next piece of the current entry; `None` at its end.
    pub async fn data(&mut self) -> Result<Option<Bytes>> {
        if self.left == 0 {
            return Ok(None);
        }
        let piece = self.piece(self.left).await?;
        self.left -= piece.len() as u64;
        Ok(Some(piece))
    }

    fn expect(&mut self, size_bytes: u64) {
        self.left = size_bytes;
        self.padding = size_bytes.wrapping_neg() % BLOCK_BYTES as u64;
    }

    /// The whole current entry, which describes the next one.
    async fn text(&mut self, size_bytes: u64) -> Result<BytesMut> {
        if size_bytes > MOST_EXTENSION_BYTES {
            return Err(wrong("the name or the attributes of an entry are far too long".to_owned()));
        }
        let mut text = BytesMut::new();
        while let Some(piece) = self.data().await? {
            text.extend_from_slice(&piece);
        }
        Ok(text)
    }

    /// The next header; `None` at the end mark.
    async fn header(&mut self) -> Result<Option<Header>> {
        let block = self.block().await?;
        if is_empty(&block) {
            return Ok(None);
        }
        let header = Header::from_byte_slice(&block).clone();
        match header.cksum() {
            Ok(sum) if sum == checksum(&block) => Ok(Some(header)),
            _ => Err(wrong(format!("there is no header of tar at byte {}", self.read_bytes - BLOCK_BYTES as u64))),
        }
    }

    /// Reads the second block of the end mark, and then only zeros.
    async fn end(&mut self) -> Result<()> {
        let mut rest = self.block().await?;
        loop {
            if !is_empty(&rest) {
                return Err(wrong(format!("something follows its end, near byte {}", self.read_bytes)));
            }
            rest = match std::mem::take(&mut self.buffer) {
                buffer if !buffer.is_empty() => buffer,
                _ => match self.source.next().await? {
                    Piece::Data(data) => data,
                    Piece::End => return Ok(()),
                },
            };
            self.read_bytes += rest.len() as u64;
        }
    }

    async fn block(&mut self) -> Result<Bytes> {
        let mut block = BytesMut::with_capacity(BLOCK_BYTES);
        while block.len() < BLOCK_BYTES {
            let piece = self.piece((BLOCK_BYTES - block.len()) as u64).await?;
            block.extend_from_slice(&piece);
        }
        Ok(block.freeze())
    }

    async fn pass_over(&mut self, size_bytes: u64) -> Result<()> {
        let mut left = size_bytes;
        while left > 0 {
            left -= self.piece(left).await?.len() as u64;
        }
        Ok(())
    }

    /// Some of the next bytes, and no more than `most`.
    async fn piece(&mut self, most: u64) -> Result<Bytes> {
        while self.buffer.is_empty() {
            match self.source.next().await? {
                Piece::Data(data) => self.buffer = data,
                Piece::End => return Err(wrong(format!("it ends too early, after {} bytes", self.read_bytes))),
            }
        }
        let piece = self.buffer.split_to(self.buffer.len().min(usize::try_from(most).unwrap_or(usize::MAX)));
        self.read_bytes += piece.len() as u64;
        Ok(piece)
    }
}

fn is_empty(data: &[u8]) -> bool {
    data.iter().all(|byte| *byte == 0)
}

/// The sum of a header, in which its own field counts as blanks.
fn checksum(block: &[u8]) -> u32 {
    let blank = |(at, byte): (usize, &u8)| if (148..156).contains(&at) { u32::from(b' ') } else { u32::from(*byte) };
    block.iter().enumerate().map(blank).sum()
}

fn wrong(cause: String) -> Error {
    damaged("tar", cause)
}

//! Reads a file as a stream.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use cap_std::fs::{OpenOptions, OpenOptionsExt};
use futures_util::future::BoxFuture;
use rustix::fs::{Advice, OFlags};

use super::blocking::blocking;
use super::fence::Fence;
use super::trouble::trouble;
use crate::error::{Error, Kind, Result};
use crate::stream::{Piece, Source};
use crate::world::refusals::not_plain;

const PIECE_BYTES: usize = 1 << 20;

pub struct FileSource {
    file: Arc<File>,
    path: PathBuf,
    /// The size at open; reading less than that is an error.
    size: u64,
    read: u64,
}

/// Opens a regular file for reading and returns its size. Any other kind of file could block or go on for ever.
pub fn open_file(fence: &Fence, path: &Path) -> Result<(File, u64)> {
    let fail = |cause| fence.trouble("read", path, cause);
    let mut options = OpenOptions::new();
    // Without NONBLOCK, opening a named pipe waits for its writer.
    options.read(true).custom_flags(OFlags::NONBLOCK.bits() as i32);
    let file = fence.open(path, &options).map_err(fail)?.into_std();
    let seen = file.metadata().map_err(fail)?;
    if !seen.is_file() {
        return Err(not_plain(path, seen.is_dir()));
    }
    Ok((file, seen.len()))
}

impl FileSource {
    pub fn open(fence: &Fence, path: &Path) -> Result<FileSource> {
        let (file, size) = open_file(fence, path)?;
        if let Err(errno) = rustix::fs::fadvise(&file, 0, None, Advice::Sequential) {
            tracing::debug!(path = %path.display(), %errno, "the kernel did not take the advice to read ahead");
        }
        Ok(FileSource::of(file, path, size))
    }

    /// Reads an open file from its current position; fewer bytes than `size` are an error.
    pub fn of(file: File, path: &Path, size: u64) -> FileSource {
        FileSource { file: Arc::new(file), path: path.to_owned(), size, read: 0 }
    }

    async fn piece(&mut self) -> Result<Piece> {
        let (file, path) = (self.file.clone(), self.path.clone());
        let data = blocking(move || read_piece(&file, &path)).await?;
        self.read += data.len() as u64;
        if !data.is_empty() {
            return Ok(Piece::Data(Bytes::from(data)));
        }
        if self.read < self.size {
            return Err(Error::new(Kind::Integrity, format!("cannot read `{}` to its end", self.path.display()))
                .because_text(format!("it shrank from {} to {} bytes meanwhile", self.size, self.read))
                .hint("another program is writing to it: stop that first, or read a copy"));
        }
        Ok(Piece::End)
    }
}

fn read_piece(file: &File, path: &Path) -> Result<Vec<u8>> {
    let mut data = Vec::with_capacity(PIECE_BYTES);
    while data.len() < PIECE_BYTES {
        match rustix::io::read(file, rustix::buffer::spare_capacity(&mut data)) {
            Ok(0) => break,
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(errno) => return Err(trouble("read", path, errno.into())),
        }
    }
    Ok(data)
}

impl Source for FileSource {
    fn next(&mut self) -> BoxFuture<'_, Result<Piece>> {
        Box::pin(self.piece())
    }
}

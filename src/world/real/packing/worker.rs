//! Reads the files of one batch after another: exactly the announced size, and changes during the read are detected.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use rustix::fs::Advice;
use rustix::io::Errno;
use tokio::sync::mpsc;

use super::attributes::records;
use super::folder::{RealFolder, meta_of};
use super::owners::Owners;
use super::trouble;
use crate::error::{Error, Result};
use crate::stream::Piece;
use crate::stream::tar::TarKind;
use crate::stream::tar::writing::padding;
use crate::world::packing::folder::{Folder, Item, What};
use crate::world::packing::meta::{Meta, MetaKind, name_in_archive};
use crate::world::packing::walk::what_happened;
use crate::world::packing::{Findings, Packing};

/// The size of one piece, and of the largest file that is read again if it changes during the read.
const PIECE_BYTES: usize = 512 << 10;
/// How often such a file is read before it is reported as changing.
const TRIES: usize = 3;

/// Entries that are read in sequence, and the receiver of their bytes.
pub struct Batch {
    pub items: Vec<Item<RealFolder>>,
    pub bytes: mpsc::Sender<Result<Piece>>,
}

/// One archive, shared by all its threads.
pub struct Job {
    pub packing: Packing,
    pub findings: Findings,
    owners: Owners,
}

/// Why the reading of a batch stops early.
enum Stop {
    /// The consumer is gone.
    Gone,
    Failed(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Stop {
        Stop::Failed(error)
    }
}

/// The output of a batch.
struct Outlet {
    buffer: Vec<u8>,
    bytes: mpsc::Sender<Result<Piece>>,
}

impl Outlet {
    fn flush(&mut self) -> Result<(), Stop> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let full = std::mem::take(&mut self.buffer);
        self.send(Ok(Piece::Data(Bytes::from(full))))
    }

    fn send(&self, piece: Result<Piece>) -> Result<(), Stop> {
        self.bytes.blocking_send(piece).map_err(|_gone| Stop::Gone)
    }
}

impl Job {
    pub fn new(packing: Packing, findings: Findings) -> Job {
        let owners = if packing.contents { Owners::read() } else { Owners::default() };
        Job { packing, findings, owners }
    }

    /// Reads batches until there are no more.
    pub fn work(&self, waiting: &Arc<Mutex<Receiver<Batch>>>) {
        loop {
            let next = waiting.lock().unwrap_or_else(|broken| broken.into_inner()).recv();
            let Ok(batch) = next else { return };
            self.batch(batch);
        }
    }

    fn batch(&self, batch: Batch) {
        let mut out = Outlet { buffer: Vec::with_capacity(PIECE_BYTES), bytes: batch.bytes };
        let read = batch.items.into_iter().try_for_each(|item| {
            self.item(item, &mut out)?;
            if out.buffer.len() >= PIECE_BYTES { out.flush() } else { Ok(()) }
        });
        let last = match read.and_then(|()| out.flush()) {
            Ok(()) => Ok(Piece::End),
            Err(Stop::Failed(error)) => Err(error),
            Err(Stop::Gone) => return,
        };
        if out.send(last).is_err() {
            // the stream was dropped meanwhile: the result has no receiver
        }
    }

    fn item(&self, item: Item<RealFolder>, out: &mut Outlet) -> Result<(), Stop> {
        let read = match &item.what {
            What::Dir => self.folder(&item, out),
            What::Link => match self.link(&item, out) {
                // It is no longer a link: the new file with this name is read instead.
                Err(error) if error.raw_os_error() == Some(Errno::INVAL.raw_os_error()) => {
                    return self.file(&item, None, out);
                }
                read => read,
            },
            What::HardLink(first) => {
                let first = bytes_of(first);
                self.header(&item, item.meta, TarKind::HardLink, first, &[], &mut out.buffer);
                return Ok(());
            }
            What::File(held) => return self.file(&item, held.as_ref(), out),
        };
        read.or_else(|error| self.failed(&item, error)).map_err(Stop::Failed)
    }

    fn folder(&self, item: &Item<RealFolder>, out: &mut Outlet) -> io::Result<()> {
        let records = records(&*item.folder, self.packing.xattrs, self.packing.acls)?;
        self.header(item, item.meta, TarKind::Dir, b"", &records, &mut out.buffer);
        Ok(())
    }

    fn link(&self, item: &Item<RealFolder>, out: &mut Outlet) -> io::Result<()> {
        let target = item.folder.link_target(&item.name)?;
        self.header(item, item.meta, TarKind::Link, &target, &[], &mut out.buffer);
        Ok(())
    }

    fn file(&self, item: &Item<RealFolder>, held: Option<&File>, out: &mut Outlet) -> Result<(), Stop> {
        for last in (0..TRIES).map(|time| time + 1 == TRIES) {
            let opened;
            let (file, meta) = match held {
                Some(file) => (file, rewound(file).and_then(|()| meta_of(file))),
                None => match item.folder.open(&item.name) {
                    Ok((file, meta)) => {
                        opened = file;
                        (&opened, Ok(meta))
                    }
                    Err(error) => return self.replaced(item, error, out),
                },
            };
            let meta = match meta {
                Ok(meta) if meta.kind == MetaKind::File => meta,
                Ok(_) => return self.replaced(item, Errno::LOOP.into(), out),
                Err(error) => return Ok(self.failed(item, error)?),
            };
            // Another file has taken its name since it was found, as in log rotation: the open file is still read completely.
            if meta.size_bytes > PIECE_BYTES as u64 {
                return self.large(item, file, meta, out);
            }
            let begin = out.buffer.len();
            match self.small(item, file, meta, &mut out.buffer) {
                Ok(None) => return Ok(()),
                Ok(Some(how)) if last => return Ok(self.changed(item, how)?),
                Ok(Some(_)) => out.buffer.truncate(begin),
                Err(error) => {
                    out.buffer.truncate(begin);
                    return Ok(self.failed(item, error)?);
                }
            }
        }
        Ok(())
    }

    /// Reads a file in one go; returns how it changed during the read.
    fn small(
        &self,
        item: &Item<RealFolder>,
        mut file: &File,
        meta: Meta,
        out: &mut Vec<u8>,
    ) -> io::Result<Option<&'static str>> {
        let records = records(file, self.packing.xattrs, self.packing.acls)?;
        self.header(item, meta, TarKind::File, b"", &records, out);
        let data = out.len();
        let padding = padding(meta.size_bytes);
        out.reserve(meta.size_bytes as usize + padding);
        let read = file.by_ref().take(meta.size_bytes).read_to_end(out)?;
        out.resize(data + meta.size_bytes as usize + padding, 0);
        let after = meta_of(file)?;
        let short = (read as u64) < meta.size_bytes;
        Ok(after.change_since(&meta).or(short.then_some("it shrank")))
    }

    /// Reads a file piece by piece. Sent data cannot be undone: a file that is too short is padded with zeros.
    fn large(&self, item: &Item<RealFolder>, mut file: &File, meta: Meta, out: &mut Outlet) -> Result<(), Stop> {
        let fail = |cause| Stop::Failed(trouble("read", &self.packing.base.join(&item.path), cause));
        let records = match records(file, self.packing.xattrs, self.packing.acls) {
            Ok(records) => records,
            Err(error) => return Ok(self.failed(item, error)?),
        };
        if let Err(errno) = rustix::fs::fadvise(file, 0, None, Advice::Sequential) {
            tracing::debug!(path = %item.path.display(), %errno, "the kernel did not take the advice to read ahead");
        }
        self.header(item, meta, TarKind::File, b"", &records, &mut out.buffer);
        out.flush()?;
        let (mut left, mut short) = (meta.size_bytes, false);
        while left > 0 {
            let size = left.min(PIECE_BYTES as u64) as usize;
            let mut piece = Vec::with_capacity(size);
            if !short {
                file.by_ref().take(size as u64).read_to_end(&mut piece).map_err(fail)?;
                short = piece.len() < size;
            }
            piece.resize(size, 0);
            left -= size as u64;
            out.send(Ok(Piece::Data(piece.into())))?;
        }
        out.buffer.resize(padding(meta.size_bytes), 0);
        let after = meta_of(file).map_err(fail)?;
        match after.change_since(&meta).or(short.then_some("it shrank")) {
            Some(how) => Ok(self.changed(item, how)?),
            None => Ok(()),
        }
    }

    /// Handles a name that now belongs to something else. A link is stored as a link; its target is not read.
    fn replaced(&self, item: &Item<RealFolder>, error: io::Error, out: &mut Outlet) -> Result<(), Stop> {
        let now = item.folder.look(&item.name);
        if let (Some(_), Ok(meta)) = (what_happened(&error), now)
            && meta.kind == MetaKind::Link
            && let Ok(target) = item.folder.link_target(&item.name)
        {
            self.header(item, meta, TarKind::Link, &target, &[], &mut out.buffer);
            return Ok(self.changed(item, "it was replaced by a link")?);
        }
        Ok(self.failed(item, error)?)
    }

    /// Handles an entry that cannot be read: it is gone, has changed its type, or access is denied.
    fn failed(&self, item: &Item<RealFolder>, error: io::Error) -> Result<()> {
        if let Some(how) = what_happened(&error) {
            return self.changed(item, how);
        }
        let full = self.packing.base.join(&item.path);
        self.packing.note_unreadable(&self.findings, &full, |path| trouble("read", path, error))
    }

    fn changed(&self, item: &Item<RealFolder>, how: &str) -> Result<()> {
        self.packing.note_change(&self.findings, &self.packing.base.join(&item.path), how)
    }

    fn header(
        &self,
        item: &Item<RealFolder>,
        meta: Meta,
        kind: TarKind,
        link: &[u8],
        records: &[(Vec<u8>, Vec<u8>)],
        out: &mut Vec<u8>,
    ) {
        let path = name_in_archive(&item.path, kind == TarKind::Dir);
        let names = (self.owners.user(meta.owner), self.owners.group(meta.group));
        meta.entry(&path, kind, names, link, records).write(out);
    }
}

/// Seeks to the beginning, for another try.
fn rewound(file: &File) -> io::Result<()> {
    rustix::fs::seek(file.as_fd(), rustix::fs::SeekFrom::Start(0))?;
    Ok(())
}

fn bytes_of(path: &std::path::Path) -> &[u8] {
    std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str())
}

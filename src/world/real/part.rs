//! An unfinished file: written under a partial name, locked while its writer lives, and renamed to its own name in one step.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard};

use rustix::fs::{Advice, AtFlags, FlockOperation, Mode, OFlags};

use super::described::described;
use super::fence::{Fence, Spot, sync_folder};
use super::naming::{exists, rename_new};
use super::shared_owner::hand_over;
use super::source::FileSource;
use super::trouble::trouble;
use crate::error::{Error, Kind, Result};
use crate::stream::Stamp;
use crate::world::EntryKind;
use crate::world::partial::{FOLDER_MODE, partial_name};
use crate::world::refusals::taken;

/// How much is written before an early writeback starts, so that the last sync does not have to store everything.
const STORE_EVERY: u64 = 8 << 20;

/// A file in progress. If it is neither published nor discarded, a drop discards it.
pub struct Part {
    spot: Spot,
    file: File,
    partial: std::ffi::OsString,
    path: PathBuf,
    written: AtomicU64,
    /// The metadata of the file at its last sync.
    synced: Mutex<Option<Stamp>>,
    state: Mutex<State>,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    Open,
    Published,
    Gone,
}

impl Part {
    /// Creates a file with exactly `mode` beside its final path. With `replace`, the final path may already exist.
    pub fn start(fence: &Fence, path: &Path, mode: u32, replace: bool) -> Result<Part> {
        let fail = |cause| fence.trouble("create", path, cause);
        let spot = fence.spot(path, Some(FOLDER_MODE)).map_err(fail)?;
        // Better now than after hours of writing. The commit checks it again.
        if exists(&spot).map_err(fail)? && !replace {
            return Err(taken(path));
        }
        let (file, partial) = open_partial(&spot, mode).map_err(fail)?;
        let (written, synced, state) = (AtomicU64::new(0), Mutex::default(), Mutex::new(State::Open));
        Ok(Part { spot, file, partial, path: path.to_owned(), written, synced, state })
    }

    pub fn write(&self, data: &[u8]) -> Result<()> {
        (&self.file).write_all(data).map_err(|cause| trouble("write", &self.path, cause))?;
        let before = self.written.fetch_add(data.len() as u64, Ordering::Relaxed);
        let after = before + data.len() as u64;
        if before / STORE_EVERY != after / STORE_EVERY {
            // Starts the writeback, and drops stored pages from the cache, where they would push out the database's pages. This is only a
            // hint: on a file system that ignores it, nothing is lost.
            if let Err(errno) = rustix::fs::fadvise(&self.file, 0, None, Advice::DontNeed) {
                tracing::debug!(path = %self.path.display(), %errno, "the kernel did not take the advice to store early");
            }
        }
        Ok(())
    }

    /// Syncs everything to stable storage.
    pub fn sync(&self) -> Result<()> {
        let seen = self.file.sync_all().and_then(|()| self.stamp());
        let stamp = seen.map_err(|cause| trouble("write", &self.path, cause))?;
        *self.synced.lock().unwrap_or_else(|broken| broken.into_inner()) = Some(stamp);
        Ok(())
    }

    /// The current stamp, which identifies the file later.
    fn stamp(&self) -> io::Result<Stamp> {
        Ok(described(EntryKind::File, &rustix::fs::fstat(&self.file)?).stamp())
    }

    /// Whether the file is unchanged since its last sync.
    fn untouched(&self) -> io::Result<bool> {
        let synced = self.synced.lock().unwrap_or_else(|broken| broken.into_inner()).clone();
        Ok(synced == Some(self.stamp()?))
    }

    /// Reads the written data, if possible from the storage and not from the page cache.
    pub fn read_back(&self) -> Result<FileSource> {
        let fail = |cause| trouble("read back", &self.path, cause);
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let opened = rustix::fs::openat(&self.spot.folder, &self.partial, flags, Mode::empty());
        let file = File::from(opened.map_err(|errno| fail(errno.into()))?);
        // Synced pages can leave the cache at once.
        if let Err(errno) = rustix::fs::fadvise(&file, 0, None, Advice::DontNeed) {
            tracing::debug!(path = %self.path.display(), %errno, "the kernel did not take the advice to read from the disk");
        }
        let size = file.metadata().map_err(fail)?.len();
        Ok(FileSource::of(file, &self.path, size))
    }

    /// Renames the file to its own name and syncs the folder. Returns its stamp; after an outside change, a stamp that never matches.
    pub fn publish(&self, replace: bool) -> Result<Stamp> {
        let mut state = self.state();
        if *state != State::Open {
            return Err(Error::new(Kind::Cancelled, format!("cannot create `{}`", self.path.display()))
                .because_text("it was abandoned"));
        }
        let Spot { folder, name } = &self.spot;
        let fail = |cause| trouble("create", &self.path, cause);
        let untouched = self.untouched().map_err(fail)?;
        let renamed = match replace {
            true => rustix::fs::renameat(folder, &self.partial, folder, name).map_err(io::Error::from),
            false => rename_new(folder, &self.partial, folder, name),
        };
        renamed.map_err(|cause| match cause.kind() {
            io::ErrorKind::AlreadyExists => taken(&self.path),
            _ => fail(cause),
        })?;
        *state = State::Published;
        let stamp = if untouched { self.stamp().map_err(fail)? } else { Stamp("touched".to_owned()) };
        sync_folder(folder).map_err(fail)?;
        Ok(stamp)
    }

    /// Removes the written data, unless it is published.
    pub fn discard(&self) -> Result<()> {
        let mut state = self.state();
        match *state {
            State::Open => self.unlink(&mut state, &self.partial),
            State::Published | State::Gone => Ok(()),
        }
    }

    /// Removes the written data even if it is published: for a commit whose caller has stopped waiting for the result.
    pub fn revoke(&self) -> Result<()> {
        let mut state = self.state();
        match *state {
            State::Open => self.unlink(&mut state, &self.partial),
            State::Published => self.unlink(&mut state, &self.spot.name),
            State::Gone => Ok(()),
        }
    }

    /// Whether it is neither published nor removed. A file that is busy in another thread counts as open.
    pub fn is_open(&self) -> bool {
        self.state.try_lock().map_or(true, |state| *state == State::Open)
    }

    fn unlink(&self, state: &mut State, name: &std::ffi::OsStr) -> Result<()> {
        *state = State::Gone;
        match rustix::fs::unlinkat(&self.spot.folder, name, AtFlags::empty()) {
            Ok(()) | Err(rustix::io::Errno::NOENT) => Ok(()),
            Err(errno) => Err(trouble("remove the partial file of", &self.path, errno.into())),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|broken| broken.into_inner())
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if let Err(error) = self.discard() {
            tracing::warn!("{}", error.one_line());
        }
    }
}

/// Creates a partial file with a lock that shows that its writer lives.
fn open_partial(spot: &Spot, mode: u32) -> io::Result<(File, std::ffi::OsString)> {
    let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let mode = Mode::from_raw_mode(mode);
    loop {
        let partial = partial_name(&spot.name, &unique());
        let file = match rustix::fs::openat(&spot.folder, &partial, flags, mode) {
            Ok(fd) => File::from(fd),
            Err(rustix::io::Errno::EXIST) => continue,
            Err(errno) => return Err(errno.into()),
        };
        // Busy: a sweep took the lock between the two calls and treats the file as abandoned. Without locks on this file system, no sweep
        // can do that, and no lock is needed.
        if rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) == Err(rustix::io::Errno::WOULDBLOCK) {
            continue;
        }
        if rustix::fs::fstat(&file)?.st_nlink == 0 {
            continue;
        }
        // The umask narrows the mode that open received.
        rustix::fs::fchmod(&file, mode)?;
        hand_over(&spot.folder, &file, "")?;
        return Ok((file, partial));
    }
}

/// Unique among the files in progress on this machine; `EXCL` at open makes sure of it.
fn unique() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

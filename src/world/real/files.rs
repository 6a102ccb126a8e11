//! Inspects, writes, renames and removes single files and folders.

use std::ffi::OsStr;
use std::io::{self, Read};
use std::path::Path;

use bytes::Bytes;
use cap_std::fs::Dir;
use rustix::fs::{AtFlags, FileType, FlockOperation, OFlags};

use super::described::described;
use super::fence::{Fence, make_folder, sync_folder};
use super::naming::rename_new;
use super::part::Part;
use super::sink::settle_part;
use super::source::open_file;
use super::trouble::space_near;
use crate::error::{Error, Result};
use crate::world::partial::is_partial;
use crate::world::pick::put_in_order;
use crate::world::refusals::{not_a_folder, too_large};
use crate::world::{Entry, EntryKind, Space, Stat};

pub fn read(fence: &Fence, path: &Path, max_bytes: u64, head: bool) -> Result<Bytes> {
    let (file, _) = open_file(fence, path)?;
    let mut data = Vec::new();
    // The reported size may be wrong (`/proc`, a growing file): the limit applies to the bytes read.
    file.take(max_bytes.saturating_add(1))
        .read_to_end(&mut data)
        .map_err(|cause| fence.trouble("read", path, cause))?;
    match data.len() as u64 > max_bytes {
        true if head => data.truncate(max_bytes as usize),
        true => return Err(too_large(path, max_bytes)),
        false => {}
    }
    Ok(data.into())
}

/// Writes the file atomically and durably.
pub fn write(fence: &Fence, path: &Path, data: &[u8], mode: u32, replace: bool) -> Result<()> {
    let part = Part::start(fence, path, mode, replace)?;
    part.write(data)?;
    part.sync()?;
    part.publish(replace).map(drop).inspect_err(|_| {
        // A replaced file is gone either way; a new file must not be left behind.
        if !replace {
            settle_part(part.revoke());
        }
    })
}

pub fn stat(fence: &Fence, path: &Path) -> Result<Option<Stat>> {
    let found = match fence.spot(path, None) {
        Ok(spot) => stat_at(&spot.folder, &spot.name),
        // The file system root has no parent folder.
        Err(error) if error.kind() == io::ErrorKind::IsADirectory => {
            fence.folder(path).and_then(|folder| stat_at(&folder, ".".as_ref()))
        }
        Err(error) => Err(error),
    };
    match found {
        Ok(stat) => Ok(Some(stat)),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(fence.trouble("look at", path, error)),
    }
}

/// The metadata of a name in an open folder, without following a link. One system call, because listings call it often.
pub fn stat_at(folder: &Dir, name: &OsStr) -> io::Result<Stat> {
    let seen = rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW)?;
    let kind = match FileType::from_raw_mode(seen.st_mode) {
        FileType::Symlink => EntryKind::Link,
        FileType::Directory => EntryKind::Dir,
        FileType::RegularFile => EntryKind::File,
        _ => EntryKind::Other,
    };
    Ok(described(kind, &seen))
}

pub fn disk_free(path: &Path) -> Result<Space> {
    match space_near(path) {
        Ok((_, space)) => Ok(space),
        Err(cause) => Err(Error::io(format!("cannot ask for the free space of `{}`", path.display()), cause)),
    }
}

pub fn make_dir(fence: &Fence, path: &Path, mode: u32) -> Result<()> {
    let fail = |cause| fence.trouble("make the folder", path, cause);
    if fence.folder(path).is_ok() {
        return Ok(());
    }
    let spot = fence.spot(path, Some(mode)).map_err(fail)?;
    if !make_folder(&spot.folder, &spot.name, mode).map_err(fail)? && fence.folder(path).is_err() {
        return Err(not_a_folder(path));
    }
    Ok(())
}

pub fn rename(fence: &Fence, from: &Path, to: &Path) -> Result<()> {
    let act = format!("rename `{}` to", from.display());
    let old = fence.spot(from, None).map_err(|cause| fence.trouble("rename", from, cause))?;
    let new = fence.spot(to, None).map_err(|cause| fence.trouble(&act, to, cause))?;
    rename_new(&old.folder, &old.name, &new.folder, &new.name).map_err(|cause| fence.trouble(&act, to, cause))?;
    sync_folder(&old.folder).and_then(|()| sync_folder(&new.folder)).map_err(|cause| fence.trouble(&act, to, cause))
}

/// Removes a file, a link itself, or an empty folder.
pub fn remove(fence: &Fence, path: &Path) -> Result<()> {
    let fail = |cause| fence.trouble("remove", path, cause);
    let spot = fence.spot(path, None).map_err(fail)?;
    let seen = stat_at(&spot.folder, &spot.name).map_err(fail)?;
    let flags = if seen.kind == EntryKind::Dir { AtFlags::REMOVEDIR } else { AtFlags::empty() };
    rustix::fs::unlinkat(&spot.folder, &spot.name, flags).map_err(|errno| fail(errno.into()))
}

/// Removes the partial files of dead writers: those whose lock is free.
pub fn sweep(fence: &Fence, dir: &Path) -> Result<Vec<Entry>> {
    let fail = |cause| fence.trouble("sweep", dir, cause);
    let folder = match fence.folder(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.map_err(fail)?,
    };
    let mut removed = Vec::new();
    for entry in folder.entries().map_err(fail)? {
        let name = entry.map_err(fail)?.file_name();
        if !is_partial(&name) {
            continue;
        }
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
        // A file that cannot be opened was just finished, or belongs to another user.
        let Ok(file) = rustix::fs::openat(&folder, &name, flags, rustix::fs::Mode::empty()) else { continue };
        if rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok() {
            let stat = stat_at(&folder, &name).map_err(fail)?;
            rustix::fs::unlinkat(&folder, &name, AtFlags::empty()).map_err(|errno| fail(errno.into()))?;
            removed.push(Entry { path: dir.join(name), stat });
        }
    }
    put_in_order(&mut removed);
    Ok(removed)
}

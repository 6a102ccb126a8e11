//! Renames files and never replaces an existing file.

use std::ffi::OsStr;
use std::io;

use cap_std::fs::Dir;
use rustix::fs::{AtFlags, RenameFlags};
use rustix::io::Errno;

use super::fence::Spot;

/// Whether the name exists, including a dangling link.
pub fn exists(spot: &Spot) -> io::Result<bool> {
    match rustix::fs::statat(&spot.folder, &spot.name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(_) => Ok(true),
        Err(Errno::NOENT) => Ok(false),
        Err(errno) => Err(errno.into()),
    }
}

/// Renames, and fails with `AlreadyExists` if the new name exists.
pub fn rename_new(from: &Dir, old: &OsStr, to: &Dir, new: &OsStr) -> io::Result<()> {
    match rustix::fs::renameat_with(from, old, to, new, RenameFlags::NOREPLACE) {
        // Not every file system supports this flag; NFS does not.
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => link_new(from, old, to, new),
        other => Ok(other?),
    }
}

/// The same with a hard link, which never replaces.
fn link_new(from: &Dir, old: &OsStr, to: &Dir, new: &OsStr) -> io::Result<()> {
    match rustix::fs::linkat(from, old, to, new, AtFlags::empty()) {
        Ok(()) => Ok(rustix::fs::unlinkat(from, old, AtFlags::empty())?),
        // Folders, and file systems without hard links (such as mounted object stores): only a check before the rename is possible.
        Err(Errno::PERM | Errno::NOTSUP | Errno::NOSYS) => {
            if exists(&Spot { folder: to.try_clone()?, name: new.to_owned() })? {
                return Err(Errno::EXIST.into());
            }
            Ok(rustix::fs::renameat(from, old, to, new)?)
        }
        Err(errno) => Err(errno.into()),
    }
}

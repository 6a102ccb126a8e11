//! Gives names to files without ever taking a name from another file.

use std::ffi::OsStr;
use std::io;

use cap_std::fs::Dir;
use rustix::fs::{AtFlags, RenameFlags};
use rustix::io::Errno;

use super::fence::Spot;

/// Whether anything is there, a dangling link too.
pub fn exists(spot: &Spot) -> io::Result<bool> {
    match rustix::fs::statat(&spot.folder, &spot.name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(_) => Ok(true),
        Err(Errno::NOENT) => Ok(false),
        Err(errno) => Err(errno.into()),
    }
}

/// Renames, and fails with `AlreadyExists` when the new name is taken.
pub fn rename_new(from: &Dir, old: &OsStr, to: &Dir, new: &OsStr) -> io::Result<()> {
    match rustix::fs::renameat_with(from, old, to, new, RenameFlags::NOREPLACE) {
        // Not every file system can refuse to replace, NFS for one.
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => link_new(from, old, to, new),
        other => Ok(other?),
    }
}

/// The same by a hard link, which never replaces.
fn link_new(from: &Dir, old: &OsStr, to: &Dir, new: &OsStr) -> io::Result<()> {
    match rustix::fs::linkat(from, old, to, new, AtFlags::empty()) {
        Ok(()) => Ok(rustix::fs::unlinkat(from, old, AtFlags::empty())?),
        // Folders, and file systems without hard links (object stores mounted as folders): looking first is all that is left.
        Err(Errno::PERM | Errno::NOTSUP | Errno::NOSYS) => {
            if exists(&Spot { folder: to.try_clone()?, name: new.to_owned() })? {
                return Err(Errno::EXIST.into());
            }
            Ok(rustix::fs::renameat(from, old, to, new)?)
        }
        Err(errno) => Err(errno.into()),
    }
}

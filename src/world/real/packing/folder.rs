//! An open folder on disk, in which names are inspected and opened without following links.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::{Access, AtFlags, FileType, Mode, OFlags, RawDir, Stat};

use super::super::fence::Fence;
use super::trouble;
use crate::error::Error;
use crate::world::packing::folder::Folder;
use crate::world::packing::meta::{Meta, MetaKind};
use crate::world::packing::names::Names;

/// How much of a folder is read in one call.
const LISTING_BYTES: usize = 64 << 10;

pub struct RealFolder(OwnedFd);

impl RealFolder {
    /// The folder that contains `path`, and the name of `path` in it.
    pub fn above(fence: &Fence, path: &Path) -> io::Result<(RealFolder, OsString)> {
        let (folder, name) = match fence.spot(path, None) {
            Ok(spot) => (spot.folder, spot.name),
            // The file system root has no parent folder.
            Err(error) if error.kind() == io::ErrorKind::IsADirectory => (fence.folder(path)?, ".".into()),
            Err(error) => return Err(error),
        };
        Ok((RealFolder(folder.into_std_file().into()), name))
    }

    /// Opens a regular file; never blocks on a pipe or a socket.
    pub fn open(&self, name: &OsStr) -> io::Result<(File, Meta)> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file = File::from(rustix::fs::openat(&self.0, name, flags, Mode::empty())?);
        let meta = meta_of(&file)?;
        Ok((file, meta))
    }

    pub fn link_target(&self, name: &OsStr) -> io::Result<Vec<u8>> {
        Ok(rustix::fs::readlinkat(&self.0, name, Vec::new())?.into_bytes())
    }
}

impl AsFd for RealFolder {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

pub fn meta_of(file: impl AsFd) -> io::Result<Meta> {
    Ok(meta(&rustix::fs::fstat(file)?))
}

fn meta(seen: &Stat) -> Meta {
    let kind = match FileType::from_raw_mode(seen.st_mode) {
        FileType::RegularFile => MetaKind::File,
        FileType::Directory => MetaKind::Dir,
        FileType::Symlink => MetaKind::Link,
        FileType::Socket => MetaKind::Socket,
        FileType::Fifo => MetaKind::Fifo,
        _ => MetaKind::Device,
    };
    Meta {
        kind,
        size_bytes: seen.st_size.unsigned_abs(),
        mode: seen.st_mode & 0o7777,
        owner: seen.st_uid,
        group: seen.st_gid,
        modified: (seen.st_mtime, seen.st_mtime_nsec as u32),
        changed: (seen.st_ctime, seen.st_ctime_nsec as u32),
        device: seen.st_dev,
        inode: seen.st_ino,
        links: seen.st_nlink,
    }
}

impl Folder for RealFolder {
    type Held = File;

    fn names(&self) -> io::Result<Names> {
        let mut names = Names::default();
        let mut buffer = vec![MaybeUninit::uninit(); LISTING_BYTES];
        let mut listing = RawDir::new(&self.0, &mut buffer);
        while let Some(entry) = listing.next() {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            if name != b"." && name != b".." {
                names.add(name);
            }
        }
        names.sort();
        Ok(names)
    }

    fn look(&self, name: &OsStr) -> io::Result<Meta> {
        Ok(meta(&rustix::fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW)?))
    }

    fn enter(&self, name: &OsStr) -> io::Result<(RealFolder, Meta)> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let folder = rustix::fs::openat(&self.0, name, flags, Mode::empty())?;
        let meta = meta_of(&folder)?;
        Ok((RealFolder(folder), meta))
    }

    fn hold(&self, name: &OsStr) -> io::Result<(File, Meta)> {
        self.open(name)
    }

    fn try_read(&self, name: &OsStr) -> io::Result<()> {
        Ok(rustix::fs::accessat(&self.0, name, Access::READ_OK, AtFlags::EACCESS)?)
    }

    fn trouble(&self, act: &str, path: &Path, cause: io::Error) -> Error {
        trouble(act, path, cause)
    }
}

//! Looks at the real disk, so that an error can say what to do about it.

use std::io;
use std::path::{Path, PathBuf};

use rustix::io::Errno;

use crate::error::Error;
use crate::world::Space;
use crate::world::refusals::{Around, refused};

/// The error of an operation on a path.
pub fn trouble(act: &str, path: &Path, cause: io::Error) -> Error {
    refused(act, path, cause, &Disk)
}

struct Disk;

impl Around for Disk {
    fn file_above(&self, path: &Path) -> Option<PathBuf> {
        let file = path.ancestors().skip(1).find(|above| above.metadata().is_ok_and(|seen| !seen.is_dir()))?;
        Some(file.to_owned())
    }

    fn space(&self, path: &Path) -> Option<(PathBuf, Space)> {
        let (place, space) = space_near(path).ok()?; // the error that is being reported matters more
        Some((place.to_owned(), space))
    }
}

/// The space of the file system that holds `path`, or will hold it once its folders exist.
pub fn space_near(path: &Path) -> io::Result<(&Path, Space)> {
    let mut place = path;
    loop {
        match rustix::fs::statvfs(place) {
            Ok(found) => {
                let unit = found.f_frsize;
                let space = Space { free_bytes: found.f_bavail * unit, total_bytes: found.f_blocks * unit };
                return Ok((place, space));
            }
            Err(Errno::NOENT | Errno::NOTDIR) => place = place.parent().ok_or(Errno::NOENT)?,
            Err(errno) => return Err(errno.into()),
        }
    }
}

//! Checks paths outside of a run: whether a path is readable, writable or locked, and its real path.

use std::path::{Path, PathBuf};

use rustix::fs::{Access, AtFlags, CWD, FlockOperation};

use crate::error::{Error, Kind, Result};
use crate::world::Space;
use crate::world::real::this_process::current_dir;

/// The free space for an ordinary user on the file system of a folder, and its size; `None` if unknown.
pub fn space(folder: &Path) -> Option<Space> {
    super::files::disk_free(folder).ok()
}

/// Whether a file can be written to this folder, or the folder can be created.
pub fn writable_folder(folder: &Path) -> Result<()> {
    let cannot = || format!("`{}` cannot be written", folder.display());
    let nearest = folder.ancestors().find(|above| above.symlink_metadata().is_ok()).unwrap_or(Path::new("/"));
    if !nearest.is_dir() {
        let error = Error::new(Kind::Other, cannot()).because_text(format!("`{}` is not a folder", nearest.display()));
        return Err(error.hint("move that file away, or choose another folder"));
    }
    may(nearest, Access::WRITE_OK | Access::EXEC_OK)
        .map_err(|cause| Error::io(cannot(), cause).hint("run hikae as the owner of the folder, or change its owner"))
}

/// Whether a file or folder can be read.
pub fn readable(path: &Path) -> Result<()> {
    may(path, Access::READ_OK).map_err(|cause| Error::io(format!("`{}` cannot be read", path.display()), cause))
}

fn may(path: &Path, access: Access) -> std::io::Result<()> {
    Ok(rustix::fs::accessat(CWD, path, access, AtFlags::EACCESS)?)
}

/// The path of a file with links and `..` above it resolved, as far as its folders exist.
pub fn resolved(path: &Path) -> PathBuf {
    let above = path.ancestors().skip(1).find_map(|above| Some((above, above.canonicalize().ok()?)));
    let plain = above.and_then(|(above, real)| Some(real.join(path.strip_prefix(above).ok()?)));
    plain.unwrap_or_else(|| path.to_owned())
}

/// The same for a path as the user typed it, relative to the current folder.
pub fn from_here(path: &Path) -> Result<PathBuf> {
    Ok(resolved(&current_dir()?.join(path)))
}

/// The path of a file or folder with all links resolved, as far as it exists.
pub fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| resolved(path))
}

/// Whether a process holds the lock at this path.
pub fn is_locked(path: &Path) -> bool {
    let Ok(file) = std::fs::File::open(path) else { return false }; // without a file there is no holder
    rustix::fs::flock(&file, FlockOperation::NonBlockingLockShared).is_err()
}

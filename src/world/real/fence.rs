//! Reaches files only beneath the declared paths: no link leads out of them.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};

use cap_std::ambient_authority;
use cap_std::fs::{Dir, File, OpenOptions};
use rustix::fs::{AtFlags, Mode, OFlags};

use super::shared_owner::hand_over;
use super::trouble::trouble;
use crate::error::Error;
use crate::world::paths::nearest_root;
use crate::world::refusals::out_of_reach;

/// The paths that may be reached. A declared path itself is trusted, including its links; what is below it is not.
pub struct Fence {
    /// `None` allows every path: for hikae's own files.
    roots: Option<Vec<PathBuf>>,
}

/// A name in a folder that is held open, so that the folder cannot be swapped in between.
pub struct Spot {
    pub folder: Dir,
    pub name: OsString,
}

impl Fence {
    pub fn everywhere() -> Fence {
        Fence { roots: None }
    }

    pub fn around(roots: Vec<PathBuf>) -> Fence {
        Fence { roots: Some(roots) }
    }

    /// Returns the name and the open folder of `path`; with a mode, missing folders are created.
    pub fn spot(&self, path: &Path, make: Option<u32>) -> io::Result<Spot> {
        let (Some(above), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(io::ErrorKind::IsADirectory.into());
        };
        let folder = match self.root_above(path)? {
            Some(root) => below(root, above, make)?,
            None => ambient(above, make)?,
        };
        Ok(Spot { folder, name: name.to_owned() })
    }

    /// Opens a folder, following links that stay inside.
    pub fn folder(&self, path: &Path) -> io::Result<Dir> {
        match self.root_above(path)? {
            Some(root) => below(root, path, None),
            None => ambient(path, None),
        }
    }

    /// Opens a file, following links that stay inside.
    pub fn open(&self, path: &Path, options: &OpenOptions) -> io::Result<File> {
        match self.root_above(path)? {
            Some(root) => ambient(root, None)?.open_with(beyond(root, path), options),
            None => File::open_ambient_with(path, options, ambient_authority()),
        }
    }

    /// The error of an operation on a path, also when the fence itself denied it.
    pub fn trouble(&self, act: &str, path: &Path, cause: io::Error) -> Error {
        if cause.kind() != io::ErrorKind::PermissionDenied || cause.raw_os_error().is_some() {
            return trouble(act, path, cause);
        }
        // If the path is beneath no root, the cause already says so.
        out_of_reach(act, path, self.root_above(path).ok().flatten(), cause)
    }

    /// The longest declared folder strictly above `path`; `None` if `path` itself is declared, or every path is allowed.
    fn root_above(&self, path: &Path) -> io::Result<Option<&Path>> {
        self.roots.as_ref().map_or(Ok(None), |roots| nearest_root(roots, path))
    }
}

/// The path relative to `root`.
fn beyond<'a>(root: &Path, path: &'a Path) -> &'a Path {
    path.strip_prefix(root).unwrap_or(path)
}

/// Opens `path` beneath `root`; creates missing folders if requested.
fn below(root: &Path, path: &Path, make: Option<u32>) -> io::Result<Dir> {
    let top = ambient(root, make)?;
    let rest = beyond(root, path);
    if rest.as_os_str().is_empty() {
        return Ok(top);
    }
    if let Some(mode) = make {
        // Even in deeply nested trees, only the missing folders are handled one by one.
        if let Ok(folder) = top.open_dir(rest) {
            return Ok(folder);
        }
        return make_way(&top, rest, mode);
    }
    top.open_dir(rest)
}

/// Creates the folders of `rest` beneath `top`, each relative to its parent, so that each folder is opened only once.
fn make_way(top: &Dir, rest: &Path, mode: u32) -> io::Result<Dir> {
    let existing = rest.parent().filter(|above| !above.as_os_str().is_empty());
    let (mut here, mut above) = match existing.and_then(|existing| Some((existing, top.open_dir(existing).ok()?))) {
        Some((existing, folder)) => (existing.to_owned(), folder),
        None => (PathBuf::new(), top.try_clone()?),
    };
    let missing = rest.iter().skip(here.iter().count());
    for part in missing {
        make_folder(&above, part, mode)?;
        here.push(part);
        // A link may lead to another folder beneath `top`; only a lookup from `top` can resolve it.
        above = match above.symlink_metadata(part)?.is_symlink() {
            true => top.open_dir(&here)?,
            false => above.open_dir(part)?,
        };
    }
    Ok(above)
}

/// Opens a folder without confinement.
fn ambient(path: &Path, make: Option<u32>) -> io::Result<Dir> {
    match (Dir::open_ambient_dir(path, ambient_authority()), make, path.parent(), path.file_name()) {
        (Err(error), Some(mode), Some(above), Some(name)) if error.kind() == io::ErrorKind::NotFound => {
            let above = ambient(above, make)?;
            make_folder(&above, name, mode)?;
            above.open_dir(name)
        }
        (opened, ..) => opened,
    }
}

/// Creates one folder with exactly `mode` and syncs it; `false` if the name already exists.
pub fn make_folder(above: &Dir, name: &OsStr, mode: u32) -> io::Result<bool> {
    match rustix::fs::mkdirat(above, name, Mode::from_raw_mode(mode)) {
        Ok(()) => {
            // The umask narrows the mode that mkdir received.
            rustix::fs::chmodat(above, name, Mode::from_raw_mode(mode), AtFlags::empty())?;
            hand_over(above, above, name)?;
            sync_folder(above)?;
            Ok(true)
        }
        Err(rustix::io::Errno::EXIST) => Ok(false),
        Err(errno) => Err(errno.into()),
    }
}

/// Syncs the entries of a folder, so that they survive a power cut.
pub fn sync_folder(folder: &Dir) -> io::Result<()> {
    // The current handle is path-only (`O_PATH`); a sync needs an open folder.
    let open = rustix::fs::openat(folder, ".", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    match rustix::fs::fsync(open) {
        // Some network file systems cannot sync a folder; their server does it itself.
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOTSUP) => Ok(()),
        other => Ok(other?),
    }
}

//! Removes many files in one go: each folder is opened once, and one name that cannot be removed keeps no other.

use std::io;
use std::path::{Path, PathBuf};

use cap_std::fs::Dir;
use rustix::fs::AtFlags;
use rustix::io::Errno;

use super::fence::Fence;
use crate::error::Result;
use crate::world::refusals::{Kept, deepest_first};

/// Files, links themselves, and empty folders; what is in a folder goes before it.
pub fn remove_many(fence: &Fence, paths: Vec<PathBuf>) -> Result<()> {
    let mut kept = Kept::of(&paths);
    let mut open: Option<(PathBuf, Dir)> = None;
    for path in deepest_first(paths) {
        if let Err(cause) = remove(fence, &path, &mut open) {
            kept.add(fence.trouble("remove", &path, cause));
        }
    }
    kept.finish()
}

/// Removes one name; `open` holds the folder of the last one.
fn remove(fence: &Fence, path: &Path, open: &mut Option<(PathBuf, Dir)>) -> io::Result<()> {
    let (Some(above), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(io::ErrorKind::IsADirectory.into());
    };
    let folder = match open {
        Some((dir, folder)) if dir == above => folder,
        _ => &mut open.insert((above.to_owned(), fence.spot(path, None)?.folder)).1,
    };
    match rustix::fs::unlinkat(&*folder, name, AtFlags::empty()) {
        Err(Errno::ISDIR) => Ok(rustix::fs::unlinkat(&*folder, name, AtFlags::REMOVEDIR)?),
        other => Ok(other?),
    }
}

//! Removes files in bulk, on several threads if there are many; a failed removal does not stop the others.

use std::io;
use std::path::{Path, PathBuf};

use cap_std::fs::Dir;
use rustix::fs::AtFlags;
use rustix::io::Errno;

use super::fence::Fence;
use crate::error::Result;
use crate::world::refusals::{Kept, deepest_first};

/// The minimum number of paths per thread.
const WORTH_A_THREAD: usize = 2000;
/// More threads would only wait for each other in the file system.
const MOST_THREADS: usize = 4;

/// Removes files, links themselves, and empty folders; the contents of a folder are removed before it.
pub fn remove_many(fence: &Fence, paths: Vec<PathBuf>) -> Result<()> {
    let mut kept = Kept::of(&paths);
    let paths = deepest_first(paths);
    let threads = match paths.len() / WORTH_A_THREAD {
        0 | 1 => 1,
        worth => std::thread::available_parallelism().map_or(1, usize::from).min(MOST_THREADS).min(worth),
    };
    let parts = side_by_side(fence, &paths, threads);
    // Folders are removed after all their contents, whichever thread removed those.
    let mut open = None;
    for part in parts {
        for (path, cause) in part {
            let folder = Errno::from_io_error(&cause) == Some(Errno::ISDIR);
            let cause = if folder { remove(fence, path, AtFlags::REMOVEDIR, &mut open).err() } else { Some(cause) };
            cause.into_iter().for_each(|cause| kept.add(fence.trouble("remove", path, cause)));
        }
    }
    kept.finish()
}

/// The paths that could not be removed as files, part by part in path order.
type NotRemoved<'a> = Vec<(&'a Path, io::Error)>;

/// Removes everything except folders. If a thread cannot be started, the current thread does its part.
fn side_by_side<'a>(fence: &Fence, paths: &'a [PathBuf], threads: usize) -> Vec<NotRemoved<'a>> {
    let mut parts = paths.chunks(paths.len().div_ceil(threads).max(1));
    let own = parts.next().unwrap_or_default();
    std::thread::scope(|scope| {
        let started: Vec<_> = parts
            .map(|part| {
                let work = move || files_of(fence, part);
                (part, std::thread::Builder::new().name("hikae-remove".to_owned()).spawn_scoped(scope, work))
            })
            .collect();
        let mut all = vec![files_of(fence, own)];
        for (part, thread) in started {
            // A thread that panicked has removed some of its paths; the retry finds each path present or gone.
            let ended = thread.ok().and_then(|thread| thread.join().ok());
            all.push(ended.unwrap_or_else(|| files_of(fence, part)));
        }
        all
    })
}

fn files_of<'a>(fence: &Fence, paths: &'a [PathBuf]) -> NotRemoved<'a> {
    let mut open = None;
    let removed = |path: &'a PathBuf| {
        let cause = remove(fence, path, AtFlags::empty(), &mut open).err()?;
        Some((path.as_path(), cause))
    };
    paths.iter().filter_map(removed).collect()
}

/// Removes one name; `open` holds the folder of the previous name.
fn remove(fence: &Fence, path: &Path, flags: AtFlags, open: &mut Option<(PathBuf, Dir)>) -> io::Result<()> {
    let (Some(above), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    let folder = match open {
        Some((dir, folder)) if dir == above => folder,
        _ => &mut open.insert((above.to_owned(), fence.spot(path, None)?.folder)).1,
    };
    Ok(rustix::fs::unlinkat(&*folder, name, flags)?)
}

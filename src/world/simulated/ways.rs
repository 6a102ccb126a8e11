//! Resolves a path in the tree: through links, as far as permissions and the declared folders allow.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Component, Path, PathBuf};

use chrono::{DateTime, FixedOffset};
use rustix::io::Errno;

use super::tree::{ENTER, Node, Tree, WRITE, What};
use crate::error::Error;
use crate::world::partial::LONGEST_NAME;
use crate::world::paths::nearest_root;
use crate::world::refusals::{out_of_reach, refused};

/// Linux follows at most this many links.
const MOST_LINKS: usize = 40;

/// The declared paths, as in the real world's fence; `None` allows every path.
pub type Roots = Option<Vec<PathBuf>>;

/// A tree limited to the declared paths.
pub struct View<'a> {
    pub tree: &'a mut Tree,
    pub roots: &'a Roots,
    pub now: DateTime<FixedOffset>,
}

impl View<'_> {
    /// The real folder of `path`, with the file name appended; missing folders are created if a mode is given.
    pub fn spot(&mut self, path: &Path, make: Option<u32>) -> io::Result<PathBuf> {
        let (Some(above), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(io::ErrorKind::IsADirectory.into());
        };
        let folder = match make {
            Some(mode) => self.make_way(path, above, mode)?,
            None => self.folder_within(path, above)?,
        };
        self.enter(&folder)?;
        if name.len() > LONGEST_NAME {
            return Err(Errno::NAMETOOLONG.into());
        }
        Ok(folder.join(name))
    }

    /// The real place of a folder.
    pub fn folder(&self, path: &Path) -> io::Result<PathBuf> {
        self.folder_within(path, path)
    }

    /// The real place of a file or folder, and its node; links are followed.
    pub fn open(&self, path: &Path) -> io::Result<(PathBuf, &Node)> {
        let place = self.resolve(path, path)?;
        let node = self.tree.node(&place).ok_or(Errno::NOENT)?;
        Ok((place, node))
    }

    /// The node at a resolved place; a link is not followed.
    pub fn at(&self, spot: &Path) -> io::Result<&Node> {
        Ok(self.tree.node(spot).ok_or(Errno::NOENT)?)
    }

    /// Checks that names in the folder of `spot` may be changed.
    pub fn may_change(&self, spot: &Path) -> io::Result<()> {
        let folder = spot.parent().and_then(|above| self.tree.node(above)).ok_or(Errno::NOENT)?;
        self.tree.permit(folder, WRITE | ENTER)
    }

    /// Creates one folder; `false` if something with that name exists already.
    pub fn make_folder(&mut self, spot: &Path, mode: u32) -> io::Result<bool> {
        if self.tree.node(spot).is_some() {
            return Ok(false);
        }
        self.may_change(spot)?;
        let node = self.tree.ours(What::Dir, mode, self.now);
        self.tree.put(spot, node);
        Ok(true)
    }

    /// The error of an operation on a path, also if the declared paths prevented it.
    pub fn trouble(&self, act: &str, path: &Path, cause: io::Error) -> Error {
        if cause.kind() != io::ErrorKind::PermissionDenied || cause.raw_os_error().is_some() {
            return refused(act, path, cause, self.tree);
        }
        let root = self.roots.as_ref().and_then(|roots| nearest_root(roots, path).ok().flatten());
        out_of_reach(act, path, root, cause)
    }

    /// Creates the missing folders on the way to `path`, also the declared one and its parents.
    fn make_way(&mut self, path: &Path, folder: &Path, mode: u32) -> io::Result<PathBuf> {
        match (self.folder_within(path, folder), folder.parent(), folder.file_name()) {
            (Err(error), Some(above), Some(name)) if error.kind() == io::ErrorKind::NotFound => {
                let spot = self.make_way(path, above, mode)?.join(name);
                self.make_folder(&spot, mode)?;
                self.folder_within(path, folder)
            }
            (found, ..) => found,
        }
    }

    /// The real place of `folder`, a part of the way to `path`, which must be inside the declared folder of `path`.
    fn folder_within(&self, path: &Path, folder: &Path) -> io::Result<PathBuf> {
        let place = self.resolve(path, folder)?;
        match self.tree.node(&place) {
            Some(node) if node.is_dir() => Ok(place),
            Some(_) => Err(Errno::NOTDIR.into()),
            None => Err(Errno::NOENT.into()),
        }
    }

    fn resolve(&self, path: &Path, target: &Path) -> io::Result<PathBuf> {
        let root = self.roots.as_ref().map_or(Ok(None), |roots| nearest_root(roots, path))?;
        match root.map(|root| (root, target.strip_prefix(root))) {
            Some((root, Ok(rest))) => self.walk(self.walk("/".into(), root, false)?, rest, true),
            // Above a declared path, links are followed freely.
            _ => self.walk("/".into(), target, false),
        }
    }

    /// Resolves a way from `base`; the last name need not exist. A confined way may not lead out of `base`.
    fn walk(&self, base: PathBuf, way: &Path, confined: bool) -> io::Result<PathBuf> {
        let (mut here, mut links) = (base.clone(), 0);
        let mut todo = steps(way);
        while let Some(step) = todo.pop() {
            if step == ".." {
                if confined && here == base {
                    return Err(escape());
                }
                here.pop();
                continue;
            }
            self.enter(&here)?;
            here.push(&step);
            let Some(Node { what: What::Link(to), .. }) = self.tree.node(&here) else { continue };
            links += 1;
            if links > MOST_LINKS {
                return Err(Errno::LOOP.into());
            }
            here.pop();
            if to.is_absolute() {
                if confined {
                    return Err(escape());
                }
                here = "/".into();
            }
            todo.extend(steps(to));
        }
        Ok(here)
    }

    fn enter(&self, folder: &Path) -> io::Result<()> {
        match self.tree.node(folder) {
            Some(node) if node.is_dir() => self.tree.permit(node, ENTER),
            Some(_) => Err(Errno::NOTDIR.into()),
            None => Err(Errno::NOENT.into()),
        }
    }
}

/// The steps of a way, in reverse order.
fn steps(way: &Path) -> Vec<OsString> {
    let step = |part: Component<'_>| match part {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some(OsStr::new("..").to_owned()),
        _ => None,
    };
    way.components().rev().filter_map(step).collect()
}

fn escape() -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, "a path led outside of the filesystem")
}

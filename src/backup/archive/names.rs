//! Decides where an entry of an archive may go: below the folder, under a unique name.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use crate::error::{Error, Kind, Result};
use crate::stream::tar::TarEntry;
use crate::world::partial::is_partial;

/// The names below the folder so far, and whether each is a folder.
#[derive(Default)]
pub struct Names(BTreeMap<PathBuf, bool>);

impl Names {
    /// Adds a file.
    pub fn file(&mut self, path: &Path) -> Result<()> {
        match self.0.insert(path.to_owned(), false) {
            None => Ok(()),
            Some(_) => Err(twice(path)),
        }
    }

    /// Adds a folder, which may occur more than once; returns the folders still to create, the highest first.
    pub fn folder(&mut self, path: &Path) -> Result<Vec<PathBuf>> {
        let mut missing = Vec::new();
        for dir in path.ancestors().filter(|dir| !dir.as_os_str().is_empty()) {
            match self.0.get(dir) {
                None => missing.push(dir.to_owned()),
                Some(true) => break,
                Some(false) => return Err(twice(dir)),
            }
        }
        missing.reverse();
        self.0.extend(missing.iter().map(|dir| (dir.clone(), true)));
        Ok(missing)
    }
}

/// The longest path that the kernel accepts.
const MAX_NAME_BYTES: usize = 4096;

/// The name of an entry below the folder; a name that leads out of it is refused.
pub fn inside(name: &Path) -> Result<PathBuf> {
    let bytes = name.as_os_str().len();
    if bytes > MAX_NAME_BYTES {
        let shown = name.to_string_lossy();
        let start = &shown[..shown.floor_char_boundary(60)];
        return Err(Error::new(Kind::Denied, format!("the archive has a name of {bytes} bytes: `{start}…`"))
            .hint(format!("no path has more than {MAX_NAME_BYTES} bytes")));
    }
    let mut path = PathBuf::new();
    let shown = name.display();
    for part in name.components() {
        match part {
            Component::Normal(part) if is_partial(part) => {
                let what = format!("the archive has a file `{shown}`, which is how hikae names what is unfinished");
                return Err(Error::new(Kind::Denied, what).hint("pack it without this file"));
            }
            Component::Normal(part) => path.push(part),
            Component::CurDir => {}
            _ => {
                return Err(Error::new(
                    Kind::Denied,
                    format!("the archive has `{shown}`, which leads out of the folder"),
                )
                .hint("no backup is made so: look at it with `tar -tvf` before you trust it"));
            }
        }
    }
    Ok(path)
}

fn twice(path: &Path) -> Error {
    Error::new(Kind::Integrity, format!("the archive has `{}` twice", path.display()))
        .hint("it is unclear which one is meant: pack it again")
}

/// The error of an entry that is never created.
pub fn refused(entry: &TarEntry) -> Error {
    let path = entry.path.display();
    match entry.link.as_deref().map(Path::display) {
        Some(link) => Error::new(Kind::Denied, format!("the archive has a link `{path}` to `{link}`"))
            .hint("no link is made: it could lead out of the folder; `links = \"skip\"` leaves links out"),
        None => Error::new(Kind::Denied, format!("the archive has `{path}`, which is neither a file nor a folder"))
            .hint("a device or a pipe belongs into no backup: pack it without"),
    }
}

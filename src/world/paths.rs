//! Normalizes a path for comparison (absolute, without `.`, `..` and doubled slashes), and finds the declared path above it.

use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use crate::error::{Error, Kind, Result};

/// The normalized `path`. `..` is refused, not resolved: after a link, it means another folder than it seems to.
pub fn plain(path: &Path) -> Result<PathBuf> {
    if !path.is_absolute() {
        return Err(Error::new(Kind::Recipe, format!("the path `{}` is not absolute", path.display()))
            .hint("begin the path with `/`"));
    }
    if path.components().any(|part| part == Component::ParentDir) {
        return Err(Error::new(Kind::Denied, format!("the path `{}` steps up with `..`", path.display()))
            .hint("write the path out without `..`"));
    }
    match path.as_os_str().as_bytes().contains(&0) {
        true => Err(zero_byte(&format!("the path `{}`", path.display()))),
        false => Ok(path.components().collect()),
    }
}

/// The error for a zero byte in `what`: the system takes it for the end of the text.
pub fn zero_byte(what: &str) -> Error {
    Error::new(Kind::Recipe, format!("{what} holds a zero byte")).hint("neither paths nor programs can be given one")
}

/// The longest of the declared `roots` strictly above `path`; `None` when `path` itself is declared.
pub fn nearest_root<'a>(roots: &'a [PathBuf], path: &Path) -> io::Result<Option<&'a Path>> {
    let nearest = roots.iter().filter(|root| path.starts_with(root)).max_by_key(|root| root.as_os_str().len());
    match nearest {
        Some(root) if root == path => Ok(None),
        Some(root) => Ok(Some(root)),
        None => Err(io::Error::new(io::ErrorKind::PermissionDenied, "it is beneath no declared path")),
    }
}

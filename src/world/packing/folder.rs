//! An open folder of any world, and the entries found in one for an archive.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::meta::Meta;
use super::names::Names;
use crate::error::Error;

/// An open folder of any world.
pub trait Folder: Send + Sync + Sized + 'static {
    /// A file that is held open.
    type Held: Send;

    /// All names in it, sorted.
    fn names(&self) -> io::Result<Names>;

    /// The metadata of a name; a link is not followed.
    fn look(&self, name: &OsStr) -> io::Result<Meta>;

    /// Opens a folder in it; a link is an error.
    fn enter(&self, name: &OsStr) -> io::Result<(Self, Meta)>;

    /// Opens a file in it; a link is an error.
    fn hold(&self, name: &OsStr) -> io::Result<(Self::Held, Meta)>;

    /// Checks whether a file in it can be read.
    fn try_read(&self, name: &OsStr) -> io::Result<()>;

    /// The error of an operation on a path.
    fn trouble(&self, act: &str, path: &Path, cause: io::Error) -> Error;
}

/// One entry of the future archive.
pub struct Item<F: Folder> {
    /// The folder that contains it; for a folder, itself.
    pub folder: Arc<F>,
    pub name: OsString,
    /// Its name in the archive.
    pub path: PathBuf,
    pub meta: Meta,
    pub what: What<F::Held>,
}

pub enum What<H> {
    Dir,
    File(Option<H>),
    Link,
    /// A hard link to the file of an earlier entry.
    HardLink(PathBuf),
}

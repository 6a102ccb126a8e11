//! Names the few things that reading the configuration asks of a file system, so that a test can answer them from memory.

use std::path::Path;

use crate::error::Result;
pub use crate::world::real::config_files::Look;

/// Read access to files for the configuration; an absent file is `None`, not an error.
pub trait Files: Send + Sync {
    /// The text of a file, or `None` when nothing is there.
    fn read(&self, path: &Path) -> Result<Option<String>>;

    /// The names of the entries of a folder, or `None` when there is no such folder.
    fn list(&self, folder: &Path) -> Result<Option<Vec<String>>>;

    /// What is at a path, behind links; `None` when nothing does.
    fn look(&self, path: &Path) -> Result<Option<Look>>;

    /// The permission bits of a file, where they are known.
    fn mode(&self, path: &Path) -> Option<u32>;
}

//! Defines the few file system operations that the configuration needs, so that a test can answer them from memory.

use std::path::Path;

use crate::error::Result;
pub use crate::world::real::config_files::Look;

/// Read access to files for the configuration; an absent file is `None`, not an error.
pub trait Files: Send + Sync {
    /// The text of a file, or `None` if it does not exist.
    fn read(&self, path: &Path) -> Result<Option<String>>;

    /// The names of the entries of a folder, or `None` if it does not exist.
    fn list(&self, folder: &Path) -> Result<Option<Vec<String>>>;

    /// The metadata of the entry at a path, following links; `None` if it does not exist.
    fn look(&self, path: &Path) -> Result<Option<Look>>;

    /// The permission bits of a file, if known.
    fn mode(&self, path: &Path) -> Option<u32>;
}

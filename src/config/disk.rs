//! Reads the configuration from the disk.

use std::path::Path;

use super::{Files, Look};
use crate::error::Result;
use crate::world::real::config_files;

/// The files of this machine.
pub struct DiskFiles;

impl Files for DiskFiles {
    fn read(&self, path: &Path) -> Result<Option<String>> {
        config_files::read(path)
    }

    fn list(&self, folder: &Path) -> Result<Option<Vec<String>>> {
        config_files::list(folder)
    }

    fn look(&self, path: &Path) -> Result<Option<Look>> {
        config_files::look(path)
    }

    fn mode(&self, path: &Path) -> Option<u32> {
        config_files::mode(path)
    }
}

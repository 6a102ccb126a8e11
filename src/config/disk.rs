//! Reads the configuration from the disk.

use std::path::Path;

use super::{Files, Look};
use crate::error::Result;
use crate::world::real::startup;

/// The files of this machine.
pub struct DiskFiles;

impl Files for DiskFiles {
    fn read(&self, path: &Path) -> Result<Option<String>> {
        startup::read(path)
    }

    fn list(&self, folder: &Path) -> Result<Option<Vec<String>>> {
        startup::list(folder)
    }

    fn look(&self, path: &Path) -> Result<Option<Look>> {
        startup::look(path)
    }

    fn mode(&self, path: &Path) -> Option<u32> {
        startup::mode(path)
    }
}

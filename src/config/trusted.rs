//! Reads the configuration from the disk, and only files that no other user can change.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use super::disk::DiskFiles;
use super::{Files, Look};
use crate::error::{Error, Result};
use crate::world::real::trust::Trust;

/// How to handle a file that other users can change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distrust {
    /// Do not read it.
    Refuse,
    /// Read it with a warning: the command touches nothing outside.
    Warn,
}

/// The trusted files of this machine.
pub struct TrustedFiles {
    disk: DiskFiles,
    trust: Trust,
    distrust: Distrust,
    objections: Mutex<Vec<Error>>,
}

impl TrustedFiles {
    /// Also trusts the files of the user `owner`.
    pub fn new(distrust: Distrust, owner: Option<u32>) -> TrustedFiles {
        TrustedFiles { disk: DiskFiles, trust: Trust::new(owner), distrust, objections: Mutex::default() }
    }

    /// The files that were read although other users can change them.
    pub fn objections(&self) -> Vec<Error> {
        self.objections.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn trusted(&self, path: &Path) -> Result<()> {
        match self.trust.objection(path) {
            None => Ok(()),
            Some(objection) if self.distrust == Distrust::Refuse => Err(objection),
            Some(objection) => {
                let mut objections = self.objections.lock().unwrap_or_else(PoisonError::into_inner);
                if !objections.iter().any(|known| known.what() == objection.what()) {
                    objections.push(objection);
                }
                Ok(())
            }
        }
    }
}

impl Files for TrustedFiles {
    fn read(&self, path: &Path) -> Result<Option<String>> {
        let text = self.disk.read(path)?;
        text.is_some().then(|| self.trusted(path)).transpose()?;
        Ok(text)
    }

    fn list(&self, folder: &Path) -> Result<Option<Vec<String>>> {
        let names = self.disk.list(folder)?;
        names.is_some().then(|| self.trusted(folder)).transpose()?;
        Ok(names)
    }

    fn look(&self, path: &Path) -> Result<Option<Look>> {
        self.disk.look(path)
    }

    fn mode(&self, path: &Path) -> Option<u32> {
        self.disk.mode(path)
    }
}

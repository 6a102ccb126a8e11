//! Opens an archive file with any compression, and accepts it only if its manifest agrees.

use std::path::{Path, PathBuf};

use crate::backup::decrypting::{Identity, decrypted, decrypted_name};
use crate::backup::read_back::{SharedTally, Tallied, prove};
use crate::catalog::described;
use crate::catalog::manifest::Manifest;
use crate::error::{Error, Kind, Result};
use crate::stream::decompress::decompress;
use crate::stream::pump::Tally;
use crate::stream::tar::Tar;
use crate::world::Caller;

/// An archive that is being read.
pub(crate) struct Opened {
    pub tar: Tar,
    path: PathBuf,
    tally: SharedTally,
    manifest: Option<Manifest>,
}

impl Opened {
    /// `step` shows how much of the file was read.
    pub async fn open(caller: &Caller, path: &Path, identity: Option<&Identity>, step: u64) -> Result<Opened> {
        let manifest = described::read(caller, path).await?;
        let size = manifest.as_ref().map(|manifest| manifest.size_bytes);
        let (file, tally) = Tallied::new(caller.open(path).await?, step, size);
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let file = decrypted(caller, Box::new(file), identity, path).await?;
        let tar = Tar::new(decompress(file, decrypted_name(&name)));
        Ok(Opened { tar, path: path.to_owned(), tally, manifest })
    }

    /// The manifest beside it.
    pub fn manifest(&self) -> Option<&Manifest> {
        self.manifest.as_ref()
    }

    /// Checks, after everything was read, that it matches the manifest beside it, if any.
    pub fn prove(self) -> Result<Tally> {
        drop(self.tar);
        let tally = self.tally.finish();
        if let Some(manifest) = &self.manifest {
            prove(&self.path, manifest, &tally, None)?;
        }
        Ok(tally)
    }
}

/// Adds the name of the damaged archive.
pub(crate) fn broken(path: &Path) -> impl Fn(Error) -> Error {
    move |error| match error.kind() {
        Kind::Integrity => error.within(format!("`{}` is not one whole archive", path.display())),
        _ => error,
    }
}

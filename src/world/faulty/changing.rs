//! Changes files after a run has written them, as a program would that a recipe has left running.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use super::lock;
use crate::error::Result;
use crate::world::{Caller, Limits, World};

/// The files that are to be changed.
#[derive(Clone, Default)]
pub struct Changing(Arc<Mutex<BTreeSet<PathBuf>>>);

/// A possible change of a file, once it has its name.
#[derive(Clone)]
pub struct Change {
    path: PathBuf,
    all: Changing,
    world: Arc<dyn World>,
}

impl Changing {
    pub fn of<W: World + 'static>(&self, path: &Path, world: Arc<W>) -> Change {
        Change { path: path.to_owned(), all: self.clone(), world }
    }

    /// Changes these files from now on; existing ones are changed at once.
    pub async fn begin<W: World + 'static>(&self, paths: &[PathBuf], world: &Arc<W>) -> Result<()> {
        lock(&self.0).extend(paths.iter().cloned());
        for path in paths {
            self.of(path, world.clone()).strike().await?;
        }
        Ok(())
    }
}

impl Change {
    /// Overwrites the file with other bytes of the same length; does nothing if the file is not to be changed.
    pub async fn strike(&self) -> Result<()> {
        if !lock(&self.all.0).contains(&self.path) {
            return Ok(());
        }
        let caller = Caller::new(self.world.clone(), Limits::NONE);
        match caller.stat(&self.path).await? {
            Some(stat) => caller.write(&self.path, vec![b'#'; stat.size_bytes as usize], stat.mode, true).await,
            None => Ok(()),
        }
    }
}

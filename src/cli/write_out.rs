//! Writes files into a folder that a person has named: docs for editors, manual pages.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::alerting::block_on;
use crate::error::{Error, Result};
use crate::world::limited::Limited;
use crate::world::real::{Real, startup};
use crate::world::{Caller, Limits};

/// The longest that one file may take.
const LIMITS: Limits = Limits { total: Duration::from_secs(60), idle: Duration::from_secs(60) };

/// Writes each text to its path below `dir`, in place of what is there, and gives the folder as an absolute path.
pub fn write_out(dir: &Path, files: &[(PathBuf, Vec<u8>)]) -> Result<PathBuf> {
    let dir = startup::resolved(&startup::current_dir()?.join(dir));
    let caller = Caller::new(Arc::new(Limited::new(Real::ambient())), LIMITS);
    block_on(async |_stop| {
        caller.mkdir(&dir, 0o755).await?;
        for (name, text) in files {
            let path = dir.join(name);
            if let Some(folder) = path.parent().filter(|folder| *folder != dir) {
                caller.mkdir(folder, 0o755).await?;
            }
            caller.write(&path, text.clone(), 0o644, true).await?;
        }
        Ok::<(), Error>(())
    })??;
    Ok(dir)
}

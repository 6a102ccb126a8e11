//! Finds the existing folder for a path that a recipe may write, and creates a folder where a wall needs one.

use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// Folders that belong to the system or to all users: with write access to one of them, almost everything can be written.
const SHARED: [&str; 14] =
    ["/", "/bin", "/boot", "/dev", "/etc", "/home", "/lib", "/proc", "/root", "/sbin", "/sys", "/usr", "/var", "/run"];

/// Whether the declared writable paths contain a folder that belongs to the whole system, or a whole home folder.
pub fn is_shared(path: &Path) -> bool {
    let home = std::env::var_os("HOME").map(PathBuf::from).filter(|home| home.is_absolute());
    let real = path.canonicalize().unwrap_or_else(|_| path.to_owned()); // what is not there is taken as it is written
    SHARED.iter().map(PathBuf::from).chain(home).any(|folder| folder == real || folder == path)
}

/// The folder through which a writable path is reached: itself, or its nearest existing parent.
pub fn folder_for(path: &Path) -> Option<PathBuf> {
    path.ancestors().find(|above| above.is_dir()).map(Path::to_owned)
}

/// Creates the first folder of a writable path if only a shared one exists: a wall that includes `/` protects nothing.
pub fn make_room(path: &Path) -> Result<()> {
    let Some(existing) = path.ancestors().find(|above| above.exists()) else { return Ok(()) };
    if existing == path || !is_shared(existing) {
        return Ok(());
    }
    let Some(missing) = path.strip_prefix(existing).ok().and_then(|below| below.iter().next()) else { return Ok(()) };
    let missing = existing.join(missing);
    std::fs::DirBuilder::new()
        .mode(0o700)
        .create(&missing)
        .map_err(|cause| Error::io(format!("cannot make the folder `{}`", missing.display()), cause))
}

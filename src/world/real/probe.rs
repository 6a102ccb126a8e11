//! Checks whether a path can be written, and leaves nothing behind.

use std::io::Write;
use std::path::Path;

use rustix::fs::{Mode, OFlags};

use crate::error::{Error, Result};

/// Tries to write where a recipe writes: into this folder or its nearest existing parent, or into the folder of this file. The test file
/// has no name, or is unlinked at once.
pub fn try_write(path: &Path) -> Result<()> {
    let folder = match path.symlink_metadata() {
        Ok(found) if found.is_file() => path.parent().unwrap_or(Path::new("/")),
        _ => path,
    };
    super::path_checks::writable_folder(folder)?;
    let nearest = folder.ancestors().find(|above| above.is_dir()).unwrap_or(Path::new("/"));
    write_probe(nearest).map_err(|cause| {
        Error::io(format!("`{}` cannot be written", path.display()), cause)
            .hint("choose a folder on a disk: nothing can be written to this one")
    })
}

fn write_probe(folder: &Path) -> std::io::Result<()> {
    let unnamed = rustix::fs::open(folder, OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC, Mode::RUSR | Mode::WUSR);
    if let Ok(file) = unnamed {
        return std::fs::File::from(file).write_all(b"hikae");
    }
    // Not every file system supports unnamed files.
    let named = folder.join(format!(".hikae-check-{}", std::process::id()));
    let written = std::fs::File::create_new(&named).and_then(|mut file| file.write_all(b"hikae"));
    if written.is_ok() {
        std::fs::remove_file(&named)?;
    }
    written
}

//! Reads the files of the configuration, its recipes, specs and templates.

use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use crate::error::{Error, Kind, Result};
use crate::units::show_size;

/// Configurations, recipes, specs and templates are a few kilobytes; a larger file is rejected.
const MAX_TEXT_BYTES: u64 = 4 << 20;

/// The text of a file, or `None` if it does not exist. A file that is not regular, or far too large, is not read at all.
pub fn read(path: &Path) -> Result<Option<String>> {
    let cannot = || format!("cannot read `{}`", path.display());
    // Do not block on the writer of a FIFO.
    let options = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = match rustix::fs::open(path, options, Mode::empty()) {
        Ok(file) => std::fs::File::from(file),
        Err(Errno::NOENT | Errno::NOTDIR) => return Ok(None),
        Err(Errno::NXIO) => return Err(Error::new(Kind::Other, cannot()).because_text("it is not a plain file")),
        Err(cause) => return Err(Error::io(cannot(), cause.into())),
    };
    let seen = file.metadata().map_err(|cause| Error::io(cannot(), cause))?;
    if seen.is_dir() {
        return Err(Error::io(cannot(), ErrorKind::IsADirectory.into()));
    }
    if !seen.is_file() {
        return Err(Error::new(Kind::Other, cannot())
            .because_text("it is not a plain file")
            .hint("look at it with `ls -lL`, and put a text file in its place"));
    }
    let mut text = String::new();
    let read = file.take(MAX_TEXT_BYTES + 1).read_to_string(&mut text).map_err(|cause| Error::io(cannot(), cause))?;
    if read as u64 > MAX_TEXT_BYTES || seen.len() > MAX_TEXT_BYTES {
        return Err(Error::new(Kind::Other, cannot())
            .because_text(format!("it is larger than {}", show_size(MAX_TEXT_BYTES)))
            .hint("no configuration, recipe, spec or template is so large: look at what it is"));
    }
    Ok(Some(text))
}

/// Replaces the text of an existing file; its owner and mode stay.
pub fn overwrite(path: &Path, text: &str) -> Result<()> {
    let written = std::fs::OpenOptions::new().write(true).truncate(true).open(path).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    written.map_err(|cause| Error::io(format!("cannot write `{}`", path.display()), cause))
}

/// The names of the entries of a folder, or `None` if it does not exist.
pub fn list(folder: &Path) -> Result<Option<Vec<String>>> {
    let cannot = |cause| Error::io(format!("cannot list `{}`", folder.display()), cause);
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(cause) if matches!(cause.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(None),
        Err(cause) => return Err(cannot(cause)),
    };
    let names = entries.map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned()));
    names.collect::<std::io::Result<_>>().map(Some).map_err(cannot)
}

/// The same, without any for a folder that cannot be listed.
pub fn names(folder: &Path) -> Vec<String> {
    list(folder).ok().flatten().unwrap_or_default()
}

/// The metadata of a file or folder, without opening it; links are followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    pub is_folder: bool,
    /// Two names with the same identity are the same file.
    pub identity: (u64, u64),
    /// Seconds and nanoseconds.
    pub modified: (i64, i64),
    pub size_bytes: u64,
}

/// The metadata of `path`, or `None` if nothing exists there or it is a dangling link.
pub fn look(path: &Path) -> Result<Option<Look>> {
    match std::fs::metadata(path) {
        Ok(seen) => Ok(Some(Look {
            is_folder: seen.is_dir(),
            identity: (seen.dev(), seen.ino()),
            modified: (seen.mtime(), seen.mtime_nsec()),
            size_bytes: seen.len(),
        })),
        Err(cause) if matches!(cause.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(cause) => Err(Error::io(format!("cannot look at `{}`", path.display()), cause)),
    }
}

/// The permission bits of a file, where they are known.
pub fn mode(path: &Path) -> Option<u32> {
    std::fs::metadata(path).ok().map(|metadata| metadata.permissions().mode() & 0o7777)
}

//! What is asked of the machine before any thread exists: the environment, the configuration's files, and what `check` looks at.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use chrono::{DateTime, FixedOffset, Local, NaiveDateTime, TimeZone};
use rustix::fs::{Access, AtFlags, CWD, FlockOperation, Mode, OFlags};
use rustix::io::Errno;

use super::{environment as variables, memory_dir, programs};
use crate::error::{Error, Kind, Result};
use crate::units::show_size;
use crate::world::Space;

/// The process environment.
pub fn environment() -> BTreeMap<String, String> {
    variables::read()
}

pub fn current_dir() -> Result<PathBuf> {
    std::env::current_dir()
        .map_err(|cause| Error::io("cannot find the current folder", cause).hint("it may have been removed: `cd /`"))
}

/// The file of this program.
pub fn own_program() -> Result<PathBuf> {
    std::env::current_exe().map_err(|cause| Error::io("cannot find the file of this `hikae`", cause))
}

/// The effective user id.
pub fn user_id() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// The wall clock, in the local time zone.
pub fn now() -> DateTime<FixedOffset> {
    super::clock::now()
}

/// The moment at which local clocks first show `time`; nothing where they skip it.
pub fn local(time: NaiveDateTime) -> Option<DateTime<FixedOffset>> {
    Local.from_local_datetime(&time).earliest().map(|moment| moment.fixed_offset())
}

/// What an ordinary user may still write to the file system of a folder, and its size; nothing where that cannot be told.
pub fn space(folder: &Path) -> Option<Space> {
    super::files::disk_free(folder).ok()
}

/// A configuration, a recipe, a spec or a template has some kilobytes; what is larger is none.
const MAX_TEXT_BYTES: u64 = 4 << 20;

/// The text of a file; nothing when there is none. What is no plain file, or far too large, is not read at all.
pub fn read(path: &Path) -> Result<Option<String>> {
    let cannot = || format!("cannot read `{}`", path.display());
    // Not to wait for who writes into a FIFO.
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

/// The names of the entries of a folder; nothing when there is none.
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

/// What can be seen of a file or folder without opening it, behind links.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    pub is_folder: bool,
    /// Two names with the same identity are the same file.
    pub identity: (u64, u64),
    /// Seconds and nanoseconds.
    pub modified: (i64, i64),
    pub size_bytes: u64,
}

/// What lies at a path; nothing when nothing does, also behind a link that leads nowhere.
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

/// The permission bits of a file, where they can be told.
pub fn mode(path: &Path) -> Option<u32> {
    std::fs::metadata(path).ok().map(|metadata| metadata.permissions().mode() & 0o7777)
}

/// Whether a file can be written to this folder, or the folder can be made.
pub fn writable_folder(folder: &Path) -> Result<()> {
    let cannot = || format!("`{}` cannot be written", folder.display());
    let nearest = folder.ancestors().find(|above| above.symlink_metadata().is_ok()).unwrap_or(Path::new("/"));
    if !nearest.is_dir() {
        let error = Error::new(Kind::Other, cannot()).because_text(format!("`{}` is not a folder", nearest.display()));
        return Err(error.hint("move that file away, or choose another folder"));
    }
    may(nearest, Access::WRITE_OK | Access::EXEC_OK)
        .map_err(|cause| Error::io(cannot(), cause).hint("run hikae as the owner of the folder, or change its owner"))
}

/// Whether standard output goes to the file at `path`.
pub fn is_standard_output(path: &Path) -> bool {
    let same = |out: rustix::fs::Stat, file: rustix::fs::Stat| (out.st_dev, out.st_ino) == (file.st_dev, file.st_ino);
    match (rustix::fs::fstat(std::io::stdout()), rustix::fs::stat(path)) {
        (Ok(out), Ok(file)) => same(out, file),
        _ => false,
    }
}

/// The path of a file without links and `..` above it, as far as what is above it exists.
pub fn resolved(path: &Path) -> PathBuf {
    let above = path.ancestors().skip(1).find_map(|above| Some((above, above.canonicalize().ok()?)));
    let plain = above.and_then(|(above, real)| Some(real.join(path.strip_prefix(above).ok()?)));
    plain.unwrap_or_else(|| path.to_owned())
}

/// The path of a file or folder without any links, as far as it exists.
pub fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| resolved(path))
}

/// Whether a file or folder can be read.
pub fn readable(path: &Path) -> Result<()> {
    may(path, Access::READ_OK).map_err(|cause| Error::io(format!("`{}` cannot be read", path.display()), cause))
}

fn may(path: &Path, access: Access) -> std::io::Result<()> {
    Ok(rustix::fs::accessat(CWD, path, access, AtFlags::EACCESS)?)
}

/// Where a program lies on the `PATH`.
pub fn find_program(program: &str, environment: &BTreeMap<String, String>) -> Result<PathBuf> {
    programs::find(program, &programs::search_path(environment))
}

/// The folder of this user in memory, in which private keys may lie for a moment.
pub fn memory_root(environment: &BTreeMap<String, String>) -> Result<PathBuf> {
    memory_dir::root(environment)
}

/// Whether some process holds the lock at this path.
pub fn is_locked(path: &Path) -> bool {
    let Ok(file) = std::fs::File::open(path) else { return false }; // without a file there is no holder
    rustix::fs::flock(&file, FlockOperation::NonBlockingLockShared).is_err()
}

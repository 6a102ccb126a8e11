//! Creates private folders in memory for keys that must never be on a disk, and removes them with their contents.

use std::collections::BTreeMap;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::fs::FlockOperation;

use super::undo::Undo;
use crate::error::{Error, Kind, Result};
use crate::world::LockGuard;
use crate::world::reply::MemoryDir;

/// File systems in memory, by the kernel's numbers: tmpfs and ramfs.
const IN_MEMORY: [u64; 2] = [0x0102_1994, 0x8584_58f6];

/// Only the owner has access.
const MODE: u32 = 0o700;

/// Removed with its lock on drop.
struct HeldDir {
    folder: PathBuf,
    lock: PathBuf,
    /// Closing the file releases the lock: then the folder counts as one of a dead run.
    held: Option<File>,
    undo: Undo,
}

impl LockGuard for HeldDir {}

impl Drop for HeldDir {
    fn drop(&mut self) {
        let (folder, lock, held) = (self.folder.clone(), self.lock.clone(), self.held.take());
        self.undo.run(move || {
            if let Err(error) = clear(&folder, &lock) {
                tracing::warn!(folder = %folder.display(), %error, "cannot remove a private folder in memory");
            }
            drop(held);
        });
    }
}

/// Creates a folder with these files, and first removes the folders of killed runs.
pub fn make(files: &[(String, Vec<u8>)], environment: &BTreeMap<String, String>, undo: &Undo) -> Result<MemoryDir> {
    let root = root(environment)?;
    let fail = |cause| cannot(&root).because(cause);
    sweep(&root).map_err(fail)?;
    let (folder, lock, held) = claim(&root).map_err(fail)?;
    let held_dir = HeldDir { folder: folder.clone(), lock, held: Some(held), undo: undo.clone() };
    DirBuilder::new().mode(MODE).create(&folder).map_err(fail)?;
    for (name, data) in files {
        write(&folder.join(name), data).map_err(fail)?;
    }
    Ok(MemoryDir { path: folder, held: Box::new(held_dir) })
}

/// A unique name, and the lock that marks it as in use.
fn claim(root: &Path) -> io::Result<(PathBuf, PathBuf, File)> {
    loop {
        let name = unique();
        let (folder, lock) = (root.join(&name), root.join(format!("{name}.lock")));
        let held = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&lock)?;
        // A sweep that took the lock between the two calls treated it as one of a dead run.
        let locked = rustix::fs::flock(&held, FlockOperation::NonBlockingLockExclusive).is_ok();
        if locked && held.metadata()?.nlink() > 0 {
            return Ok((folder, lock, held));
        }
    }
}

/// The folder of this user that contains all of them; created if missing.
pub fn root(environment: &BTreeMap<String, String>) -> Result<PathBuf> {
    let user = rustix::process::geteuid().as_raw();
    let runtime = environment.get("XDG_RUNTIME_DIR").filter(|folder| folder.starts_with('/')).map(PathBuf::from);
    let places = runtime.into_iter().chain([PathBuf::from("/dev/shm")]);
    let mut last = None;
    for place in places.filter(|place| lies_in_memory(place)) {
        let root = place.join(format!("hikae_{user}"));
        match own(&root, user) {
            Ok(()) => return Ok(root),
            Err(cause) => last = Some(cannot(&root).because(cause)),
        }
    }
    Err(last.unwrap_or_else(|| {
        Error::new(Kind::Denied, "there is no folder in memory for a private key")
            .hint("mount one: `mount -t tmpfs -o mode=1777 tmpfs /dev/shm`")
    }))
}

fn cannot(root: &Path) -> Error {
    Error::new(Kind::Denied, format!("cannot use `{}` for a private key", root.display()))
        .hint("it must be a folder of this user's own, of mode 0700: remove what is there")
}

fn lies_in_memory(place: &Path) -> bool {
    rustix::fs::statfs(place).is_ok_and(|found| IN_MEMORY.contains(&(found.f_type as u64)))
}

/// Another user with write access there could plant a link.
fn own(root: &Path, user: u32) -> io::Result<()> {
    match DirBuilder::new().mode(MODE).create(root) {
        Ok(()) => {}
        Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => {}
        Err(cause) => return Err(cause),
    }
    let found = root.symlink_metadata()?;
    match found.is_dir() && found.uid() == user && found.mode() & 0o077 == 0 {
        true => Ok(()),
        false => Err(io::Error::other("it is not this user's alone")),
    }
}

fn write(path: &Path, data: &[u8]) -> io::Result<()> {
    if let Some(above) = path.parent() {
        DirBuilder::new().mode(MODE).recursive(true).create(above)?;
    }
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?.write_all(data)
}

/// Removes the folders whose locks are free.
fn sweep(root: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(root)? {
        let lock = entry?.path();
        if lock.extension().is_none_or(|ending| ending != "lock") {
            continue;
        }
        // Already gone: another run has swept it.
        let Ok(file) = File::open(&lock) else { continue };
        if rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok() {
            clear(&lock.with_extension(""), &lock)?;
        }
    }
    Ok(())
}

/// The lock is removed last.
fn clear(folder: &Path, lock: &Path) -> io::Result<()> {
    gone(std::fs::remove_dir_all(folder))?;
    gone(std::fs::remove_file(lock))
}

fn gone(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

fn unique() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("keys_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

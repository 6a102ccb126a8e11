//! Shares files between root and the service user: what root creates in a folder of that user belongs to that user.

use std::os::fd::AsFd;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::fs::{AtFlags, CWD, Gid, Uid};
use rustix::io::Errno;

/// The owner of the state folder if root works in it for another user; 0 otherwise.
static SERVICE: AtomicU32 = AtomicU32::new(0);

/// Finds the user that root works for: the owner of the state folder. Files in other users' folders stay root's, because they may be
/// secret.
pub fn serve_owner_of(state_dir: &Path) {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    if let Ok(seen) = rustix::fs::stat(state_dir) {
        SERVICE.store(seen.st_uid, Ordering::Relaxed);
    }
}

/// Changes the owner of a new file, by its name in an open folder or by its handle with an empty name, to the service user.
pub fn hand_over(folder: impl AsFd, made: impl AsFd, name: impl rustix::path::Arg) -> Result<(), Errno> {
    let service = SERVICE.load(Ordering::Relaxed);
    if service == 0 {
        return Ok(());
    }
    let owner = rustix::fs::fstat(folder)?;
    if owner.st_uid != service {
        return Ok(());
    }
    let (user, group) = (Uid::from_raw(owner.st_uid), Gid::from_raw(owner.st_gid));
    let given =
        rustix::fs::chownat(made, name, Some(user), Some(group), AtFlags::EMPTY_PATH | AtFlags::SYMLINK_NOFOLLOW);
    match given {
        // The file system has no owners, or the container does not allow root to change them.
        Err(Errno::PERM | Errno::NOTSUP | Errno::ROFS) => Ok(()),
        other => other,
    }
}

/// The same for a file by its path.
pub fn hand_over_at(path: &Path) -> Result<(), Errno> {
    let service = SERVICE.load(Ordering::Relaxed);
    let Some(folder) = path.parent().filter(|_| service != 0) else { return Ok(()) };
    let flags = rustix::fs::OFlags::PATH | rustix::fs::OFlags::DIRECTORY | rustix::fs::OFlags::CLOEXEC;
    let folder = rustix::fs::openat(CWD, folder, flags, rustix::fs::Mode::empty())?;
    hand_over(&folder, &folder, path.file_name().unwrap_or_default())
}

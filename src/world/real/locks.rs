//! Takes a lock that the kernel releases when the process ends, however it ends.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::Path;

use chrono::{DateTime, FixedOffset};
use rustix::fs::{FlockOperation, Mode, OFlags};

use super::fence::Fence;
use super::shared_owner::hand_over;
use crate::error::{Error, Result};
use crate::world::LockGuard;
use crate::world::partial::FOLDER_MODE;
use crate::world::refusals::{SINCE, held};

/// Closing the file releases the lock. The file itself stays: removing it could take it away from another holder.
struct Lock {
    _file: File,
}

impl LockGuard for Lock {}

pub fn lock(fence: &Fence, path: &Path, now: DateTime<FixedOffset>) -> Result<Box<dyn LockGuard>> {
    let fail = |cause| fence.trouble("lock", path, cause);
    let spot = fence.spot(path, Some(FOLDER_MODE)).map_err(fail)?;
    let flags = OFlags::CREATE | OFlags::RDWR | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let file = loop {
        let opened = rustix::fs::openat(&spot.folder, &spot.name, flags, Mode::from_raw_mode(0o600));
        let mut file = File::from(opened.map_err(|errno| fail(errno.into()))?);
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            // Removed by its last holder since it was opened: a lock on it would exclude no other process.
            Ok(()) if rustix::fs::fstat(&file).map_err(|errno| fail(errno.into()))?.st_nlink == 0 => {}
            Ok(()) => {
                hand_over(&spot.folder, &file, "").map_err(|errno| fail(errno.into()))?;
                break file;
            }
            Err(rustix::io::Errno::WOULDBLOCK) => return Err(held_by(path, &mut file)),
            Err(errno) => return Err(fail(errno.into())),
        }
    };
    if let Err(error) = sign(&file, now) {
        // The text in the file is only for people; the lock holds without it.
        tracing::debug!(path = %path.display(), %error, "cannot write into the lock");
    }
    Ok(Box::new(Lock { _file: file }))
}

fn sign(file: &File, now: DateTime<FixedOffset>) -> io::Result<()> {
    let words = format!("{} {}\n", std::process::id(), now.format(SINCE));
    file.write_all_at(words.as_bytes(), 0)?;
    // Not truncated first: ext4 treats that as a file replacement and waits for the disk at close.
    file.set_len(words.len() as u64)
}

fn held_by(path: &Path, file: &mut File) -> Error {
    let mut words = String::new();
    let holder = match file.take(256).read_to_string(&mut words) {
        Ok(_) => words.trim().split_once(' '),
        Err(_) => None, // who holds it is a kindness, that it is held is the error
    };
    held(path, holder)
}

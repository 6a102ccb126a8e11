//! Decides whether a file, and every folder above it, can be changed only by users that this process trusts.

use std::collections::HashMap;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rustix::fs::StatVfsMountFlags;

use crate::error::{Error, Kind};

/// The users that this process trusts, and its results so far.
pub struct Trust {
    uid: u32,
    /// An additional owner from the environment.
    owner: Option<u32>,
    found: Mutex<HashMap<PathBuf, Option<Error>>>,
}

const WRITE_OTHERS: u32 = 0o002;
const WRITE_GROUP: u32 = 0o020;
const STICKY: u32 = 0o1000;

impl Trust {
    /// Trusts root, the current user, and `owner`.
    pub fn new(owner: Option<u32>) -> Trust {
        Trust { uid: super::this_process::user_id(), owner, found: Mutex::default() }
    }

    /// Why `path` is not trusted; `None` if it is trusted or does not exist.
    pub fn objection(&self, path: &Path) -> Option<Error> {
        let real = path.canonicalize().ok()?;
        // The path as written counts too: a user who can change a link on it controls which file is read.
        let written = path.parent().into_iter().flat_map(Path::ancestors);
        real.ancestors().chain(written).find_map(|place| self.known(place))
    }

    fn known(&self, place: &Path) -> Option<Error> {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found.entry(place.to_owned()).or_insert_with(|| self.look(place)).clone()
    }

    fn look(&self, place: &Path) -> Option<Error> {
        let seen = place.metadata().ok()?; // what cannot be seen cannot be read either
        let mode = seen.permissions().mode();
        let shown = place.display();
        // In a folder with the sticky bit, users cannot remove other users' files.
        let sticky = seen.is_dir() && mode & STICKY != 0;
        let writable = match self.uid {
            0 => WRITE_OTHERS | WRITE_GROUP,
            _ => WRITE_OTHERS,
        };
        let trusted = [Some(0), Some(self.uid), self.owner].contains(&Some(seen.uid()));
        if (trusted && (mode & writable == 0 || sticky)) || is_frozen(place) {
            return None;
        }
        let error = Error::new(Kind::Denied, format!("`{shown}` can be changed by others"));
        Some(match trusted {
            true => error
                .because_text(format!("its mode is {:04o}", mode & 0o7777))
                .hint(format!("`chmod {} {shown}`", if mode & writable & WRITE_OTHERS != 0 { "go-w" } else { "g-w" })),
            false => error.because_text(format!("it belongs to user {}", seen.uid())).hint(format!(
                "`chown {} {shown}`; or, to trust that user, HIKAE_TRUST_OWNER={} in the environment",
                self.uid,
                seen.uid()
            )),
        })
    }
}

/// Whether it cannot be changed, whatever its mode, because the mount is read-only.
fn is_frozen(place: &Path) -> bool {
    rustix::fs::statvfs(place).is_ok_and(|found| found.f_flag.contains(StatVfsMountFlags::RDONLY))
}

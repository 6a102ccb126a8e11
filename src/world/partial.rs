//! Names the files that are still being written, so that listings skip them and a sweep finds them.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

const SUFFIX: &[u8] = b".hikae-part";

/// Mode of missing parent folders that are created for a new file.
pub const FOLDER_MODE: u32 = 0o700;

/// The longest file name that Linux file systems take.
pub const LONGEST_NAME: usize = 255;

/// The name of `name` until its commit. A long name is shortened.
pub fn partial_name(name: &OsStr, unique: &str) -> OsString {
    let room = LONGEST_NAME - SUFFIX.len() - unique.len() - 2;
    let kept = match name.to_str() {
        Some(text) => &text.as_bytes()[..text.floor_char_boundary(room)],
        None => &name.as_bytes()[..name.len().min(room)],
    };
    let parts: [&[u8]; 5] = [b".", kept, b".", unique.as_bytes(), SUFFIX];
    OsString::from_vec(parts.concat())
}

pub fn is_partial(name: &OsStr) -> bool {
    let bytes = name.as_bytes();
    bytes.starts_with(b".") && bytes.ends_with(SUFFIX)
}

/// The prefix of the names of temporary unpacking folders.
const UNPACKED: &str = "unpacked_";

/// The locks beside such folders, as a shell pattern.
pub const UNPACKED_LOCKS: &str = "unpacked_*.lock";

/// The name of such a folder, unique among all runs and all calls of this run.
pub fn unpacked_name(run_id: &str, number: u64) -> String {
    format!("{UNPACKED}{run_id}_{number}")
}

pub fn is_unpacked(folder: &Path) -> bool {
    folder.file_name().is_some_and(|name| name.as_bytes().starts_with(UNPACKED.as_bytes()))
}

/// The lock beside it, which identifies a folder of a dead run.
pub fn unpacked_lock(folder: &Path) -> PathBuf {
    let mut name = folder.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}

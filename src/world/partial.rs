//! Names the files that are still being written, so that listings pass over them and a sweep finds them.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

const SUFFIX: &[u8] = b".hikae-part";

/// Mode of the folders that a new file needs and that are missing.
pub const FOLDER_MODE: u32 = 0o700;

/// The longest file name that Linux file systems take.
pub const LONGEST_NAME: usize = 255;

/// The name under which `name` is written until its commit. Of a long name only the beginning is taken.
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

/// How the folders are called in which a run unpacks something for a moment.
const UNPACKED: &str = "unpacked_";

/// The locks beside such folders, as the shell would name them.
pub const UNPACKED_LOCKS: &str = "unpacked_*.lock";

/// The name of such a folder, which no other run and no other call of this one has.
pub fn unpacked_name(run_id: &str, number: u64) -> String {
    format!("{UNPACKED}{run_id}_{number}")
}

pub fn is_unpacked(folder: &Path) -> bool {
    folder.file_name().is_some_and(|name| name.as_bytes().starts_with(UNPACKED.as_bytes()))
}

/// The lock beside it, by which a folder of a dead run is known.
pub fn unpacked_lock(folder: &Path) -> PathBuf {
    let mut name = folder.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}

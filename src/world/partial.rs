//! Names the files that are still being written, so that listings pass over them and a sweep finds them.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

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

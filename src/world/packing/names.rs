//! Keeps the names in one folder, sorted and in one buffer: a folder may have a million of them.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

/// Names in one folder.
#[derive(Default)]
pub struct Names {
    bytes: Vec<u8>,
    /// The start and the length of each name.
    spans: Vec<(u32, u16)>,
}

impl Names {
    pub fn add(&mut self, name: &[u8]) {
        // A name has at most 255 bytes, so these numbers fit as long as the names fit into memory.
        self.spans.push((self.bytes.len() as u32, name.len() as u16));
        self.bytes.extend_from_slice(name);
    }

    /// Sorts byte by byte, like `LC_ALL=C sort`.
    pub fn sort(&mut self) {
        let bytes = &self.bytes;
        self.spans.sort_unstable_by(|a, b| slice(bytes, *a).cmp(slice(bytes, *b)));
    }

    pub fn get(&self, index: usize) -> Option<&OsStr> {
        self.spans.get(index).map(|span| OsStr::from_bytes(slice(&self.bytes, *span)))
    }
}

fn slice(bytes: &[u8], (start, size): (u32, u16)) -> &[u8] {
    &bytes[start as usize..][..size as usize]
}

//! Keeps the text of one statement while it is read, up to a limit.

use xxhash_rust::xxh3::Xxh3;

/// The length of a statement that is kept. Structure is never longer; the rest, such as a long row, is only hashed.
const MOST_KEPT: usize = 8 << 20;

/// A statement, as far as it was read.
#[derive(Default)]
pub struct RawStatement {
    kept: Vec<u8>,
    rest: Option<Box<Xxh3>>,
}

impl RawStatement {
    pub fn extend(&mut self, bytes: &[u8]) {
        let room = MOST_KEPT.saturating_sub(self.kept.len()).min(bytes.len());
        self.kept.extend_from_slice(&bytes[..room]);
        if room < bytes.len() {
            self.rest.get_or_insert_default().update(&bytes[room..]);
        }
    }

    pub fn clear(&mut self) {
        self.kept.clear();
        self.rest = None;
    }

    /// The part that is kept.
    pub fn kept(&self) -> &[u8] {
        &self.kept
    }

    /// All of it, or its beginning and the hash of the rest.
    pub fn take(&mut self) -> Vec<u8> {
        let mut text = std::mem::take(&mut self.kept);
        if let Some(rest) = self.rest.take() {
            text.extend(format!("…{:032x}", rest.digest128()).into_bytes());
        }
        text
    }
}

//! Hashes bytes as they pass, and shows the hash as lower-case hex.

use ring::digest::{Context, SHA256};

use super::hex::hex;

/// A SHA-256 in progress.
pub struct Sha256(Context);

impl Default for Sha256 {
    fn default() -> Sha256 {
        Sha256(Context::new(&SHA256))
    }
}

impl Sha256 {
    pub fn update(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.update(bytes.as_ref());
    }

    /// The hash of what has passed so far.
    pub fn hex(&self) -> String {
        hex(self.0.clone().finish())
    }

    /// The hash of a text, or of bytes.
    pub fn of(bytes: impl AsRef<[u8]>) -> String {
        let mut hash = Sha256::default();
        hash.update(bytes);
        hash.hex()
    }
}

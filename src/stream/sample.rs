//! Keeps the beginning, the end and the size of the passing bytes, to detect their format.

use super::ended::{KEPT_BYTES, Tail};

/// How much of the beginning is kept.
pub const HEAD_BYTES: usize = 64 << 10;

/// The first and the last bytes of a stream so far.
#[derive(Clone, Debug)]
pub struct Sample {
    head: Vec<u8>,
    tail: Tail,
    size_bytes: u64,
}

impl Default for Sample {
    fn default() -> Sample {
        Sample { head: Vec::new(), tail: Tail::new(KEPT_BYTES), size_bytes: 0 }
    }
}

impl Sample {
    pub fn add(&mut self, data: &[u8]) {
        let room = (HEAD_BYTES - self.head.len()).min(data.len());
        self.head.extend_from_slice(&data[..room]);
        self.tail.add(data);
        self.size_bytes += data.len() as u64;
    }

    pub fn head(&self) -> &[u8] {
        &self.head
    }

    pub fn tail(&self) -> &[u8] {
        self.tail.get()
    }

    pub fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    /// Whether the head is the whole stream.
    pub fn is_whole(&self) -> bool {
        self.head.len() as u64 == self.size_bytes
    }
}

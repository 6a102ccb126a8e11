//! Finds the end of one `/* … */`, which may contain others.

/// A comment that is being read.
#[derive(Debug)]
pub(crate) struct BlockComment {
    depth: usize,
    before: u8,
}

impl BlockComment {
    /// A comment whose opening `/*` has been read.
    pub(crate) fn new() -> BlockComment {
        BlockComment { depth: 1, before: 0 }
    }

    /// Takes what of `data` belongs to the comment: how many bytes, and whether it has ended.
    pub(crate) fn feed(&mut self, data: &[u8]) -> (usize, bool) {
        for (at, &byte) in data.iter().enumerate() {
            match (std::mem::replace(&mut self.before, byte), byte) {
                (b'/', b'*') => self.depth += 1,
                (b'*', b'/') => self.depth -= 1,
                _ => continue,
            }
            // A star or slash belongs to one pair only: `/*/` does not end what it begins.
            self.before = 0;
            if self.depth == 0 {
                return (at + 1, true);
            }
        }
        (data.len(), false)
    }
}

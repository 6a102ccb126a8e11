//! Finds the end of one `/* … */`, which may contain others.

/// A comment while it is read.
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

    /// Consumes the part of `data` that belongs to the comment: returns its length, and whether the comment ended.
    pub(crate) fn feed(&mut self, data: &[u8]) -> (usize, bool) {
        for (at, &byte) in data.iter().enumerate() {
            match (std::mem::replace(&mut self.before, byte), byte) {
                (b'/', b'*') => self.depth += 1,
                (b'*', b'/') => self.depth -= 1,
                _ => continue,
            }
            // A star or slash belongs to only one pair: `/*/` does not end the comment that it begins.
            self.before = 0;
            if self.depth == 0 {
                return (at + 1, true);
            }
        }
        (data.len(), false)
    }
}

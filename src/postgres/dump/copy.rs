//! Counts the rows of one `COPY` block, and computes their fingerprint, without storing any of them.

use crate::postgres::dump::fingerprint::RowSum;

/// The position in a line of a block at a chunk boundary.
#[derive(Clone, Copy, Debug)]
enum Line {
    Start,
    /// The line so far is `\`.
    Backslash,
    /// The line so far is `\.`: if nothing follows, the block ends here.
    Dot,
    Inside,
}

/// Counts the lines of a block up to the line `\.`; `COPY` escapes data so that no row is that line.
#[derive(Debug)]
pub(crate) struct RowCounter {
    rows: u64,
    line: Line,
    odd: bool,
    /// The fingerprint of the rows, if it is computed.
    sum: Option<RowSum>,
}

impl RowCounter {
    pub(crate) fn new(summing: bool) -> RowCounter {
        RowCounter { rows: 0, line: Line::Start, odd: false, sum: summing.then(RowSum::default) }
    }

    /// Complete rows so far.
    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    /// The sum of the rows so far; none if it is not computed.
    pub(crate) fn sum(&self) -> Option<u128> {
        self.sum.as_ref().map(RowSum::sum)
    }

    /// The number of bytes of the last line that may be the end marker of the block.
    pub(crate) fn unsure_bytes(&self) -> usize {
        match self.line {
            Line::Backslash => 1,
            Line::Dot => 2,
            Line::Start | Line::Inside => 0,
        }
    }

    /// Whether a row begins with `\.`, which no valid row does: psql also accepts `\.` with a carriage return as the end.
    pub(crate) fn is_odd(&self) -> bool {
        self.odd
    }

    /// Consumes the part of `data` that belongs to the block: returns its length, and whether the block ended.
    pub(crate) fn feed(&mut self, data: &[u8]) -> (usize, bool) {
        let (mut at, mut begin) = (0, 0);
        while let Some(&byte) = data.get(at) {
            match (self.line, byte) {
                (Line::Start, b'\\') => self.line = Line::Backslash,
                (Line::Backslash, b'.') => self.line = Line::Dot,
                (Line::Dot, b'\n') => return (at + 1, true),
                (line, _) => {
                    self.odd |= matches!(line, Line::Dot);
                    let Some(length) = memchr::memchr(b'\n', &data[at..]) else {
                        self.line = Line::Inside;
                        at = data.len();
                        break;
                    };
                    at += length;
                    self.end_row(&data[begin..at]);
                    begin = at + 1;
                }
            }
            at += 1;
        }
        if let Some(sum) = &mut self.sum {
            sum.begin(&data[begin..at]);
        }
        (at, false)
    }

    fn end_row(&mut self, bytes: &[u8]) {
        self.rows += 1;
        self.line = Line::Start;
        if let Some(sum) = &mut self.sum {
            sum.end(bytes);
        }
    }
}

//! Counts the rows of one `COPY` block without keeping any of them.

/// Where in a line of a block the border between two pieces fell.
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
}

impl RowCounter {
    pub(crate) fn new() -> RowCounter {
        RowCounter { rows: 0, line: Line::Start, odd: false }
    }

    /// Whole rows so far.
    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    /// Whether a row begins with `\.`, which no row does: psql takes `\.` with a carriage return for the end as well.
    pub(crate) fn is_odd(&self) -> bool {
        self.odd
    }

    /// Takes what of `data` belongs to the block: how many bytes, and whether the block has ended.
    pub(crate) fn feed(&mut self, data: &[u8]) -> (usize, bool) {
        let mut at = 0;
        while let Some(&byte) = data.get(at) {
            match (self.line, byte) {
                (Line::Start, b'\\') => self.line = Line::Backslash,
                (Line::Backslash, b'.') => self.line = Line::Dot,
                (Line::Dot, b'\n') => return (at + 1, true),
                (line, _) => match memchr::memchr(b'\n', &data[at..]) {
                    Some(length) => {
                        self.odd |= matches!(line, Line::Dot);
                        self.rows += 1;
                        self.line = Line::Start;
                        at += length;
                    }
                    None => {
                        self.odd |= matches!(line, Line::Dot);
                        self.line = Line::Inside;
                        return (data.len(), false);
                    }
                },
            }
            at += 1;
        }
        (at, false)
    }
}

//! Cuts a dump into the steps of a load: whole statements, and the rows between them, at any chunk boundaries.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};

use crate::world::postgres::Step;

/// No server accepts a longer statement.
const MOST_STATEMENT_BYTES: usize = (1 << 30) - (1 << 10);

/// The line that ends the rows of a table.
const END_OF_ROWS: usize = b"\\.\n".len();

/// The part of the dump that was not yet passed on.
#[derive(Default)]
pub(crate) struct Cutter {
    /// Whether steps are created; a dump that is only judged need not be kept.
    gives: bool,
    /// The bytes of earlier chunks that belong to the current statement, or to a line that may end the rows.
    held: BytesMut,
    /// The line in which the current statement begins.
    line: u64,
}

impl Cutter {
    pub(crate) fn new(gives: bool) -> Cutter {
        Cutter { gives, ..Cutter::default() }
    }

    /// Begins a statement in this line.
    pub(crate) fn begin(&mut self, line: u64) {
        self.line = line;
    }

    /// Discards the text between two statements.
    pub(crate) fn skip(&mut self) {
        self.held.clear();
    }

    /// The number of bytes kept.
    pub(crate) fn held_bytes(&self) -> usize {
        self.held.len()
    }

    pub(crate) fn is_too_long(&self) -> bool {
        self.held.len() > MOST_STATEMENT_BYTES
    }

    /// Keeps the end of a chunk: the beginning of a statement.
    pub(crate) fn hold(&mut self, data: &[u8], needed: bool) {
        if self.gives || needed {
            self.held.extend_from_slice(data);
        }
    }

    /// Returns the whole statement, whose last part is `data`.
    pub(crate) fn whole(&mut self, data: Bytes) -> Bytes {
        if self.held.is_empty() {
            return data;
        }
        self.held.extend_from_slice(&data);
        self.held.split().freeze()
    }

    /// Passes on the statement whose last part is `data`.
    pub(crate) fn statement(&mut self, data: Bytes, copies: bool, out: &mut VecDeque<Step>) {
        let (sql, line) = (self.whole(data), self.line);
        if self.gives {
            let sql = trimmed(sql);
            out.push_back(if copies { Step::Copy { sql, line } } else { Step::Statement { sql, line } });
        }
    }

    /// Passes on rows; the last `unsure` bytes may begin the line that ends them.
    pub(crate) fn rows(&mut self, data: Bytes, unsure: usize, out: &mut VecDeque<Step>) {
        if !self.gives {
            return;
        }
        let data = self.whole(data);
        let sure = data.len() - unsure.min(data.len());
        self.held.extend_from_slice(&data[sure..]);
        if sure > 0 {
            out.push_back(Step::Rows(data.slice(..sure)));
        }
    }

    /// Passes on the last rows, without the line that ends them.
    pub(crate) fn end_of_rows(&mut self, data: Bytes, out: &mut VecDeque<Step>) {
        if !self.gives {
            return;
        }
        let data = self.whole(data);
        let rows = data.len() - END_OF_ROWS.min(data.len());
        if rows > 0 {
            out.push_back(Step::Rows(data.slice(..rows)));
        }
        out.push_back(Step::EndOfRows);
    }
}

/// The statement without leading blanks.
fn trimmed(sql: Bytes) -> Bytes {
    let blanks = sql.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    sql.slice(blanks..)
}

//! Parses the data of a `COPY … TO STDOUT`: the rows of a table, or the pages of large objects.

use crate::postgres::dump::fingerprint::{LargeSum, RowSum};

/// The number of bytes in a page of a large object (`LOBLKSIZE`); a missing page means zeros.
const PAGE_BYTES: u64 = 2048;

/// Takes lines whose bytes arrive in chunks: `begin` is a part of a line, `end` the rest of it.
trait Lines {
    fn begin(&mut self, bytes: &[u8]);
    fn end(&mut self, bytes: &[u8]);

    fn split(&mut self, mut data: &[u8]) {
        while let Some(at) = memchr::memchr(b'\n', data) {
            self.end(&data[..at]);
            data = &data[at + 1..];
        }
        self.begin(data);
    }
}

/// The rows of one table.
#[derive(Default)]
pub(crate) struct Rows {
    rows: u64,
    sum: RowSum,
}

impl Rows {
    pub(crate) fn feed(&mut self, data: &[u8]) {
        self.split(data);
    }

    /// The number of rows, and their sum.
    pub(crate) fn found(&self) -> (u64, u128) {
        (self.rows, self.sum.sum())
    }
}

impl Lines for Rows {
    fn begin(&mut self, bytes: &[u8]) {
        self.sum.begin(bytes);
    }

    fn end(&mut self, bytes: &[u8]) {
        self.rows += 1;
        self.sum.end(bytes);
    }
}

/// The pages of large objects, one line each: the object, the number of the page, its content.
#[derive(Default)]
pub(crate) struct Pages {
    line: Vec<u8>,
    sum: LargeSum,
    now: Option<u32>,
    /// The number of bytes of the object so far.
    at: u64,
}

impl Pages {
    pub(crate) fn feed(&mut self, data: &[u8]) {
        self.split(data);
    }

    /// The number of objects, and their sum.
    pub(crate) fn found(mut self) -> (u64, u128) {
        self.sum.close();
        (self.sum.count, self.sum.sum())
    }

    fn page(&mut self, line: &[u8]) {
        let text = String::from_utf8_lossy(line);
        let mut fields = text.split('\t');
        let Some(oid) = fields.next().and_then(|oid| oid.parse().ok()) else { return };
        if self.now != Some(oid) {
            self.sum.open(oid);
            (self.now, self.at) = (Some(oid), 0);
        }
        // An empty object has no page.
        let (Some(number), Some(digits)) = (fields.next().and_then(|number| number.parse::<u64>().ok()), fields.next())
        else {
            return;
        };
        while self.at < number * PAGE_BYTES {
            let zeros = (number * PAGE_BYTES - self.at).min(PAGE_BYTES);
            self.sum.write("00".repeat(zeros as usize).as_bytes());
            self.at += zeros;
        }
        self.sum.write(digits.as_bytes());
        self.at += digits.len() as u64 / 2;
    }
}

impl Lines for Pages {
    fn begin(&mut self, bytes: &[u8]) {
        self.line.extend_from_slice(bytes);
    }

    fn end(&mut self, bytes: &[u8]) {
        self.line.extend_from_slice(bytes);
        let line = std::mem::take(&mut self.line);
        self.page(&line);
    }
}

//! Takes apart what psql writes of several tables: their rows, and the marks between them.

use crate::postgres::dump::fingerprint::{LargeSum, RowSum};

/// What was read of one table, its rows and their sum, or why it could not be.
pub type Read = std::result::Result<(u64, u128), String>;

/// The longest line that may be a mark: a longer one is a row.
const MARK_BYTES: usize = 4096;

/// Splits what psql writes into lines, and tells marks from rows.
struct Lines {
    mark: Vec<u8>,
    /// The beginning of a line, as long as it may be a mark.
    begun: Vec<u8>,
}

enum Line<'a> {
    /// All of a row, or its first piece.
    Row { bytes: &'a [u8], ends: bool },
    Mark(String),
}

impl Lines {
    fn new(mark: &str) -> Lines {
        Lines { mark: mark.as_bytes().to_vec(), begun: Vec::new() }
    }

    fn feed(&mut self, mut data: &[u8], inside: &mut bool, take: &mut dyn FnMut(Line)) {
        while !data.is_empty() {
            let end = memchr::memchr(b'\n', data);
            let (line, rest) = end.map_or((data, &data[data.len()..]), |at| (&data[..at], &data[at + 1..]));
            data = rest;
            if *inside || (end.is_some() && self.begun.is_empty() && !line.starts_with(&self.mark)) {
                *inside = end.is_none();
                take(Line::Row { bytes: line, ends: end.is_some() });
                continue;
            }
            self.begun.extend_from_slice(line);
            let may_be_mark = self.mark.starts_with(&self.begun[..self.begun.len().min(self.mark.len())]);
            match (end.is_some(), may_be_mark) {
                (true, true) if self.begun.len() >= self.mark.len() => {
                    let text = String::from_utf8_lossy(&self.begun[self.mark.len()..]).trim().to_owned();
                    self.begun.clear();
                    take(Line::Mark(text));
                }
                (ends, may_be_mark) if ends || !may_be_mark || self.begun.len() > MARK_BYTES => {
                    let begun = std::mem::take(&mut self.begun);
                    *inside = !ends;
                    take(Line::Row { bytes: &begun, ends });
                }
                _ => {}
            }
        }
    }
}

/// The rows of one table after another.
pub(crate) struct Rows {
    lines: Lines,
    inside: bool,
    rows: u64,
    sum: RowSum,
    found: Vec<(usize, Read)>,
}

impl Rows {
    pub(crate) fn new(mark: &str) -> Rows {
        Rows { lines: Lines::new(mark), inside: false, rows: 0, sum: RowSum::default(), found: Vec::new() }
    }

    pub(crate) fn feed(&mut self, data: &[u8]) {
        let Rows { lines, inside, rows, sum, found } = self;
        lines.feed(data, inside, &mut |line| match line {
            Line::Row { bytes, ends: true } => {
                sum.end(bytes);
                *rows += 1;
            }
            Line::Row { bytes, ends: false } => sum.begin(bytes),
            Line::Mark(text) => {
                let (number, error) = text.split_once(' ').unwrap_or((&text, ""));
                let read = if error.is_empty() { Ok((*rows, sum.sum())) } else { Err(error.to_owned()) };
                found.extend(number.parse().ok().map(|at| (at, read)));
                (*rows, *sum) = (0, RowSum::default());
            }
        });
    }

    pub(crate) fn end(self) -> Vec<(usize, Read)> {
        self.found
    }
}

/// The pages of large objects, a line each: the object, the number of the page, its content.
pub(crate) struct Pages {
    lines: Lines,
    inside: bool,
    line: Vec<u8>,
    sum: LargeSum,
    now: Option<u32>,
    /// How many bytes of the object were seen.
    at: u64,
    ended: Option<std::result::Result<(), String>>,
}

/// How many bytes of an object a page holds (`LOBLKSIZE`); one that is missing holds zeros.
const PAGE_BYTES: u64 = 2048;

impl Pages {
    pub(crate) fn new(mark: &str) -> Pages {
        Pages { lines: Lines::new(mark), inside: false, line: Vec::new(), sum: LargeSum::default(), now: None, at: 0, ended: None }
    }

    pub(crate) fn feed(&mut self, data: &[u8]) {
        let mut whole: Vec<Whole> = Vec::new();
        let Pages { lines, inside, line, .. } = self;
        lines.feed(data, inside, &mut |next| match next {
            Line::Row { bytes, ends } => {
                line.extend_from_slice(bytes);
                if ends {
                    whole.push(Whole::Page(std::mem::take(line)));
                }
            }
            Line::Mark(text) => whole.push(Whole::Mark(text)),
        });
        for line in whole {
            match line {
                Whole::Page(page) => self.page(&page),
                Whole::Mark(text) => {
                    let error = text.split_once(' ').map(|(_, error)| error.to_owned());
                    self.ended = Some(error.map_or(Ok(()), Err));
                }
            }
        }
    }

    fn page(&mut self, line: &[u8]) {
        let text = String::from_utf8_lossy(line);
        let mut fields = text.split('\t');
        let (Some(oid), number, digits) = (fields.next().and_then(|oid| oid.parse().ok()), fields.next(), fields.next()) else {
            return;
        };
        if self.now != Some(oid) {
            self.sum.open(oid);
            (self.now, self.at) = (Some(oid), 0);
        }
        let (Some(number), Some(digits)) = (number.and_then(|number| number.parse::<u64>().ok()), digits) else { return };
        while self.at < number * PAGE_BYTES {
            let zeros = (number * PAGE_BYTES - self.at).min(PAGE_BYTES);
            self.sum.write("00".repeat(zeros as usize).as_bytes());
            self.at += zeros;
        }
        self.sum.write(digits.as_bytes());
        self.at += digits.len() as u64 / 2;
    }

    pub(crate) fn end(mut self) -> std::result::Result<(u64, u128), String> {
        self.sum.close();
        match self.ended {
            Some(Ok(())) => Ok((self.sum.count, self.sum.sum())),
            Some(Err(error)) => Err(error),
            None => Err("the answer ends too early".to_owned()),
        }
    }
}

/// A line that is whole.
enum Whole {
    Page(Vec<u8>),
    Mark(String),
}

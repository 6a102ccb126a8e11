//! Finds the end of one dollar quote, which may contain anything.

use crate::postgres::dump::lexer::is_word;

/// The whole tag is needed to find its end; `pg_dump` makes it as long as the quoted text requires.
const TAG_BYTES: usize = 1 << 20;

/// What follows a `$`.
#[derive(Debug)]
pub(crate) enum DollarQuote {
    /// A tag, if another `$` follows it.
    Tag(Vec<u8>),
    /// The text; its last bytes match this many bytes of `$tag` so far.
    Inside { tag: Vec<u8>, matched: usize },
}

/// The result of the bytes that were read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Dollar {
    Open,
    Closed,
    /// It was not a quote, but a single `$`.
    Alone,
}

impl DollarQuote {
    pub(crate) fn new() -> DollarQuote {
        DollarQuote::Tag(Vec::new())
    }

    /// Whether nothing follows the `$` yet that could be a tag.
    pub(crate) fn is_bare(&self) -> bool {
        matches!(self, DollarQuote::Tag(tag) if tag.is_empty())
    }

    /// Consumes the part of `data` that belongs to the quote: returns its length, and the result.
    pub(crate) fn feed(&mut self, data: &[u8]) -> (usize, Dollar) {
        match self {
            DollarQuote::Tag(tag) => match data[0] {
                b'$' => {
                    *self = DollarQuote::Inside { tag: std::mem::take(tag), matched: 0 };
                    (1, Dollar::Open)
                }
                byte if tag.len() < TAG_BYTES && is_word(byte) && !(tag.is_empty() && byte.is_ascii_digit()) => {
                    tag.push(byte);
                    (1, Dollar::Open)
                }
                _ => (0, Dollar::Alone),
            },
            DollarQuote::Inside { tag, matched } => find_end(tag, matched, data),
        }
    }
}

/// Looks for `$tag$`. A tag has no `$` inside, so after a mismatch only a `$` can start it again.
fn find_end(tag: &[u8], matched: &mut usize, data: &[u8]) -> (usize, Dollar) {
    let mut at = 0;
    while let Some(&byte) = data.get(at) {
        match (*matched, byte) {
            (0, _) => match memchr::memchr(b'$', &data[at..]) {
                Some(length) => {
                    at += length;
                    *matched = 1;
                }
                None => return (data.len(), Dollar::Open),
            },
            (seen, b'$') if seen == tag.len() + 1 => return (at + 1, Dollar::Closed),
            (_, b'$') => *matched = 1,
            (seen, byte) if tag.get(seen - 1) == Some(&byte) => *matched += 1,
            _ => *matched = 0,
        }
        at += 1;
    }
    (at, Dollar::Open)
}

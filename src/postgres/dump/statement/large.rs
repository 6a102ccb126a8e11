//! Reads the statements by which `pg_dump` fills large objects: `lo_open`, `lowrite` and `lo_close`.

use crate::postgres::dump::fingerprint::LargeSum;
use crate::postgres::dump::lexer::KEPT_STRING_BYTES;
use crate::postgres::dump::statement::Head;

/// All large objects of a dump.
#[derive(Default)]
pub(crate) struct LargeObjects {
    sum: LargeSum,
    /// Some content could not be read completely.
    lost: bool,
}

/// One such statement.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Large {
    Open(u32),
    Write(String),
    Close,
}

/// Whether the words so far can be the start of such a statement.
pub(crate) fn may_be(head: &[Head]) -> bool {
    let matches = |(at, word): (usize, &Head)| match at {
        0 => word.is_any(&["select"]),
        1 => word.is_any(&["pg_catalog"]),
        2 => matches!(word, Head::Sign(b'.')),
        3 => word.is_any(&["lo_open", "lowrite", "lo_close"]),
        _ => true,
    };
    head.iter().take(4).enumerate().all(matches)
}

/// What the statement does, if it is such a statement.
pub(crate) fn read(head: &[Head]) -> Option<Large> {
    let [_, _, _, call, Head::Sign(b'('), rest @ ..] = head else { return None };
    if call.is_any(&["lo_close"]) {
        return Some(Large::Close);
    }
    // The strings: the object's number, or its content; before them `E`, or the descriptor of the open object.
    let text = rest.iter().find_map(|word| match word {
        Head::String(text) => Some(text.as_str()),
        _ => None,
    })?;
    if call.is_any(&["lo_open"]) {
        return text.parse().ok().map(Large::Open);
    }
    let digits = text.trim_start_matches('\\').strip_prefix('x')?;
    Some(Large::Write(if text.len() >= KEPT_STRING_BYTES { String::new() } else { digits.to_owned() }))
}

impl LargeObjects {
    pub(crate) fn take(&mut self, large: Large) {
        match large {
            Large::Open(oid) => self.sum.open(oid),
            Large::Write(digits) => {
                self.lost |= digits.is_empty();
                self.sum.write(digits.as_bytes());
            }
            Large::Close => self.sum.close(),
        }
    }

    /// Their number, and their sum if all content was read.
    pub(crate) fn found(&self) -> (u64, Option<u128>) {
        (self.sum.count, (!self.lost).then(|| self.sum.sum()))
    }
}

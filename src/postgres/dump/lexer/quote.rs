//! Finds the end of one string in single quotes, as the server and psql do.

use crate::postgres::dump::lexer::KEPT_STRING_BYTES;

/// A string while it is read. `E'…'` has escapes; in every other string a backslash is literal.
#[derive(Debug)]
pub(crate) struct Quote {
    escapes: bool,
    at: At,
    /// The previous byte.
    before: u8,
    /// What settings other than those of the load would parse differently.
    ambiguous: Ambiguous,
}

/// How a string would end elsewhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ambiguous {
    /// A backslash directly before a quote, in a string without escapes.
    pub backslash_quote: bool,
    /// A backslash that is the second byte of a character in some encodings, in a string with escapes.
    pub half_character: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    Inside,
    /// After the backslash of an escape.
    Escaped,
    /// After a quote: the end, unless another follows.
    Quote,
}

impl Quote {
    /// A string whose opening quote has been read.
    pub(crate) fn new(escapes: bool) -> Quote {
        Quote { escapes, at: At::Inside, before: 0, ambiguous: Ambiguous::default() }
    }

    pub(crate) fn ambiguous(&self) -> Ambiguous {
        self.ambiguous
    }

    /// Consumes the part of `data` that belongs to the string, and adds its text to `kept`: its length, and whether it ended.
    pub(crate) fn feed(&mut self, data: &[u8], mut kept: Option<&mut Vec<u8>>) -> (usize, bool) {
        let mut keep = |bytes: &[u8]| {
            if let Some(kept) = &mut kept {
                let room = KEPT_STRING_BYTES.saturating_sub(kept.len());
                kept.extend_from_slice(&bytes[..bytes.len().min(room)]);
            }
        };
        let mut used = 0;
        while let Some(&byte) = data.get(used) {
            self.at = match (self.at, byte) {
                (At::Inside, _) => {
                    let length = self.next_sign(&data[used..]);
                    keep(&data[used..length.map_or(data.len(), |length| used + length)]);
                    used = length.map_or(data.len(), |length| used + length);
                    if let Some(last) = used.checked_sub(1) {
                        self.before = data[last];
                    }
                    match data.get(used) {
                        None => return (data.len(), false),
                        Some(b'\'') => {
                            self.ambiguous.backslash_quote |= !self.escapes && self.before == b'\\';
                            At::Quote
                        }
                        Some(_) => {
                            self.ambiguous.half_character |= !self.before.is_ascii();
                            At::Escaped
                        }
                    }
                }
                (At::Escaped, _) => {
                    keep(&[b'\\', byte]);
                    self.before = byte;
                    At::Inside
                }
                (At::Quote, b'\'') => {
                    keep(b"'");
                    At::Inside
                }
                (At::Quote, _) => return (used, true),
            };
            used += 1;
        }
        (used, false)
    }

    fn next_sign(&self, data: &[u8]) -> Option<usize> {
        if self.escapes { memchr::memchr2(b'\'', b'\\', data) } else { memchr::memchr(b'\'', data) }
    }
}

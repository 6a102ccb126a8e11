//! Finds the end of one string in single quotes, as the server and psql find it.

/// A string that is being read. `E'…'` has escapes; in every other string a backslash is itself.
#[derive(Debug)]
pub(super) struct Quote {
    escapes: bool,
    at: At,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    Inside,
    /// Behind the backslash of an escape.
    Escaped,
    /// Behind a quote: the end, unless another follows.
    Quote,
}

impl Quote {
    /// A string whose opening quote has been read.
    pub(super) fn new(escapes: bool) -> Quote {
        Quote { escapes, at: At::Inside }
    }

    /// Takes what of `data` belongs to the string: how many bytes, and whether it has ended.
    pub(super) fn feed(&mut self, data: &[u8]) -> (usize, bool) {
        let mut used = 0;
        while let Some(&byte) = data.get(used) {
            self.at = match (self.at, byte) {
                (At::Inside, _) => match self.next_sign(&data[used..]) {
                    Some(length) => {
                        used += length;
                        if data[used] == b'\'' { At::Quote } else { At::Escaped }
                    }
                    None => return (data.len(), false),
                },
                (At::Escaped, _) | (At::Quote, b'\'') => At::Inside,
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

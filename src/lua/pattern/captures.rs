//! Opens and closes the captures of a Lua pattern, and refers back to them.

use std::ops::Range;

use crate::lua::pattern::{Capture, Fault, Length, MAX_CAPTURES, Matched, Matcher, malformed};

impl Matcher<'_> {
    /// Capture `index` of the last match, counted from 0; the whole match where the pattern has none.
    pub fn capture(&self, index: usize, whole: Range<usize>) -> Result<Capture, Fault> {
        if index >= self.level {
            return if index == 0 { Ok(Capture::Text(whole)) } else { Err(bad_index(index)) };
        }
        match self.captures[index] {
            (start, Length::Known(length)) => Ok(Capture::Text(start..start + length)),
            (start, Length::Position) => Ok(Capture::Position(start + 1)),
            (_, Length::Open) => Err(malformed("unfinished capture")),
        }
    }

    pub(super) fn open_capture(&mut self, at: usize, p: usize, length: Length) -> Matched {
        if self.level >= MAX_CAPTURES {
            return Err(malformed("too many captures"));
        }
        self.captures[self.level] = (at, length);
        self.level += 1;
        let end = self.run(at, p)?;
        if end.is_none() {
            self.level -= 1;
        }
        Ok(end)
    }

    pub(super) fn close_capture(&mut self, at: usize, p: usize) -> Matched {
        let open = (0..self.level).rev().find(|index| matches!(self.captures[*index].1, Length::Open));
        let index = open.ok_or_else(|| malformed("invalid pattern capture"))?;
        self.captures[index].1 = Length::Known(at - self.captures[index].0);
        let end = self.run(at, p)?;
        if end.is_none() {
            self.captures[index].1 = Length::Open;
        }
        Ok(end)
    }

    pub(super) fn back_reference(&mut self, at: usize, digit: u8) -> Matched {
        let index = usize::from(digit).wrapping_sub(usize::from(b'1'));
        let (start, length) = match self.captures[..self.level].get(index) {
            Some((start, Length::Known(length))) => (*start, *length),
            // A position has no text to match again.
            Some((_, Length::Position)) => return Ok(None),
            Some((_, Length::Open)) | None => return Err(bad_index(index)),
        };
        self.step(length / 16)?;
        let text = &self.subject[start..start + length];
        Ok(self.subject[at..].starts_with(text).then_some(at + length))
    }
}

fn bad_index(index: usize) -> Fault {
    Fault::Malformed(format!("invalid capture index %{}", index.wrapping_add(1)))
}

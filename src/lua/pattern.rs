//! Matches Lua patterns exactly as Lua does, but stops after a number of steps: Lua's own matcher cannot be stopped.

pub(crate) mod captures;

use std::ops::Range;

use crate::lua::class::{in_class, in_set};

/// As in Lua: more captures, or a deeper recursion, are refused.
const MAX_CAPTURES: usize = 32;
const MAX_DEPTH: u32 = 200;

const ESCAPE: u8 = b'%';

/// Why a pattern failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The pattern is wrong; the text is Lua's message.
    Malformed(String),
    /// The matcher used up all its steps.
    Expensive,
}

/// The capture of one pair of parentheses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Capture {
    Text(Range<usize>),
    /// `()`: a position, counted from 1.
    Position(usize),
}

#[derive(Clone, Copy)]
enum Length {
    Open,
    Position,
    Known(usize),
}

type Matched = Result<Option<usize>, Fault>;

/// A pattern without its leading `^`, the subject that it is matched against, and the steps that are left.
pub struct Matcher<'a> {
    subject: &'a [u8],
    pattern: &'a [u8],
    depth: u32,
    level: usize,
    captures: [(usize, Length); MAX_CAPTURES],
    steps: u64,
    max_steps: u64,
}

impl<'a> Matcher<'a> {
    pub fn new(subject: &'a [u8], pattern: &'a [u8], max_steps: u64) -> Matcher<'a> {
        let captures = [(0, Length::Open); MAX_CAPTURES];
        Matcher { subject, pattern, depth: 0, level: 0, captures, steps: 0, max_steps }
    }

    /// The end of a match that begins at `start`.
    pub fn match_at(&mut self, start: usize) -> Matched {
        self.level = 0;
        self.depth = 0;
        self.run(start, 0)
    }

    /// Steps taken so far, over all matches.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// The number of values of the last match: its captures, or the whole match.
    pub fn count(&self) -> usize {
        self.level.max(1)
    }

    /// Captures of the pattern itself, without the whole match.
    pub fn own_captures(&self) -> usize {
        self.level
    }

    fn step(&mut self, steps: usize) -> Result<(), Fault> {
        self.steps += steps as u64;
        if self.steps > self.max_steps { Err(Fault::Expensive) } else { Ok(()) }
    }

    /// The pattern's byte at `at`; 0 behind its end, as in C.
    fn pat(&self, at: usize) -> u8 {
        self.pattern.get(at).copied().unwrap_or(0)
    }

    fn run(&mut self, at: usize, p: usize) -> Matched {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(malformed("pattern too complex"));
        }
        let end = self.items(at, p)?;
        self.depth -= 1;
        Ok(end)
    }

    /// Matches item after item, as long as there is only one way to continue.
    fn items(&mut self, mut at: usize, mut p: usize) -> Matched {
        while p < self.pattern.len() {
            self.step(1)?;
            let next = match (self.pat(p), self.pat(p + 1)) {
                (b'(', b')') => return self.open_capture(at, p + 2, Length::Position),
                (b'(', _) => return self.open_capture(at, p + 1, Length::Open),
                (b')', _) => return self.close_capture(at, p + 1),
                (b'$', _) if p + 1 == self.pattern.len() => return Ok((at == self.subject.len()).then_some(at)),
                (ESCAPE, b'b') => self.balance(at, p + 2)?.map(|end| (end, p + 4)),
                (ESCAPE, b'f') => self.frontier(at, p + 2)?.map(|p| (at, p)),
                (ESCAPE, digit @ b'0'..=b'9') => self.back_reference(at, digit)?.map(|end| (end, p + 2)),
                _ => match self.single(at, p)? {
                    Next::Go(at, p) => Some((at, p)),
                    Next::Done(end) => return Ok(end),
                },
            };
            match next {
                Some(next) => (at, p) = next,
                None => return Ok(None),
            }
        }
        Ok(Some(at))
    }

    /// One character class with its suffix.
    fn single(&mut self, at: usize, p: usize) -> Result<Next, Fault> {
        let ep = self.class_end(p)?;
        let suffix = self.pat(ep);
        if !self.one(at, p, ep)? {
            let may_be_empty = matches!(suffix, b'*' | b'?' | b'-');
            return Ok(if may_be_empty { Next::Go(at, ep + 1) } else { Next::Done(None) });
        }
        match suffix {
            b'?' => match self.run(at + 1, ep + 1)? {
                Some(end) => Ok(Next::Done(Some(end))),
                None => Ok(Next::Go(at, ep + 1)),
            },
            b'+' => Ok(Next::Done(self.most(at + 1, p, ep)?)),
            b'*' => Ok(Next::Done(self.most(at, p, ep)?)),
            b'-' => Ok(Next::Done(self.fewest(at, p, ep)?)),
            _ => Ok(Next::Go(at + 1, ep)),
        }
    }

    /// The end of the class at `p`, where its suffix begins.
    fn class_end(&mut self, p: usize) -> Result<usize, Fault> {
        let length = self.pattern.len();
        match self.pat(p) {
            ESCAPE if p + 1 == length => Err(malformed("malformed pattern (ends with '%')")),
            ESCAPE => Ok(p + 2),
            b'[' => {
                let mut end = p + 1 + usize::from(self.pat(p + 1) == b'^');
                loop {
                    if end >= length {
                        return Err(malformed("malformed pattern (missing ']')"));
                    }
                    let escapes = self.pat(end) == ESCAPE && end + 1 < length;
                    end += 1 + usize::from(escapes);
                    if end < length && self.pat(end) == b']' {
                        break;
                    }
                }
                self.step((end - p) / 8)?;
                Ok(end + 1)
            }
            _ => Ok(p + 1),
        }
    }

    /// Whether the byte at `at` belongs to the class at `p..ep`.
    fn one(&mut self, at: usize, p: usize, ep: usize) -> Result<bool, Fault> {
        let Some(&byte) = self.subject.get(at) else { return Ok(false) };
        Ok(match self.pat(p) {
            b'.' => true,
            ESCAPE => in_class(byte, self.pat(p + 1)),
            b'[' => {
                self.step((ep - p) / 4)?;
                in_set(byte, &self.pattern[p + 1..ep - 1])
            }
            literal => literal == byte,
        })
    }

    fn most(&mut self, at: usize, p: usize, ep: usize) -> Matched {
        let mut count = 0;
        while self.one(at + count, p, ep)? {
            self.step(1)?;
            count += 1;
        }
        loop {
            if let Some(end) = self.run(at + count, ep + 1)? {
                return Ok(Some(end));
            }
            match count.checked_sub(1) {
                Some(fewer) => count = fewer,
                None => return Ok(None),
            }
        }
    }

    fn fewest(&mut self, mut at: usize, p: usize, ep: usize) -> Matched {
        loop {
            if let Some(end) = self.run(at, ep + 1)? {
                return Ok(Some(end));
            }
            if !self.one(at, p, ep)? {
                return Ok(None);
            }
            at += 1;
        }
    }

    fn balance(&mut self, at: usize, p: usize) -> Matched {
        if p + 1 >= self.pattern.len() {
            return Err(malformed("malformed pattern (missing arguments to '%b')"));
        }
        let (open, close) = (self.pat(p), self.pat(p + 1));
        // Behind its end a Lua string has a zero byte, and so has C's `*s` here.
        if self.subject.get(at).copied().unwrap_or(0) != open {
            return Ok(None);
        }
        let mut depth = 1;
        for end in at + 1..self.subject.len() {
            self.step(1)?;
            match self.subject[end] {
                byte if byte == close => depth -= 1,
                byte if byte == open => depth += 1,
                _ => {}
            }
            if depth == 0 {
                return Ok(Some(end + 1));
            }
        }
        Ok(None)
    }

    fn frontier(&mut self, at: usize, p: usize) -> Matched {
        if self.pat(p) != b'[' {
            return Err(malformed("missing '[' after '%f' in pattern"));
        }
        let ep = self.class_end(p)?;
        self.step((ep - p) / 2)?;
        let set = &self.pattern[p + 1..ep - 1];
        let before = at.checked_sub(1).map_or(0, |before| self.subject[before]);
        let here = self.subject.get(at).copied().unwrap_or(0);
        Ok((!in_set(before, set) && in_set(here, set)).then_some(ep))
    }
}

enum Next {
    Go(usize, usize),
    Done(Option<usize>),
}

fn malformed(what: &str) -> Fault {
    Fault::Malformed(what.to_owned())
}

//! Redirects a dump to another database than its own, and rejects every dump that could affect anything else.
//!
//! The statements of a dump about its own database (`DROP`, `CREATE`, `ALTER`, `COMMENT ON`, `GRANT … ON DATABASE`, `\connect`)
//! are removed and kept in [`Own`], rewritten for the target: the restore creates the target, connects to it once, and
//! runs them at the end. Everything else is passed on as the steps of a load, byte for byte.

use std::collections::{BTreeSet, VecDeque};

use bytes::Bytes;

use crate::error::Result;
use crate::postgres::dump::item::Item;
use crate::postgres::dump::lexer::Lexer;
use crate::postgres::restore::cutter::Cutter;
use crate::postgres::restore::judge::{Judge, Verdict};
use crate::postgres::restore::own::Own;
use crate::postgres::restore::refusal::Refusal;
use crate::world::postgres::Step;

/// The maximum size of the text between two statements, and of a statement about the database.
const MOST_HELD: usize = 2 << 20;

/// Judges a plain dump by `pg_dump`, and maps it to the database `target`.
pub struct Rewriter {
    target: String,
    own: Own,
    lexer: Lexer,
    judge: Judge,
    cutter: Cutter,
    /// The offset of the current chunk in the dump, the end of the last word, and the number of lines before the chunk.
    position: u64,
    word_end: u64,
    lines: u64,
    /// After a `COPY`: its rows begin on the next line.
    before_rows: bool,
}

/// The current chunk, and which part of it belongs to the current step.
struct Piece<'a> {
    data: &'a Bytes,
    from: usize,
    /// The offset up to which lines were counted, and their number.
    counted: (usize, u64),
    out: &'a mut VecDeque<Step>,
}

impl Piece<'_> {
    /// Returns the data from the last step up to `to`.
    fn cut(&mut self, to: usize) -> Bytes {
        let from = std::mem::replace(&mut self.from, to);
        self.data.slice(from..to)
    }

    /// The number of line ends before `at`.
    fn lines_before(&mut self, at: usize) -> u64 {
        let (seen, lines) = self.counted;
        if at > seen {
            self.counted = (at, lines + count_lines(&self.data[seen..at]) as u64);
        }
        self.counted.1
    }
}

impl Rewriter {
    /// A rewriter that returns the steps that load the dump.
    pub fn new(target: impl Into<String>) -> Rewriter {
        Rewriter::with(target.into(), Cutter::new(true))
    }

    /// A rewriter that only judges the dump: it returns no steps and keeps no statements.
    pub fn judging(target: impl Into<String>) -> Rewriter {
        Rewriter::with(target.into(), Cutter::new(false))
    }

    fn with(target: String, cutter: Cutter) -> Rewriter {
        Rewriter {
            target,
            own: Own::default(),
            lexer: Lexer::new(),
            judge: Judge::new(),
            cutter,
            position: 0,
            word_end: 0,
            lines: 0,
            before_rows: false,
        }
    }

    /// The statements about the dump's own database; complete once the dump has ended.
    pub fn own(&self) -> &Own {
        &self.own
    }

    /// The roles that the dump names; complete once it has ended.
    pub fn roles(&self) -> &BTreeSet<String> {
        self.judge.roles()
    }

    fn read(&mut self, piece: &mut Piece) -> std::result::Result<(), (usize, Refusal)> {
        let mut rest: &[u8] = piece.data;
        if let Some(nul) = memchr::memchr(0, rest) {
            return Err((nul, Refusal::odd("has a zero byte")));
        }
        while let Some(item) = self.lexer.next(&mut rest) {
            let at = piece.data.len() - rest.len();
            self.take(item, at, piece).map_err(|refusal| (at, refusal))?;
        }
        match self.lexer.odd() {
            Some(odd) => Err((piece.data.len(), Refusal::odd(odd.which()))),
            None => Ok(()),
        }
    }

    fn take(&mut self, item: Item, to: usize, piece: &mut Piece) -> std::result::Result<(), Refusal> {
        let end = self.position + to as u64;
        let from = std::mem::replace(&mut self.word_end, end);
        let between = self.judge.is_between();
        if matches!(item, Item::Rows(_)) {
            self.begin_rows(piece)?;
        }
        let verdict = self.judge.item(item, &mut self.lexer, from, end)?;
        if between && !self.judge.is_between() {
            self.cutter.begin(self.lines + piece.lines_before(to) + 1);
        }
        if self.own.name.is_none() {
            self.own.name = self.judge.name().map(str::to_owned);
        }
        match verdict {
            Verdict::Hold => {}
            Verdict::Skip => {
                piece.from = to;
                self.cutter.skip();
            }
            Verdict::Statement { copies } => {
                let data = piece.cut(to);
                self.cutter.statement(data, copies, piece.out);
                if copies {
                    self.lexer.expect_rows();
                    self.before_rows = true;
                }
            }
            Verdict::EndOfRows => {
                let data = piece.cut(to);
                self.cutter.end_of_rows(data, piece.out);
            }
            Verdict::Database { act, name_at, tokens } => {
                let raw = self.cutter.whole(piece.cut(to));
                let from = end - raw.len() as u64;
                self.own.add(&self.target, (act, name_at), &tokens, (from, &raw)).map_err(Refusal::of_database)?;
            }
        }
        Ok(())
    }

    /// The rows begin directly after the line end that follows their `COPY`.
    fn begin_rows(&mut self, piece: &mut Piece) -> std::result::Result<(), Refusal> {
        if self.before_rows && piece.from < piece.data.len() {
            if piece.data[piece.from] != b'\n' {
                return Err(Refusal::odd("has something behind a `COPY` on its line"));
            }
            piece.from += 1;
            self.before_rows = false;
        }
        Ok(())
    }
}

fn count_lines(data: &[u8]) -> usize {
    memchr::memchr_iter(b'\n', data).count()
}

impl Rewriter {
    /// Takes one chunk of the dump; appends the steps that it completes to `out`.
    pub fn feed(&mut self, data: Bytes, out: &mut VecDeque<Step>) -> Result<()> {
        let mut piece = Piece { data: &data, from: 0, counted: (0, 0), out };
        let read = self.read(&mut piece).and_then(|()| {
            let at = piece.from;
            self.begin_rows(&mut piece).map_err(|refusal| (at, refusal))
        });
        if let Err((at, refusal)) = read {
            let line = self.lines + count_lines(&data[..at]) as u64 + 1;
            return Err(refusal.into_error(self.own.name.as_deref(), Some(line)));
        }
        let rest = piece.cut(data.len());
        match self.judge.is_in_rows() && !self.before_rows {
            true => self.cutter.rows(rest, self.lexer.unsure_row_bytes(), piece.out),
            // A statement about the database is needed whole, to be rewritten.
            false => self.cutter.hold(&rest, !self.judge.is_passing()),
        }
        self.position += data.len() as u64;
        self.lines += piece.lines_before(data.len());
        let held = !self.judge.is_passing() && self.cutter.held_bytes() > MOST_HELD;
        match held || self.cutter.is_too_long() {
            true => Err(self.judge.too_long().into_error(self.own.name.as_deref(), Some(self.lines + 1))),
            false => Ok(()),
        }
    }

    /// Ends the dump.
    pub fn end(&mut self) -> Result<()> {
        let refusal = self.judge.end(self.lexer.is_cut());
        refusal.map_or(Ok(()), |refusal| Err(refusal.into_error(self.own.name.as_deref(), None)))
    }
}

//! Lets a dump restore into another database than its own, and refuses every dump that could touch anything else.
//!
//! What a dump says about its own database (`DROP`, `CREATE`, `ALTER`, `COMMENT ON`, `GRANT … ON DATABASE`, `\connect`)
//! is taken out of the stream and kept in [`Own`], worded for the target: whoever restores makes the target, says that
//! about it, and connects to it once. psql is then never told to go anywhere else, and the settings of the database
//! hold from the first row on. Line ends stay, so that psql counts the lines of the dump. Everything else passes byte
//! for byte.

use std::collections::{BTreeSet, VecDeque};

use bytes::Bytes;

use crate::error::Result;
use crate::postgres::dump::item::Item;
use crate::postgres::dump::lexer::Lexer;
use crate::postgres::restore::judge::{Judge, Verdict};
use crate::postgres::restore::own::Own;
use crate::postgres::restore::refusal::Refusal;
use crate::stream::stage::Stage;

/// The most that is held back: blanks and comments before a statement, and statements about the database.
const MOST_HELD: usize = 2 << 20;

/// The stage that maps a plain dump by `pg_dump` to the database `target`.
pub struct Rewriter {
    target: String,
    own: Own,
    lexer: Lexer,
    judge: Judge,
    /// What earlier pieces ended with, as long as it is not known whether it may pass.
    held: Vec<u8>,
    /// Where the piece at hand begins in the dump, where the last word ended, and the lines before the piece.
    position: u64,
    word_end: u64,
    lines: u64,
}

/// The piece at hand: what of it has been given on, and what may be.
struct Piece<'a> {
    data: &'a Bytes,
    given: usize,
    judged: usize,
    out: &'a mut VecDeque<Bytes>,
}

impl Rewriter {
    pub fn new(target: impl Into<String>) -> Rewriter {
        Rewriter {
            target: target.into(),
            own: Own::default(),
            lexer: Lexer::new(),
            judge: Judge::new(),
            held: Vec::new(),
            position: 0,
            word_end: 0,
            lines: 0,
        }
    }

    /// What the dump says about its own database; all of it once the dump has ended.
    pub fn own(&self) -> &Own {
        &self.own
    }

    /// The roles that the dump names; all of them once it has ended.
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
        let verdict = self.judge.item(item, &self.lexer, from, end)?;
        if self.own.name.is_none() {
            self.own.name = self.judge.name().map(str::to_owned);
        }
        match verdict {
            Verdict::Hold => {}
            Verdict::Pass => self.allow(to, piece),
            Verdict::Rows => {
                self.lexer.expect_rows();
                self.allow(to, piece);
            }
            Verdict::Remove => self.remove(to, piece),
            Verdict::Database { act, name_at, tokens } => {
                let raw = [&self.held, &piece.data[piece.judged..to]].concat();
                let from = end - raw.len() as u64;
                self.own.add(&self.target, (act, name_at), &tokens, (from, &raw)).map_err(Refusal::of_database)?;
                self.remove(to, piece);
            }
        }
        Ok(())
    }

    /// Everything up to `to` may pass.
    fn allow(&mut self, to: usize, piece: &mut Piece) {
        if !self.held.is_empty() {
            piece.out.push_back(Bytes::from(std::mem::take(&mut self.held)));
        }
        piece.judged = to;
    }

    /// What has come since the last that may pass is left out, but not its line ends.
    fn remove(&mut self, to: usize, piece: &mut Piece) {
        piece.give();
        let held = std::mem::take(&mut self.held);
        let lines = count_lines(&held) + count_lines(&piece.data[piece.judged..to]);
        piece.out.push_back(Bytes::from(vec![b'\n'; lines]));
        (piece.given, piece.judged) = (to, to);
    }
}

impl Piece<'_> {
    /// Gives on what may pass and has not been given on.
    fn give(&mut self) {
        if self.given < self.judged {
            self.out.push_back(self.data.slice(self.given..self.judged));
        }
        self.given = self.judged;
    }
}

fn count_lines(data: &[u8]) -> usize {
    memchr::memchr_iter(b'\n', data).count()
}

impl Stage for Rewriter {
    fn feed(&mut self, data: Bytes, out: &mut VecDeque<Bytes>) -> Result<()> {
        let mut piece = Piece { data: &data, given: 0, judged: 0, out };
        if let Err((at, refusal)) = self.read(&mut piece) {
            let line = self.lines + count_lines(&data[..at]) as u64 + 1;
            return Err(refusal.into_error(self.own.name.as_deref(), Some(line)));
        }
        if self.judge.is_passing() {
            piece.judged = data.len();
        }
        piece.give();
        let judged = piece.judged;
        self.held.extend_from_slice(&data[judged..]);
        self.position += data.len() as u64;
        self.lines += count_lines(&data) as u64;
        match self.held.len() > MOST_HELD {
            true => Err(self.judge.too_long().into_error(self.own.name.as_deref(), Some(self.lines + 1))),
            false => Ok(()),
        }
    }

    fn end(&mut self, out: &mut VecDeque<Bytes>) -> Result<()> {
        let refusal = self.judge.end(self.lexer.is_cut());
        out.push_back(Bytes::from(std::mem::take(&mut self.held)));
        refusal.map_or(Ok(()), |refusal| Err(refusal.into_error(self.own.name.as_deref(), None)))
    }
}

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
use crate::postgres::dump::legible::legible;
use crate::postgres::dump::lexer::{KEPT_BYTES, Lexer};
use crate::postgres::restore::nesting::Nesting;
use crate::postgres::restore::own::Own;
use crate::postgres::restore::psql_line::PsqlLine;
use crate::postgres::restore::refusal;
use crate::postgres::restore::refusal::Refusal;
use crate::postgres::restore::roles::Roles;
use crate::postgres::restore::rules::watch::Watch;
use crate::postgres::restore::rules::{Act, Ruling, Token, is_whole, rule};
use crate::stream::stage::Stage;

/// The most that is held back: blanks and comments before a statement, and statements about the database.
const MOST_HELD: usize = 2 << 20;

/// The most words by which a statement is told.
const MOST_TOKENS: usize = 64;

/// The stage that maps a plain dump by `pg_dump` to the database `target`.
pub struct Rewriter {
    target: String,
    own: Own,
    lexer: Lexer,
    mode: Mode,
    tokens: Vec<Token>,
    nesting: Nesting,
    roles: Roles,
    /// What earlier pieces ended with, as long as it is not known whether it may pass.
    held: Vec<u8>,
    /// Where the piece at hand begins in the dump, where the last word ended, and the lines before the piece.
    position: u64,
    word_end: u64,
    lines: u64,
}

enum Mode {
    Between,
    /// In the first words of a statement.
    Judging,
    Passing(Watch),
    Rows,
    /// In a statement about the database that one of its first words names.
    Removing(Act, usize),
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
            mode: Mode::Between,
            tokens: Vec::new(),
            nesting: Nesting::default(),
            roles: Roles::default(),
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
        self.roles.found()
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
        if let Some(odd) = self.lexer.odd() {
            return Err(Refusal::odd(odd.which()));
        }
        let end = self.position + to as u64;
        let from = std::mem::replace(&mut self.word_end, end);
        match item {
            Item::Comment if matches!(self.mode, Mode::Between) => self.allow(to, piece),
            Item::Comment => {}
            Item::PsqlLine => self.psql_line(to, piece)?,
            Item::Rows(_) => {
                self.mode = Mode::Between;
                self.allow(to, piece);
            }
            Item::Semicolon => self.end_statement(to, piece)?,
            Item::Sign(b'\\') => return Err(Refusal::psql_command("\\")),
            _ if self.row(item)? => {}
            _ => self.token(Token::new(item, self.lexer.text(), from, end), to, piece)?,
        }
        Ok(())
    }

    /// One word of a statement that may be an `INSERT`; says whether it is one.
    fn row(&mut self, item: Item) -> std::result::Result<bool, Refusal> {
        match &mut self.mode {
            Mode::Passing(watch) => watch.push_row(item, self.lexer.text()).map_err(Refusal::statement),
            _ => Ok(false),
        }
    }

    /// One word of a statement.
    fn token(&mut self, token: Token, to: usize, piece: &mut Piece) -> std::result::Result<(), Refusal> {
        self.nesting.push(&token);
        self.roles.push(&token);
        match &mut self.mode {
            Mode::Passing(watch) => watch.push(&token).map_err(Refusal::statement)?,
            Mode::Removing(..) if self.tokens.len() < MOST_TOKENS => self.tokens.push(token),
            Mode::Removing(..) | Mode::Rows => {}
            Mode::Between | Mode::Judging => {
                self.mode = Mode::Judging;
                self.tokens.push(token);
                self.judge(to, piece)?;
            }
        }
        Ok(())
    }

    fn judge(&mut self, to: usize, piece: &mut Piece) -> std::result::Result<(), Refusal> {
        match rule(&self.tokens) {
            Ruling::Open if self.tokens.len() < MOST_TOKENS => {}
            Ruling::Open | Ruling::Refused => return Err(Refusal::unknown(&self.tokens)),
            Ruling::Database(act, name_at) => {
                let name = self.tokens[name_at].text.clone();
                self.same_database(&name)?;
                self.mode = Mode::Removing(act, name_at);
            }
            Ruling::Pass(watch) => {
                self.mode = Mode::Passing(watch);
                self.allow(to, piece);
            }
        }
        Ok(())
    }

    fn end_statement(&mut self, to: usize, piece: &mut Piece) -> std::result::Result<(), Refusal> {
        if self.nesting.is_open() {
            return Ok(());
        }
        let tokens = std::mem::take(&mut self.tokens);
        self.nesting = Nesting::default();
        self.roles.end_statement();
        match std::mem::replace(&mut self.mode, Mode::Between) {
            Mode::Passing(watch) => {
                if watch.end().map_err(Refusal::statement)? {
                    self.lexer.expect_rows();
                    self.mode = Mode::Rows;
                }
                self.allow(to, piece);
            }
            Mode::Removing(act, name_at) => {
                let raw = [&self.held, &piece.data[piece.judged..to]].concat();
                let from = self.position + to as u64 - raw.len() as u64;
                self.own.add(&self.target, (act, name_at), &tokens, (from, &raw)).map_err(Refusal::of_database)?;
                self.remove(to, piece);
            }
            Mode::Judging if !is_whole(&tokens) => return Err(Refusal::unknown(&tokens)),
            Mode::Judging | Mode::Between | Mode::Rows => self.allow(to, piece),
        }
        Ok(())
    }

    fn psql_line(&mut self, to: usize, piece: &mut Piece) -> std::result::Result<(), Refusal> {
        let line = legible(self.lexer.text());
        // The rest of a line that was not kept whole could be anything.
        let whole = matches!(self.mode, Mode::Between) && self.lexer.text().len() < KEPT_BYTES;
        match PsqlLine::read(&line) {
            PsqlLine::Lock if whole => self.allow(to, piece),
            PsqlLine::Encoding if whole => self.remove(to, piece),
            PsqlLine::Connect(name) if whole => {
                self.same_database(&name)?;
                self.remove(to, piece);
            }
            PsqlLine::Unknown(command) => return Err(Refusal::psql_command(&command)),
            _ => return Err(Refusal::psql_command("\\")),
        }
        Ok(())
    }

    /// A dump names one database: whatever it names besides is another one.
    fn same_database(&mut self, name: &str) -> std::result::Result<(), Refusal> {
        match &self.own.name {
            Some(own) if own != name => Err(Refusal::foreign(own, name)),
            Some(_) => Ok(()),
            None => {
                self.own.name = Some(name.to_owned());
                Ok(())
            }
        }
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
        if matches!(self.mode, Mode::Passing(_) | Mode::Rows) {
            piece.judged = data.len();
        }
        piece.give();
        let judged = piece.judged;
        self.held.extend_from_slice(&data[judged..]);
        self.position += data.len() as u64;
        self.lines += count_lines(&data) as u64;
        match self.held.len() > MOST_HELD {
            true => Err(refusal::too_long(&self.tokens).into_error(self.own.name.as_deref(), Some(self.lines + 1))),
            false => Ok(()),
        }
    }

    fn end(&mut self, out: &mut VecDeque<Bytes>) -> Result<()> {
        let refusal = match &self.own {
            _ if !matches!(self.mode, Mode::Between) || self.lexer.is_cut() => Some(Refusal::cut()),
            Own { name: Some(name), create: None, dropped: true, .. } => Some(Refusal::drops_only(name)),
            _ => None,
        };
        out.push_back(Bytes::from(std::mem::take(&mut self.held)));
        refusal.map_or(Ok(()), |refusal| Err(refusal.into_error(self.own.name.as_deref(), None)))
    }
}

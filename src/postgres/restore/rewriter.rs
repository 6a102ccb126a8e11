//! Lets a dump restore into another database than its own, and refuses every dump that could touch anything else.
//!
//! What a dump says about its own database (`DROP`, `CREATE`, `ALTER`, `COMMENT ON`, `GRANT … ON DATABASE`, `\connect`)
//! is taken out and kept in [`Own`], worded for the target: whoever restores makes the target, connects to it once, and
//! says that about it at the end. Everything else is given on as the steps of a load, byte for byte.

use std::collections::{BTreeSet, VecDeque};

use bytes::Bytes;

use crate::error::Result;
use crate::postgres::dump::item::Item;
use crate::postgres::dump::legible::legible;
use crate::postgres::dump::lexer::{KEPT_BYTES, Lexer};
use crate::postgres::restore::cutter::Cutter;
use crate::postgres::restore::nesting::Nesting;
use crate::postgres::restore::other_reading::OtherReading;
use crate::postgres::restore::own::Own;
use crate::postgres::restore::psql_line::PsqlLine;
use crate::postgres::restore::refusal;
use crate::postgres::restore::refusal::Refusal;
use crate::postgres::restore::roles::Roles;
use crate::postgres::restore::rules::{Act, Ruling, Token, is_whole, rule};
use crate::postgres::restore::watch::Watch;
use crate::world::postgres::Step;

/// The most between two statements, and of a statement about the database.
const MOST_HELD: usize = 2 << 20;

/// The most words by which a statement is told.
const MOST_TOKENS: usize = 64;

/// Judges a plain dump by `pg_dump`, and maps it to the database `target`.
pub struct Rewriter {
    target: String,
    own: Own,
    lexer: Lexer,
    mode: Mode,
    tokens: Vec<Token>,
    nesting: Nesting,
    roles: Roles,
    cutter: Cutter,
    /// Where the piece at hand begins in the dump, where the last word ended, and the lines before the piece.
    position: u64,
    word_end: u64,
    lines: u64,
    /// The settings of the dump's database under which it could be read in another way.
    other_reading: OtherReading,
}

enum Mode {
    Between,
    /// In the first words of a statement.
    Judging,
    Passing(Watch),
    /// Behind a `COPY`: its rows begin on the next line.
    BeforeRows,
    Rows,
    /// In a statement about the database that one of its first words names.
    Removing(Act, usize),
}

/// The piece at hand: what of it belongs to the step that is under way.
struct Piece<'a> {
    data: &'a Bytes,
    from: usize,
    /// The place up to which lines were counted, and their number.
    counted: (usize, u64),
    out: &'a mut VecDeque<Step>,
}

impl Piece<'_> {
    /// What has come up to `to` since the last step.
    fn cut(&mut self, to: usize) -> Bytes {
        let from = std::mem::replace(&mut self.from, to);
        self.data.slice(from..to)
    }

    /// The line ends before `at`.
    fn lines_before(&mut self, at: usize) -> u64 {
        let (seen, lines) = self.counted;
        if at > seen {
            self.counted = (at, lines + count_lines(&self.data[seen..at]) as u64);
        }
        self.counted.1
    }
}

impl Rewriter {
    /// Gives the steps that load the dump.
    pub fn new(target: impl Into<String>) -> Rewriter {
        Rewriter::with(target.into(), Cutter::new(true))
    }

    /// Only judges the dump: no step is given, and no statement held.
    pub fn judging(target: impl Into<String>) -> Rewriter {
        Rewriter::with(target.into(), Cutter::new(false))
    }

    fn with(target: String, cutter: Cutter) -> Rewriter {
        Rewriter {
            target,
            own: Own::default(),
            lexer: Lexer::new(),
            mode: Mode::Between,
            tokens: Vec::new(),
            nesting: Nesting::default(),
            roles: Roles::default(),
            cutter,
            position: 0,
            word_end: 0,
            lines: 0,
            other_reading: OtherReading::default(),
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
            Item::Comment if matches!(self.mode, Mode::Between) => self.skip(to, piece),
            Item::Comment => {}
            Item::PsqlLine => self.psql_line(to, piece)?,
            Item::Rows(_) => {
                self.begin_rows(piece)?;
                self.mode = Mode::Between;
                let data = piece.cut(to);
                self.cutter.end_of_rows(data, piece.out);
            }
            Item::Semicolon => self.end_statement(to, piece)?,
            Item::Sign(b'\\') => return Err(Refusal::psql_command("\\")),
            _ if self.row(item)? => {}
            _ => self.token(Token::new(item, self.lexer.text(), from, end), to, piece)?,
        }
        Ok(())
    }

    /// The rows begin directly behind the line end that follows their `COPY`.
    fn begin_rows(&mut self, piece: &mut Piece) -> std::result::Result<(), Refusal> {
        if matches!(self.mode, Mode::BeforeRows) && piece.from < piece.data.len() {
            if piece.data[piece.from] != b'\n' {
                return Err(Refusal::odd("has something behind a `COPY` on its line"));
            }
            piece.from += 1;
            self.mode = Mode::Rows;
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
            Mode::Removing(..) | Mode::Rows | Mode::BeforeRows => {}
            Mode::Between | Mode::Judging => {
                if matches!(self.mode, Mode::Between) {
                    self.cutter.begin(self.lines + piece.lines_before(to) + 1);
                }
                self.mode = Mode::Judging;
                self.tokens.push(token);
                self.judge()?;
            }
        }
        Ok(())
    }

    fn judge(&mut self) -> std::result::Result<(), Refusal> {
        match rule(&self.tokens) {
            Ruling::Open if self.tokens.len() < MOST_TOKENS => {}
            Ruling::Open | Ruling::Refused => return Err(Refusal::unknown(&self.tokens)),
            Ruling::Database(act, name_at) => {
                let name = self.tokens[name_at].text.clone();
                self.same_database(&name)?;
                self.mode = Mode::Removing(act, name_at);
            }
            Ruling::Pass(watch) => self.mode = Mode::Passing(watch),
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
        let (data, strings) = (piece.cut(to), self.lexer.take_ambiguous());
        match std::mem::replace(&mut self.mode, Mode::Between) {
            Mode::Passing(watch) => {
                let copies = watch.end().map_err(Refusal::statement)?;
                self.other_reading.check(strings)?;
                self.cutter.statement(data, copies, piece.out);
                if copies {
                    self.lexer.expect_rows();
                    self.mode = Mode::BeforeRows;
                }
            }
            Mode::Removing(act, name_at) => {
                let raw = self.cutter.whole(data);
                let from = self.position + to as u64 - raw.len() as u64;
                self.other_reading.learn(&tokens);
                self.own.add(&self.target, (act, name_at), &tokens, (from, &raw)).map_err(Refusal::of_database)?;
            }
            Mode::Judging if !is_whole(&tokens) => return Err(Refusal::unknown(&tokens)),
            Mode::Judging => self.cutter.statement(data, false, piece.out),
            Mode::Between | Mode::Rows | Mode::BeforeRows => self.cutter.skip(),
        }
        Ok(())
    }

    fn psql_line(&mut self, to: usize, piece: &mut Piece) -> std::result::Result<(), Refusal> {
        let line = legible(self.lexer.text());
        // The rest of a line that was not kept whole could be anything.
        let whole = matches!(self.mode, Mode::Between) && self.lexer.text().len() < KEPT_BYTES;
        match PsqlLine::read(&line) {
            PsqlLine::Lock | PsqlLine::Encoding if whole => self.skip(to, piece),
            PsqlLine::Connect(name) if whole => {
                self.same_database(&name)?;
                self.skip(to, piece);
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

    /// What has come since the last step is none.
    fn skip(&mut self, to: usize, piece: &mut Piece) {
        piece.from = to;
        self.cutter.skip();
    }
}

fn count_lines(data: &[u8]) -> usize {
    memchr::memchr_iter(b'\n', data).count()
}

impl Rewriter {
    /// Takes one piece of the dump; the steps that it completes are appended to `out`.
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
        match self.mode {
            Mode::Rows => self.cutter.rows(rest, self.lexer.unsure_row_bytes(), piece.out),
            // Of a statement about the database all is needed, to be worded anew.
            _ => self.cutter.hold(&rest, matches!(self.mode, Mode::Between | Mode::Judging | Mode::Removing(..))),
        }
        self.position += data.len() as u64;
        self.lines += piece.lines_before(data.len());
        let held = !matches!(self.mode, Mode::Passing(_)) && self.cutter.held_bytes() > MOST_HELD;
        match held || self.cutter.is_too_long() {
            true => Err(refusal::too_long(&self.tokens).into_error(self.own.name.as_deref(), Some(self.lines + 1))),
            false => Ok(()),
        }
    }

    /// The dump has ended.
    pub fn end(&mut self) -> Result<()> {
        let refusal = match &self.own {
            _ if !matches!(self.mode, Mode::Between) || self.lexer.is_cut() => Some(Refusal::cut()),
            Own { name: Some(name), create: None, dropped: true, .. } => Some(Refusal::drops_only(name)),
            _ => None,
        };
        refusal.map_or(Ok(()), |refusal| Err(refusal.into_error(self.own.name.as_deref(), None)))
    }
}

//! Judges a dump statement by statement, as `pg_dump` writes it: what may be restored, what is about the database itself, what is refused.
//!
//! Backup and restore ask the same judge, so that a dump which would be refused is reported when it is made.

use std::collections::BTreeSet;

use crate::postgres::dump::item::Item;
use crate::postgres::dump::legible::legible;
use crate::postgres::dump::lexer::{KEPT_BYTES, Lexer};
use crate::postgres::restore::nesting::Nesting;
use crate::postgres::restore::other_reading::OtherReading;
use crate::postgres::restore::psql_line::PsqlLine;
use crate::postgres::restore::refusal::{self, Refusal};
use crate::postgres::restore::roles::Roles;
use crate::postgres::restore::rules::watch::Watch;
use crate::postgres::restore::rules::{Act, Ruling, Token, is_whole, rule};

/// The most words by which a statement is recognized.
const MOST_TOKENS: usize = 64;

/// Since 17, `pg_dump` sets it in every dump.
pub(crate) const NEWER_SETTING: &str = "transaction_timeout";

/// What becomes of the bytes up to the end of the item that was judged.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// It is not known yet.
    Hold,
    /// A comment, or a line for psql, which no restore needs.
    Skip,
    /// A statement that may be restored is whole; rows follow a `COPY`.
    Statement { copies: bool },
    /// The rows of a table are whole.
    EndOfRows,
    /// A statement about the database itself, which one of its words names.
    Database { act: Act, name_at: usize, tokens: Vec<Token> },
}

/// The judge of one dump.
pub(crate) struct Judge {
    mode: Mode,
    tokens: Vec<Token>,
    nesting: Nesting,
    roles: Roles,
    name: Option<String>,
    /// Whether the dump drops its database, and whether it creates it.
    drops: bool,
    creates: bool,
    /// The settings of the dump's database under which it could be read in another way.
    other_reading: OtherReading,
}

enum Mode {
    Between,
    /// In the first words of a statement.
    Judging,
    Passing(Watch),
    Rows,
    /// In a statement about the database that one of its first words names.
    Removing(Act, usize),
    /// In a statement that was refused.
    Refused,
}

impl Judge {
    pub(crate) fn new() -> Judge {
        Judge {
            mode: Mode::Between,
            tokens: Vec::new(),
            nesting: Nesting::default(),
            roles: Roles::default(),
            name: None,
            drops: false,
            creates: false,
            other_reading: OtherReading::default(),
        }
    }

    /// The database that the dump names, as far as it is known.
    pub(crate) fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The roles that the dump names so far.
    pub(crate) fn roles(&self) -> &BTreeSet<String> {
        self.roles.found()
    }

    /// Whether the statement at hand may be restored, as far as is known.
    pub(crate) fn is_passing(&self) -> bool {
        matches!(self.mode, Mode::Passing(_))
    }

    /// Whether no statement is under way, and no rows.
    pub(crate) fn is_between(&self) -> bool {
        matches!(self.mode, Mode::Between)
    }

    pub(crate) fn is_in_rows(&self) -> bool {
        matches!(self.mode, Mode::Rows)
    }

    /// Whether the rest of the statement decides nothing any more, wherever its semicolons are.
    pub(crate) fn is_free(&self) -> bool {
        matches!(self.mode, Mode::Passing(Watch::Anything)) && !self.nesting.is_open()
    }

    /// The words of the statement so far.
    pub(crate) fn too_long(&self) -> Refusal {
        refusal::too_long(&self.tokens)
    }

    /// Judges the item that the lexer has just read; it begins at `from` and ends at `to`.
    pub(crate) fn item(&mut self, item: Item, lexer: &mut Lexer, from: u64, to: u64) -> Result<Verdict, Refusal> {
        if let Some(odd) = lexer.odd() {
            return Err(Refusal::odd(odd.which()));
        }
        match item {
            Item::Comment if matches!(self.mode, Mode::Between) => Ok(Verdict::Skip),
            Item::Comment => Ok(Verdict::Hold),
            Item::PsqlLine => self.psql_line(lexer.text()),
            Item::Rows(_) => {
                self.mode = Mode::Between;
                Ok(Verdict::EndOfRows)
            }
            Item::Semicolon => self.end_statement(lexer),
            Item::Sign(b'\\') => Err(Refusal::psql_command("\\")),
            _ if self.row(item, lexer.text())? => Ok(Verdict::Hold),
            _ => self.token(Token::new(item, lexer.text(), from, to)),
        }
    }

    /// Skips the rest of the refused statement, so that the next one can be judged.
    pub(crate) fn pass_over(&mut self) {
        self.mode = Mode::Refused;
    }

    /// What is wrong with the dump as a whole, now that it has ended; `cut` says that it ends inside something.
    pub(crate) fn end(&self, cut: bool) -> Option<Refusal> {
        match &self.name {
            _ if !matches!(self.mode, Mode::Between) || cut => Some(Refusal::cut()),
            Some(name) if self.drops && !self.creates => Some(Refusal::drops_only(name)),
            _ => None,
        }
    }

    /// One word of a statement that may be an `INSERT`; says whether it is one.
    fn row(&mut self, item: Item, text: &[u8]) -> Result<bool, Refusal> {
        match &mut self.mode {
            Mode::Passing(watch) => watch.push_row(item, text).map_err(Refusal::statement),
            _ => Ok(false),
        }
    }

    /// One word of a statement.
    fn token(&mut self, token: Token) -> Result<Verdict, Refusal> {
        self.nesting.push(&token);
        self.roles.push(&token);
        match &mut self.mode {
            Mode::Passing(watch) => watch.push(&token).map_err(Refusal::statement)?,
            Mode::Removing(..) if self.tokens.len() < MOST_TOKENS => self.tokens.push(token),
            Mode::Removing(..) | Mode::Rows | Mode::Refused => {}
            Mode::Between | Mode::Judging => {
                self.mode = Mode::Judging;
                self.tokens.push(token);
                return self.judge();
            }
        }
        Ok(Verdict::Hold)
    }

    fn judge(&mut self) -> Result<Verdict, Refusal> {
        match rule(&self.tokens) {
            Ruling::Open if self.tokens.len() < MOST_TOKENS => Ok(Verdict::Hold),
            Ruling::Open | Ruling::Refused => Err(Refusal::unknown(&self.tokens)),
            Ruling::Database(act, name_at) => {
                let name = self.tokens[name_at].text.clone();
                self.same_database(&name)?;
                self.mode = Mode::Removing(act, name_at);
                Ok(Verdict::Hold)
            }
            Ruling::Pass(watch) => {
                self.mode = Mode::Passing(watch);
                Ok(Verdict::Hold)
            }
        }
    }

    fn end_statement(&mut self, lexer: &mut Lexer) -> Result<Verdict, Refusal> {
        if self.nesting.is_open() {
            return Ok(Verdict::Hold);
        }
        let tokens = std::mem::take(&mut self.tokens);
        self.nesting = Nesting::default();
        self.roles.end_statement();
        let strings = lexer.take_ambiguous();
        match std::mem::replace(&mut self.mode, Mode::Between) {
            // A server before 17 does not know it, and no session of a restore needs it.
            Mode::Passing(_) if is_of_newer_pg_dump(&tokens) => Ok(Verdict::Skip),
            Mode::Passing(watch) => {
                let copies = watch.end().map_err(Refusal::statement)?;
                self.other_reading.check(strings)?;
                if copies {
                    self.mode = Mode::Rows;
                }
                Ok(Verdict::Statement { copies })
            }
            Mode::Removing(act, name_at) => {
                self.other_reading.learn(&tokens);
                self.drops |= act == Act::Drop;
                self.creates |= act == Act::Create;
                Ok(Verdict::Database { act, name_at, tokens })
            }
            Mode::Judging if !is_whole(&tokens) => Err(Refusal::unknown(&tokens)),
            Mode::Judging => Ok(Verdict::Statement { copies: false }),
            _ => Ok(Verdict::Skip),
        }
    }

    fn psql_line(&mut self, text: &[u8]) -> Result<Verdict, Refusal> {
        let line = legible(text);
        // The rest of a line that was not kept whole could be anything.
        let whole = matches!(self.mode, Mode::Between) && text.len() < KEPT_BYTES;
        match PsqlLine::read(&line) {
            PsqlLine::Lock | PsqlLine::Encoding if whole => Ok(Verdict::Skip),
            PsqlLine::Connect(name) if whole => {
                self.same_database(&name)?;
                Ok(Verdict::Skip)
            }
            PsqlLine::Unknown(command) => Err(Refusal::psql_command(&command)),
            _ => Err(Refusal::psql_command("\\")),
        }
    }

    /// A dump names one database: whatever it names besides is another one.
    fn same_database(&mut self, name: &str) -> Result<(), Refusal> {
        match &self.name {
            Some(own) if own != name => Err(Refusal::foreign(own, name)),
            Some(_) => Ok(()),
            None => {
                self.name = Some(name.to_owned());
                Ok(())
            }
        }
    }
}

/// Whether a statement sets what only newer servers know, as `pg_dump` 17 does whatever the server is.
fn is_of_newer_pg_dump(tokens: &[Token]) -> bool {
    matches!(tokens, [set, name, ..] if set.word() == "set" && name.word() == NEWER_SETTING)
}

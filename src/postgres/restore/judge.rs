//! Judges each statement of a dump, as `pg_dump` writes it: it may be restored, is about the database itself, or is rejected.
//!
//! Backup and restore use the same judge, so that a dump that would be rejected is reported when it is created.

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

/// The maximum number of words that identify a statement.
const MOST_TOKENS: usize = 64;

/// Since 17, `pg_dump` sets it in every dump.
pub(crate) const NEWER_SETTING: &str = "transaction_timeout";

/// What happens to the bytes up to the end of the judged item.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// Not yet known.
    Hold,
    /// A comment, or a line for psql, which no restore needs.
    Skip,
    /// The end of a statement that may be restored; rows follow a `COPY`.
    Statement { copies: bool },
    /// The end of a table's rows.
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
    /// The settings of the dump's database that could make it parse differently.
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
    /// In a rejected statement.
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

    /// The database that the dump names, if known.
    pub(crate) fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The roles that the dump names so far.
    pub(crate) fn roles(&self) -> &BTreeSet<String> {
        self.roles.found()
    }

    /// Whether the current statement may be restored, as far as known.
    pub(crate) fn is_passing(&self) -> bool {
        matches!(self.mode, Mode::Passing(_))
    }

    /// Whether the position is outside of statements and rows.
    pub(crate) fn is_between(&self) -> bool {
        matches!(self.mode, Mode::Between)
    }

    pub(crate) fn is_in_rows(&self) -> bool {
        matches!(self.mode, Mode::Rows)
    }

    /// Whether the rest of the statement, including its semicolons, is irrelevant.
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

    /// Skips the rest of the rejected statement, so that the next one can be judged.
    pub(crate) fn pass_over(&mut self) {
        self.mode = Mode::Refused;
    }

    /// The error of the dump as a whole, after its end; `cut` means that it ends inside an item.
    pub(crate) fn end(&self, cut: bool) -> Option<Refusal> {
        match &self.name {
            _ if !matches!(self.mode, Mode::Between) || cut => Some(Refusal::cut()),
            Some(name) if self.drops && !self.creates => Some(Refusal::drops_only(name)),
            _ => None,
        }
    }

    /// Takes one word of a statement that may be an `INSERT`; returns whether it is one.
    fn row(&mut self, item: Item, text: &[u8]) -> Result<bool, Refusal> {
        match &mut self.mode {
            Mode::Passing(watch) => watch.push_row(item, text).map_err(Refusal::statement),
            _ => Ok(false),
        }
    }

    /// Takes one word of a statement.
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
            // A server before 17 does not support it, and a restore does not need it.
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
        // The unknown rest of a truncated line could be anything.
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

    /// A dump names one database: any other name is another database.
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

/// Whether a statement sets something that only newer servers support, as `pg_dump` 17 does for every server.
fn is_of_newer_pg_dump(tokens: &[Token]) -> bool {
    matches!(tokens, [set, name, ..] if set.word() == "set" && name.word() == NEWER_SETTING)
}

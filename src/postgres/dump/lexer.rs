//! Splits a plain dump into words, comments, psql lines and blocks of rows, at any chunk boundaries.
//!
//! It knows enough SQL lexical rules never to take data for a statement: strings, quoted names, dollar
//! quotes, nested comments. It reads strings as the server does with `standard_conforming_strings`, and
//! records what psql might parse differently.

pub mod dollar;
pub mod quote;
mod scan;

use crate::postgres::dump::comment::BlockComment;
use crate::postgres::dump::copy::RowCounter;
use crate::postgres::dump::item::Item;
use crate::postgres::dump::lexer::dollar::{Dollar, DollarQuote};
use crate::postgres::dump::lexer::quote::{Ambiguous, Quote};
use crate::postgres::dump::odd::Odd;

/// The bytes kept of one word, name, comment or line; longer than any relevant name, version or token.
pub(crate) const KEPT_BYTES: usize = 4096;

/// The bytes kept of one string: more than `pg_dump` writes of a large object at once.
pub(crate) const KEPT_STRING_BYTES: usize = 64 << 10;

#[derive(Debug)]
enum State {
    /// Between two items.
    Between,
    Word,
    Name,
    NameQuote,
    String(Quote),
    Dash,
    Slash,
    Comment,
    BlockComment(BlockComment),
    Dollar(DollarQuote),
    PsqlLine,
    /// After the `;` of a `COPY`: its rows begin on the next line.
    BeforeRows,
    Rows(RowCounter),
}

pub(crate) struct Lexer {
    state: State,
    text: Vec<u8>,
    line_start: bool,
    in_statement: bool,
    /// The statement is irrelevant: only its end is searched for.
    skipping: bool,
    /// The word `e` directly precedes the next item, and enables escapes in a string.
    escapes: bool,
    /// The previous item was a string.
    behind_string: bool,
    odd: Option<Odd>,
    /// Whether row fingerprints are computed, and the fingerprint of the last block.
    summing: bool,
    sum: Option<u128>,
    /// What in the strings of the statement other settings would parse differently.
    ambiguous: Ambiguous,
}

impl Lexer {
    pub(crate) fn new() -> Lexer {
        Lexer {
            state: State::Between,
            text: Vec::new(),
            line_start: true,
            in_statement: false,
            skipping: false,
            escapes: false,
            behind_string: false,
            odd: None,
            summing: false,
            sum: None,
            ambiguous: Ambiguous::default(),
        }
    }

    /// A lexer that also computes row fingerprints.
    pub(crate) fn summing() -> Lexer {
        Lexer { summing: true, ..Lexer::new() }
    }

    /// The sum of the rows of the last block.
    pub(crate) fn sum(&self) -> Option<u128> {
        self.sum
    }

    /// The text of the last item.
    pub(crate) fn text(&self) -> &[u8] {
        &self.text
    }

    /// Marks the current statement as irrelevant: its words are not read one by one.
    pub(crate) fn skip_statement(&mut self) {
        self.skipping = true;
    }

    /// Marks the statement that just ended as a `COPY`: rows follow.
    pub(crate) fn expect_rows(&mut self) {
        self.state = State::BeforeRows;
    }

    /// Complete rows of the current block.
    pub(crate) fn rows_so_far(&self) -> Option<u64> {
        match &self.state {
            State::BeforeRows => Some(0),
            State::Rows(counter) => Some(counter.rows()),
            _ => None,
        }
    }

    /// The number of final bytes that may be the start of the line that ends the rows.
    pub(crate) fn unsure_row_bytes(&self) -> usize {
        match &self.state {
            State::Rows(counter) => counter.unsure_bytes(),
            _ => 0,
        }
    }

    /// The first construct so far that psql might parse differently.
    pub(crate) fn odd(&self) -> Option<Odd> {
        self.odd
    }

    /// What in the strings since the last call other settings would parse differently.
    pub(crate) fn take_ambiguous(&mut self) -> Ambiguous {
        std::mem::take(&mut self.ambiguous)
    }

    pub(crate) fn in_statement(&self) -> bool {
        self.in_statement
    }

    /// Whether the end of data here would truncate something other than a comment.
    pub(crate) fn is_cut(&self) -> bool {
        self.in_statement || !matches!(self.state, State::Between | State::Comment)
    }

    /// Returns the next item and advances `data` past it; none when `data` is used up.
    pub(crate) fn next(&mut self, data: &mut &[u8]) -> Option<Item> {
        while !data.is_empty() {
            let (used, item) = self.step(data);
            *data = &data[used..];
            if let Some(item) = item {
                self.in_statement = match item {
                    Item::Semicolon | Item::Rows(_) => false,
                    Item::Comment | Item::PsqlLine => self.in_statement,
                    _ => true,
                };
                self.skipping &= self.in_statement;
                self.behind_string = item == Item::String || (item == Item::Comment && self.behind_string);
                return Some(item);
            }
        }
        None
    }

    fn step(&mut self, data: &[u8]) -> (usize, Option<Item>) {
        match &mut self.state {
            State::Between if self.skipping => self.skip(data),
            State::Between => self.between(data[0]),
            State::Word => self.word(data),
            State::Name => self.keep_until(data, b'"', State::NameQuote),
            State::NameQuote if data[0] == b'"' => {
                self.keep(b"\"");
                self.go(1, State::Name)
            }
            State::NameQuote => self.emit(0, Item::Name),
            State::String(quote) => match quote.feed(data, (!self.skipping).then_some(&mut self.text)) {
                (used, true) => {
                    let Ambiguous { backslash_quote, half_character } = quote.ambiguous();
                    self.ambiguous.backslash_quote |= backslash_quote;
                    self.ambiguous.half_character |= half_character;
                    self.emit(used, Item::String)
                }
                (used, false) => (used, None),
            },
            State::Dash if data[0] == b'-' => self.begin(State::Comment),
            State::Dash => {
                self.line_start = false;
                self.emit(0, Item::Sign(b'-'))
            }
            State::Slash if data[0] == b'*' => self.begin(State::BlockComment(BlockComment::new())),
            State::Slash => self.emit(0, Item::Sign(b'/')),
            State::Comment => self.comment(data),
            State::BlockComment(comment) => match comment.feed(data) {
                (used, true) => self.go(used, State::Between),
                (used, false) => (used, None),
            },
            State::Dollar(quote) => match quote.feed(data) {
                (used, Dollar::Open) => (used, None),
                (used, Dollar::Closed) => self.emit(used, Item::String),
                (used, Dollar::Alone) => {
                    let bare = quote.is_bare();
                    self.note(!bare, Odd::LoneDollar);
                    self.emit(used, Item::Sign(b'$'))
                }
            },
            State::PsqlLine if data[0] == b'\n' => self.emit(0, Item::PsqlLine),
            State::PsqlLine => self.keep_line(data),
            State::BeforeRows => {
                let counter = RowCounter::new(self.summing);
                self.skip_until(data, b'\n', State::Rows(counter))
            }
            State::Rows(counter) => {
                let (used, ended) = counter.feed(data);
                let (rows, odd, sum) = (counter.rows(), counter.is_odd(), counter.sum());
                if ended {
                    self.sum = sum;
                }
                self.note(odd, Odd::EndOfRows);
                if ended { self.emit_line(used, Item::Rows(rows)) } else { (used, None) }
            }
        }
    }

    fn note(&mut self, met: bool, odd: Odd) {
        if met {
            self.odd.get_or_insert(odd);
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = KEPT_BYTES.saturating_sub(self.text.len());
        self.text.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    fn keep_line(&mut self, data: &[u8]) -> (usize, Option<Item>) {
        let used = memchr::memchr(b'\n', data).unwrap_or(data.len());
        self.keep(&data[..used]);
        (used, None)
    }

    fn keep_until(&mut self, data: &[u8], end: u8, then: State) -> (usize, Option<Item>) {
        let found = memchr::memchr(end, data);
        self.keep(&data[..found.unwrap_or(data.len())]);
        self.skip_until(data, end, then)
    }

    fn skip_until(&mut self, data: &[u8], end: u8, then: State) -> (usize, Option<Item>) {
        match memchr::memchr(end, data) {
            Some(at) => self.go(at + 1, then),
            None => (data.len(), None),
        }
    }

    fn go(&mut self, used: usize, state: State) -> (usize, Option<Item>) {
        self.state = state;
        (used, None)
    }

    /// Starts an item whose text begins after the current character.
    fn begin(&mut self, state: State) -> (usize, Option<Item>) {
        self.text.clear();
        self.go(1, state)
    }

    fn emit(&mut self, used: usize, item: Item) -> (usize, Option<Item>) {
        self.state = State::Between;
        (used, Some(item))
    }

    /// Ends an item together with its line.
    fn emit_line(&mut self, used: usize, item: Item) -> (usize, Option<Item>) {
        self.line_start = true;
        self.emit(used, item)
    }
}

/// Whether a byte can be in a bare word; every byte of a non-ASCII character can.
pub(crate) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii()
}

//! Splits a plain dump into words, comments, psql lines and blocks of rows, wherever the borders of its pieces fall.
//!
//! It knows as much of SQL's lexis as is needed never to take data for a statement: strings, quoted names, dollar
//! quotes, nested comments. It takes strings for what the server takes them for with `standard_conforming_strings`, and
//! notes what psql might read in another way.

pub mod dollar;
pub mod quote;
mod scan;

use crate::postgres::dump::comment::BlockComment;
use crate::postgres::dump::copy::RowCounter;
use crate::postgres::dump::item::Item;
use crate::postgres::dump::lexer::dollar::{Dollar, DollarQuote};
use crate::postgres::dump::lexer::quote::{Ambiguous, Quote};
use crate::postgres::dump::odd::Odd;

/// What is kept of one word, name, comment or line; more than any name, version or token that matters is long.
pub(crate) const KEPT_BYTES: usize = 4096;

/// What is kept of one string: more than `pg_dump` writes of a large object at once.
pub(crate) const KEPT_STRING_BYTES: usize = 64 << 10;

#[derive(Debug)]
enum State {
    /// Between two things.
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
    /// Behind the `;` of a `COPY`: its rows begin on the next line.
    BeforeRows,
    Rows(RowCounter),
}

pub(crate) struct Lexer {
    state: State,
    text: Vec<u8>,
    line_start: bool,
    in_statement: bool,
    /// The statement does not matter: only its end is searched for.
    skipping: bool,
    /// The word `e` is directly before what comes, and gives escapes to a string.
    escapes: bool,
    /// A string was the last thing before what comes.
    behind_string: bool,
    odd: Option<Odd>,
    /// Whether the fingerprint of rows is taken, and that of the block that was read last.
    summing: bool,
    sum: Option<u128>,
    /// What the strings of the statement have that other settings would read in another way.
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

    /// One that takes the fingerprints of rows as well.
    pub(crate) fn summing() -> Lexer {
        Lexer { summing: true, ..Lexer::new() }
    }

    /// The sum of the rows of the block that was read last.
    pub(crate) fn sum(&self) -> Option<u128> {
        self.sum
    }

    /// The text of the item that was read last.
    pub(crate) fn text(&self) -> &[u8] {
        &self.text
    }

    /// The statement that has begun does not matter: its words are not read one by one.
    pub(crate) fn skip_statement(&mut self) {
        self.skipping = true;
    }

    /// The statement that has just ended was a `COPY`: what follows is rows.
    pub(crate) fn expect_rows(&mut self) {
        self.state = State::BeforeRows;
    }

    /// Whole rows of the block that is being read.
    pub(crate) fn rows_so_far(&self) -> Option<u64> {
        match &self.state {
            State::BeforeRows => Some(0),
            State::Rows(counter) => Some(counter.rows()),
            _ => None,
        }
    }

    /// How many bytes at the end of what was read may begin the line that ends the rows.
    pub(crate) fn unsure_row_bytes(&self) -> usize {
        match &self.state {
            State::Rows(counter) => counter.unsure_bytes(),
            _ => 0,
        }
    }

    /// The first thing so far that psql might read in another way.
    pub(crate) fn odd(&self) -> Option<Odd> {
        self.odd
    }

    /// What the strings since the last call have that other settings would read in another way.
    pub(crate) fn take_ambiguous(&mut self) -> Ambiguous {
        std::mem::take(&mut self.ambiguous)
    }

    pub(crate) fn in_statement(&self) -> bool {
        self.in_statement
    }

    /// Whether the end of the data here would cut something other than a comment.
    pub(crate) fn is_cut(&self) -> bool {
        self.in_statement || !matches!(self.state, State::Between | State::Comment)
    }

    /// The next item, with `data` moved on behind it; none when `data` is used up.
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

    /// Starts a thing whose text begins behind the character at hand.
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

/// Whether a byte can be in a bare word; all of a character outside ASCII can.
pub(crate) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii()
}

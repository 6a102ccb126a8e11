//! Scans the start of an item, and the items that are not quoted.

use super::{Lexer, State, is_word};
use crate::postgres::dump::item::Item;
use crate::postgres::dump::lexer::dollar::DollarQuote;
use crate::postgres::dump::lexer::quote::Quote;
use crate::postgres::dump::odd::Odd;

impl Lexer {
    pub(super) fn between(&mut self, byte: u8) -> (usize, Option<Item>) {
        let first = std::mem::replace(&mut self.line_start, byte == b'\n');
        match byte {
            b'\n' | b' ' | b'\t' | b'\r' => (1, None),
            b'-' => {
                // Kept because this may be the start of a comment.
                self.line_start = first;
                self.go(1, State::Dash)
            }
            b'/' => self.go(1, State::Slash),
            b'\'' => {
                self.note(self.behind_string, Odd::JoinedStrings);
                let quote = Quote::new(std::mem::take(&mut self.escapes));
                self.begin(State::String(quote))
            }
            b'"' => self.begin(State::Name),
            b'$' => self.begin(State::Dollar(DollarQuote::new())),
            b'\\' if !self.in_statement => {
                self.text.clear();
                self.go(0, State::PsqlLine)
            }
            b';' => self.emit(1, Item::Semicolon),
            _ if is_word(byte) => {
                self.text.clear();
                self.go(0, State::Word)
            }
            _ => self.emit(1, Item::Sign(byte)),
        }
    }

    /// Skips bytes that can neither end a statement nor begin something that hides its end.
    pub(super) fn skip(&mut self, data: &[u8]) -> (usize, Option<Item>) {
        let plain =
            data.iter().position(|byte| matches!(byte, b'\n' | b'"' | b'$' | b'\'' | b'-' | b'/' | b';' | b'\\'));
        let plain = plain.unwrap_or(data.len());
        if plain == 0 {
            return self.between(data[0]);
        }
        self.line_start = false;
        let word = data[..plain].iter().rev().take_while(|&&byte| is_word(byte)).count();
        self.behind_string &= data[..plain].iter().all(u8::is_ascii_whitespace);
        // A `$` after a word is part of it, a word may change the type of a string, and it may continue in the next chunk.
        if word > 0 {
            self.text.clear();
            return self.go(plain - word, State::Word);
        }
        (plain, None)
    }

    pub(super) fn word(&mut self, data: &[u8]) -> (usize, Option<Item>) {
        let end = data.iter().position(|&byte| !is_word(byte) && byte != b'$');
        let used = end.unwrap_or(data.len());
        self.keep(&data[..used]);
        let number = self.text.first().is_some_and(u8::is_ascii_digit);
        let quote = data.get(used) == Some(&b'\'');
        self.note(number && (quote || data[..used].contains(&b'$')), Odd::JoinedNumber);
        self.escapes = quote && self.text.eq_ignore_ascii_case(b"e");
        if end.is_some() { self.emit(used, Item::Word) } else { (used, None) }
    }

    pub(super) fn comment(&mut self, data: &[u8]) -> (usize, Option<Item>) {
        if data[0] != b'\n' {
            let (used, _) = self.keep_line(data);
            self.note(memchr::memchr(b'\r', &data[..used]).is_some(), Odd::ReturnInComment);
            return (used, None);
        }
        if self.line_start { self.emit(0, Item::Comment) } else { self.go(0, State::Between) }
    }
}

//! Decides which semicolons end a statement, by the same rules as psql.

use crate::postgres::restore::rules::{Token, TokenKind};

/// The nesting depth of brackets and `BEGIN ATOMIC … END` in the statement.
#[derive(Debug, Default)]
pub(crate) struct Nesting {
    brackets: usize,
    blocks: usize,
    /// The first words of the statement: only `CREATE` of a function or procedure has a block.
    first: Vec<u8>,
}

impl Nesting {
    pub(crate) fn push(&mut self, token: &Token) {
        match (token.kind, token.text.as_str()) {
            (TokenKind::Sign, "(") => self.brackets += 1,
            (TokenKind::Sign, ")") => self.brackets = self.brackets.saturating_sub(1),
            (TokenKind::Word, word) => self.word(word),
            _ => {}
        }
    }

    fn word(&mut self, word: &str) {
        if self.first.len() < 4 {
            let known = ["create", "function", "procedure", "or", "replace"].contains(&word);
            self.first.push(if known { word.as_bytes()[0] } else { b' ' });
        }
        let routine = self.first.starts_with(b"cf")
            || self.first.starts_with(b"cp")
            || self.first.starts_with(b"corf")
            || self.first.starts_with(b"corp");
        match word {
            "begin" if routine && self.brackets == 0 => self.blocks += 1,
            "case" if self.blocks > 0 && self.brackets == 0 => self.blocks += 1,
            "end" if routine && self.brackets == 0 => self.blocks = self.blocks.saturating_sub(1),
            _ => {}
        }
    }

    /// Whether a semicolon here is inside the statement.
    pub(crate) fn is_open(&self) -> bool {
        self.brackets > 0 || self.blocks > 0
    }
}

//! Checks, while a statement is read, that its rest matches its first words.

use crate::postgres::dump::item::Item;
use crate::postgres::restore::inserting::Insert;
use crate::postgres::restore::rules::{Token, TokenKind};

/// What the rest of a statement is checked for.
#[derive(Debug)]
pub(crate) enum Watch {
    /// Anything may follow: the statement acts in the database that is being restored.
    Anything,
    /// Rows as `INSERT` statements: plain values, checked word by word in the rewriter itself for speed.
    Rows(Insert),
    /// A table with a column list: not `CREATE TABLE … AS`, which runs a query.
    Columns { depth: usize },
    /// Only `COPY name (columns) FROM stdin`.
    Copy { head: usize, depth: usize, tail: Vec<String> },
    /// The arguments of a call: values, not more calls.
    Values { cast: bool },
    /// A materialized view that is filled later, by its `REFRESH`: it ends in `WITH NO DATA`.
    NoData { seen: usize },
    /// A subscription that does not connect when it is created: `connect = false`.
    Subscription { seen: usize },
}

const NOT_VALUES: &str = "has an `INSERT` of something other than plain values";

impl Watch {
    pub(crate) fn copy() -> Watch {
        Watch::Copy { head: 0, depth: 0, tail: Vec::new() }
    }

    /// Takes the next word or sign; rejects one that is not allowed here.
    pub(crate) fn push(&mut self, token: &Token) -> Result<(), &'static str> {
        match self {
            Watch::Anything | Watch::Rows(_) => {}
            Watch::Columns { depth } => match (token.kind, token.text.as_str()) {
                (TokenKind::Sign, "(") => *depth += 1,
                (TokenKind::Sign, ")") => *depth = depth.saturating_sub(1),
                (TokenKind::Word, "as") if *depth == 0 => return Err("fills a table by a query (`CREATE TABLE … AS`)"),
                _ => {}
            },
            Watch::Copy { head, depth, tail } => push_copy(head, depth, tail, token),
            Watch::Values { cast } => {
                let known = match token.kind {
                    TokenKind::String => true,
                    TokenKind::Name => false,
                    TokenKind::Sign => "(),-.:[]=".contains(token.text.as_str()),
                    TokenKind::Word => *cast || is_value(&token.text),
                };
                *cast = token.text == ":" && token.kind == TokenKind::Sign;
                if !known {
                    return Err("gives one of its functions something other than plain values");
                }
            }
            Watch::NoData { seen } => {
                let words = ["with", "no", "data"];
                *seen = match words.get(*seen) {
                    Some(word) if *word == token.text && token.kind == TokenKind::Word => *seen + 1,
                    _ => usize::from(token.text == words[0] && token.kind == TokenKind::Word),
                };
            }
            Watch::Subscription { seen } => {
                let words = ["connect", "=", "false"];
                *seen = match words.get(*seen) {
                    None => words.len(),
                    Some(word) if *word == token.text && token.kind != TokenKind::String => *seen + 1,
                    Some(_) => usize::from(token.text == words[0]),
                };
            }
        }
        Ok(())
    }

    /// Takes the next word or sign of an `INSERT`; returns whether it still is one.
    pub(crate) fn push_row(&mut self, item: Item, text: &[u8]) -> Result<bool, &'static str> {
        let Watch::Rows(insert) = self else { return Ok(false) };
        *insert = insert.then(item, text).ok_or(NOT_VALUES)?;
        Ok(true)
    }

    /// Ends the statement; returns whether rows follow.
    pub(crate) fn end(&self) -> Result<bool, &'static str> {
        match self {
            Watch::Copy { head, tail, .. } if matches!(head, 1 | 3) && tail.iter().eq(["from", "stdin"]) => Ok(true),
            Watch::Copy { .. } => Err("has a `COPY` that does not read its rows from the dump"),
            Watch::Rows(insert) if !insert.is_whole() => Err(NOT_VALUES),
            Watch::NoData { seen } if *seen != 3 => Err("fills a materialized view when it is made"),
            Watch::Subscription { seen } if *seen < 3 => Err("makes a subscription that connects to its publisher"),
            _ => Ok(false),
        }
    }
}

/// `head` counts the parts of the table's name; `tail` has the words after it that are outside brackets.
fn push_copy(head: &mut usize, depth: &mut usize, tail: &mut Vec<String>, token: &Token) {
    let sign = token.kind == TokenKind::Sign;
    match token.text.as_str() {
        "(" if sign && tail.is_empty() => *depth += 1,
        ")" if sign && *depth > 0 => *depth -= 1,
        _ if *depth > 0 => {}
        "." if sign && *head == 1 => *head = 2,
        _ if !sign && tail.is_empty() && matches!(*head, 0 | 2) => *head += 1,
        // Two are needed: a third shows that there are too many.
        text if tail.len() < 3 => tail.push(if token.kind == TokenKind::Word { text } else { "?" }.to_owned()),
        _ => {}
    }
}

fn is_value(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_digit()) || matches!(word, "true" | "false" | "null")
}

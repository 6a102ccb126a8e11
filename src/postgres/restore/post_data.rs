//! Decides which statements after the rows of an archive may run in parallel.

use crate::postgres::dump::item::Item;
use crate::postgres::dump::lexer::Lexer;
use crate::postgres::restore::rules::Token;

/// The number of words that classify a statement.
const MOST_TOKENS: usize = 24;

#[derive(Debug, PartialEq, Eq)]
pub enum Order {
    /// Builds an index of this table, in parallel with other tables.
    Beside(String),
    /// Sets something for its session, so every session runs it.
    Session,
    /// Runs after everything before it is done.
    After,
}

pub fn order_of(sql: &[u8]) -> Order {
    let tokens = tokens(sql);
    let words: Vec<&str> = tokens.iter().map(Token::word).collect();
    match words.as_slice() {
        ["set", ..] | ["select", "pg_catalog", ".", "set_config", ..] => Order::Session,
        ["create", "index", ..] | ["create", "unique", "index", ..] => {
            match words.iter().position(|word| *word == "on") {
                Some(at) if words.get(at + 1) == Some(&"only") => Order::After,
                Some(at) => table(&tokens[at + 1..]),
                None => Order::After,
            }
        }
        ["alter", "table", "only", ..] => match words.iter().position(|word| *word == "add") {
            Some(at) if matches!(&words[at + 1..], ["constraint", _, "primary" | "unique", ..]) => table(&tokens[3..]),
            _ => Order::After,
        },
        _ => Order::After,
    }
}

/// The table name at this position: `schema.name`.
fn table(tokens: &[Token]) -> Order {
    match tokens {
        [schema, dot, name, ..] if dot.word() == "." => Order::Beside(format!("{}.{}", schema.text, name.text)),
        _ => Order::After,
    }
}

fn tokens(sql: &[u8]) -> Vec<Token> {
    let (mut lexer, mut rest, mut tokens) = (Lexer::new(), sql, Vec::new());
    while let Some(item) = lexer.next(&mut rest) {
        if item == Item::Semicolon || tokens.len() == MOST_TOKENS {
            break;
        }
        tokens.push(Token::new(item, lexer.text(), 0, 0));
    }
    tokens
}

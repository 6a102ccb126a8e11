//! Decides which statements behind the rows of an archive may run side by side.

use crate::postgres::dump::item::Item;
use crate::postgres::dump::lexer::Lexer;
use crate::postgres::restore::rules::Token;

/// As many words as show where a statement belongs.
const MOST_TOKENS: usize = 24;

#[derive(Debug, PartialEq, Eq)]
pub enum Order {
    /// It builds an index of this table, and may run beside those of others.
    Beside(String),
    /// It sets something for its session, and so for each.
    Session,
    /// It comes when all before it is done.
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

/// The table that is named here: `schema.name`.
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

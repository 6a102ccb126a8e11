//! Recognizes every `SELECT` that `pg_dump` writes, word by word: each calls one PostgreSQL function with plain values.

use crate::postgres::restore::rules::{Token, TokenKind};

/// `'` is any string, `#` a number, `?` is `true` or `false`; `search_path'` is that string.
const SHAPES: [&str; 11] = [
    "select pg_catalog . set_config ( search_path' , ' , false )",
    "select pg_catalog . setval ( ' , # , ? )",
    "select pg_catalog . lo_create ( ' )",
    "select pg_catalog . lo_create ( # )",
    "select pg_catalog . lo_open ( ' , # )",
    "select pg_catalog . lo_open ( pg_catalog . lo_create ( ' ) , # )",
    "select pg_catalog . lowrite ( # , ' )",
    "select pg_catalog . lo_close ( # )",
    "select pg_catalog . lo_unlink ( ' )",
    "select pg_catalog . lo_unlink ( # )",
    "select pg_catalog . lo_unlink ( oid ) from pg_catalog . pg_largeobject_metadata where oid = '",
];

/// The functions that set the planner's statistics; they take a long list of names and values.
const STATISTICS: [&str; 2] = ["pg_restore_attribute_stats", "pg_restore_relation_stats"];

/// The classification of a statement by its words so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    Whole,
    Begun,
    /// A call with a list of values, which has begun.
    Values,
    Unknown,
}

/// Classifies the `SELECT` that begins with `tokens`.
pub(crate) fn read(tokens: &[Token]) -> Call {
    let words: Vec<&str> = tokens.iter().map(Token::word).collect();
    let of_statistics = ["select", "*", "from", "pg_catalog", "."];
    match words.split_at_checked(of_statistics.len()) {
        Some((known, [call, rest @ ..])) if known == of_statistics && STATISTICS.contains(call) => match rest {
            [] => return Call::Begun,
            ["(", ..] => return Call::Values,
            _ => return Call::Unknown,
        },
        _ if words.len() <= of_statistics.len() && words[..] == of_statistics[..words.len()] => return Call::Begun,
        _ => {}
    }
    let found: Vec<Call> = SHAPES.iter().map(|shape| compare(shape, tokens)).collect();
    [Call::Whole, Call::Begun].into_iter().find(|call| found.contains(call)).unwrap_or(Call::Unknown)
}

fn compare(shape: &str, tokens: &[Token]) -> Call {
    let mut parts = shape.split(' ').peekable();
    for token in tokens {
        let Some(part) = parts.peek() else { return Call::Unknown };
        let prefix = match *part {
            // `E'…'` for a name with a backslash in it.
            "'" => token.word() == "e",
            "#" => token.word() == "-",
            _ => false,
        };
        if prefix {
            continue;
        }
        if !is(part, token) {
            return Call::Unknown;
        }
        parts.next();
    }
    if parts.peek().is_none() { Call::Whole } else { Call::Begun }
}

fn is(part: &str, token: &Token) -> bool {
    match (part, token.kind) {
        ("'", TokenKind::String) => true,
        ("#", TokenKind::Word) => token.text.bytes().all(|byte| byte.is_ascii_digit()),
        ("?", TokenKind::Word) => matches!(token.text.as_str(), "true" | "false"),
        (_, TokenKind::String) => part.strip_suffix('\'').is_some_and(|text| text == token.text),
        (_, TokenKind::Name) => false,
        _ => part == token.text,
    }
}

//! Decides from its first words whether a statement is one that `pg_dump` writes, and which ones name the database.

pub mod calls;
pub mod watch;

use crate::postgres::dump::item::Item;
use crate::postgres::dump::legible::legible;
use crate::postgres::restore::inserting::Insert;
use crate::postgres::restore::kinds::{KindMatch, Place, Verb, find};
use crate::postgres::restore::rules::calls::Call;
use crate::postgres::restore::rules::watch::Watch;

/// One word, name, string or sign of a statement, and where its bytes are in the dump, with the blanks before it.
#[derive(Debug)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    /// A lowercase word, a name or a string without its quotes, or a sign.
    pub(crate) text: String,
    pub(crate) from: u64,
    pub(crate) to: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    Word,
    Name,
    String,
    Sign,
}

/// What a statement that names the database does with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    Drop,
    Create,
    /// Sets an owner, a setting, a comment or a right.
    Describe,
}

/// The classification of a statement by its words so far.
#[derive(Debug)]
pub(crate) enum Ruling {
    /// More words are needed.
    Open,
    Pass(Watch),
    /// The statement is about the database that the token at this index names.
    Database(Act, usize),
    Refused,
}

/// The settings that a dump changes for its own session.
const SETTINGS: [&str; 12] = [
    "check_function_bodies",
    "client_min_messages",
    "default_table_access_method",
    "default_tablespace",
    "default_with_oids",
    "escape_string_warning",
    "idle_in_transaction_session_timeout",
    "lock_timeout",
    "row_security",
    "search_path",
    "statement_timeout",
    "transaction_timeout",
];

/// The encodings in which no byte of a character can be mistaken for a quote or a backslash, as `pg_dump` writes them. There
/// are others with similar names: `WIN932`, `WIN936`, `WIN949` and `WIN950` are not among them.
const ENCODINGS: [&str; 35] = [
    "EUC_CN",
    "EUC_JIS_2004",
    "EUC_JP",
    "EUC_KR",
    "EUC_TW",
    "ISO_8859_5",
    "ISO_8859_6",
    "ISO_8859_7",
    "ISO_8859_8",
    "KOI8R",
    "KOI8U",
    "LATIN1",
    "LATIN10",
    "LATIN2",
    "LATIN3",
    "LATIN4",
    "LATIN5",
    "LATIN6",
    "LATIN7",
    "LATIN8",
    "LATIN9",
    "MULE_INTERNAL",
    "SQL_ASCII",
    "UTF8",
    "WIN1250",
    "WIN1251",
    "WIN1252",
    "WIN1253",
    "WIN1254",
    "WIN1255",
    "WIN1256",
    "WIN1257",
    "WIN1258",
    "WIN866",
    "WIN874",
];

use Ruling::{Open, Refused};

/// Classifies the statement that begins with `tokens`.
pub(crate) fn rule(tokens: &[Token]) -> Ruling {
    let words: Vec<&str> = tokens.iter().map(Token::word).collect();
    match words.as_slice() {
        ["set", rest @ ..] => set(rest, tokens),
        ["reset", rest @ ..] => whole_or_begun(rest, &["session", "authorization"]),
        ["select", ..] => select(tokens),
        ["create", rest @ ..] => create(rest),
        ["alter", rest @ ..] => alter(rest),
        ["drop", "database", "if", "exists", _] => Ruling::Database(Act::Drop, 4),
        ["drop", "database", "if", ..] | ["drop", "database"] => Open,
        ["drop", "database", _] => Ruling::Database(Act::Drop, 2),
        ["drop", rest @ ..] => inside(Verb::Drop, rest),
        ["comment", "on", "database", _] => Ruling::Database(Act::Describe, 3),
        ["comment", "on", "database"] => Open,
        ["comment", "on", rest @ ..] => inside(Verb::Comment, rest),
        ["security", "label", rest @ ..] => label(rest),
        ["grant" | "revoke", ..] => grant(&words),
        ["copy"] => Ruling::Pass(Watch::copy()),
        ["insert", "into"] => Ruling::Pass(Watch::Rows(Insert::Into)),
        ["refresh", "materialized", "view"] => pass(),
        ["update", rest @ ..] => update(rest),
        ["begin" | "commit" | "comment" | "security" | "insert" | "refresh"] | ["refresh", "materialized"] => Open,
        _ => Refused,
    }
}

/// Whether a statement that ends after these few words is complete.
pub(crate) fn is_whole(tokens: &[Token]) -> bool {
    let words: Vec<&str> = tokens.iter().map(Token::word).collect();
    match words.as_slice() {
        ["begin"] | ["commit"] | ["reset", "session", "authorization"] => true,
        ["select", ..] => calls::read(tokens) == Call::Whole,
        _ => false,
    }
}

fn pass() -> Ruling {
    Ruling::Pass(Watch::Anything)
}

/// A statement of exactly these words: its end shows whether there are more.
fn whole_or_begun(words: &[&str], known: &[&str]) -> Ruling {
    if known.starts_with(words) { Open } else { Refused }
}

fn set(words: &[&str], tokens: &[Token]) -> Ruling {
    match words {
        ["session", "authorization"] | ["xmloption"] => pass(),
        [name] if SETTINGS.contains(name) => pass(),
        ["standard_conforming_strings", "=", "on"] => pass(),
        ["client_encoding", "=", _] => {
            let safe = ENCODINGS.contains(&tokens[3].text.as_str());
            if safe { pass() } else { Refused }
        }
        [] | ["session"] | ["standard_conforming_strings" | "client_encoding"] => Open,
        ["standard_conforming_strings" | "client_encoding", "="] => Open,
        _ => Refused,
    }
}

fn select(tokens: &[Token]) -> Ruling {
    match calls::read(tokens) {
        Call::Whole | Call::Begun => Open,
        Call::Values => Ruling::Pass(Watch::Values { cast: false }),
        Call::Unknown => Refused,
    }
}

fn create(words: &[&str]) -> Ruling {
    match words {
        ["database", _] => Ruling::Database(Act::Create, 2),
        [] | ["database"] | ["or"] | ["or", "replace"] => Open,
        ["or", "replace", rest @ ..] => create(rest),
        ["subscription"] => Ruling::Pass(Watch::Subscription { seen: 0 }),
        ["table"] | ["unlogged", "table"] => Ruling::Pass(Watch::Columns { depth: 0 }),
        ["materialized", "view"] => Ruling::Pass(Watch::NoData { seen: 0 }),
        _ => inside(Verb::Create, words),
    }
}

fn alter(words: &[&str]) -> Ruling {
    match words {
        ["database"] | ["database", _] | ["database", _, "set"] => Open,
        ["database", _, "owner" | "connection" | "is_template"] => Ruling::Database(Act::Describe, 2),
        ["database", _, "set", what] if *what != "tablespace" => Ruling::Database(Act::Describe, 2),
        ["role", _, "in", "database", _] => Ruling::Database(Act::Describe, 5),
        ["role"] | ["role", _] | ["role", _, "in"] | ["role", _, "in", "database"] => Open,
        ["subscription", _, "owner"] => pass(),
        ["subscription"] | ["subscription", _] => Open,
        _ => inside(Verb::Alter, words),
    }
}

/// The action on an object inside the database, by the table of kinds.
fn inside(verb: Verb, words: &[&str]) -> Ruling {
    match find(verb, words) {
        KindMatch::Kind(Place::Inside) => pass(),
        KindMatch::Begun => Open,
        KindMatch::Kind(Place::Outside) | KindMatch::Unknown => Refused,
    }
}

fn label(words: &[&str]) -> Ruling {
    match words {
        [] | ["for"] | ["for", _] | ["on"] | ["for", _, "on"] | ["on", "database"] | ["for", _, "on", "database"] => {
            Open
        }
        ["on", "database", _] => Ruling::Database(Act::Describe, 4),
        ["for", _, "on", "database", _] => Ruling::Database(Act::Describe, 6),
        ["on", rest @ ..] | ["for", _, "on", rest @ ..] => inside(Verb::Label, rest),
        _ => Refused,
    }
}

/// A right on an object. Without `ON` it is a role that is granted to another, which belongs to the server.
fn grant(words: &[&str]) -> Ruling {
    let end = words.iter().position(|word| matches!(*word, "on" | "to" | "from"));
    match end.map(|at| (at, &words[at..])) {
        None | Some((_, ["on"] | ["on", "database"] | ["on", "database", _])) => Open,
        Some((at, ["on", "database", _, "to" | "from"])) => Ruling::Database(Act::Describe, at + 2),
        Some((_, ["on", "database", ..] | ["to" | "from", ..])) => Refused,
        Some((_, [_, what @ ..])) => inside(Verb::Grant, what),
        Some((_, [])) => Open,
    }
}

/// A template database must be unmarked before it can be dropped.
fn update(words: &[&str]) -> Ruling {
    const TEMPLATE: [&str; 10] =
        ["pg_catalog", ".", "pg_database", "set", "datistemplate", "=", "false", "where", "datname", "="];
    match words.split_at_checked(TEMPLATE.len()) {
        Some((known, ["'"])) if known == TEMPLATE => Ruling::Database(Act::Drop, 11),
        _ if words.len() <= TEMPLATE.len() && words == &TEMPLATE[..words.len()] => Open,
        _ => Refused,
    }
}

impl Token {
    pub(crate) fn new(item: Item, text: &[u8], from: u64, to: u64) -> Token {
        let (kind, text) = match item {
            Item::Word => (TokenKind::Word, legible(text).to_ascii_lowercase()),
            Item::Name => (TokenKind::Name, legible(text)),
            Item::Sign(sign) => (TokenKind::Sign, char::from(sign).to_string()),
            _ => (TokenKind::String, legible(text)),
        };
        Token { kind, text, from, to }
    }

    /// The text for comparison with words: a name or a string is never a word.
    pub(crate) fn word(&self) -> &str {
        match self.kind {
            TokenKind::Word | TokenKind::Sign => &self.text,
            TokenKind::Name => "\"",
            TokenKind::String => "'",
        }
    }
}

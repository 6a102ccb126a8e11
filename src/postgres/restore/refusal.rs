//! Explains why a dump is not restored: what is wrong, in which line, and what to try.

use crate::error::{Error, Kind};
use crate::postgres::restore::rules::{Token, TokenKind};

/// Something in a dump that `pg_dump` is not known to write.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// The continuation of a sentence after `which`.
    which: String,
    hint: &'static str,
    kind: Kind,
}

const CHANGED: &str = "hikae restores only what `pg_dump` 13 to 18 is known to write: look at the line; what it does can be \
    restored by hand with `psql`";
const FOREIGN: &str = "hikae restores a dump of one database, which names no other: look at the line";
const CUT: &str = "the file ends too early: copy it again from where it came, or take another backup";
const LONG: &str = "hikae knows nothing of `pg_dump` that is so long there: look at the line";

impl Refusal {
    pub(crate) fn odd(which: &str) -> Refusal {
        Refusal { which: which.to_owned(), hint: CHANGED, kind: Kind::Denied }
    }

    pub(crate) fn statement(which: &'static str) -> Refusal {
        Refusal::odd(which)
    }

    pub(crate) fn of_database(which: String) -> Refusal {
        Refusal { which, hint: FOREIGN, kind: Kind::Denied }
    }

    pub(crate) fn psql_command(command: &str) -> Refusal {
        Refusal::odd(&format!("has the psql command `{command}`"))
    }

    pub(crate) fn unknown(tokens: &[Token]) -> Refusal {
        let hint = match tokens {
            [first, second, ..] if first.word() == "set" && second.word() == "client_encoding" => {
                "dump in UTF8: `pg_dump --encoding=UTF8`"
            }
            _ => CHANGED,
        };
        Refusal { which: format!("has the statement `{}`", shown(tokens)), hint, kind: Kind::Denied }
    }

    pub(crate) fn foreign(own: &str, other: &str) -> Refusal {
        Refusal {
            which: format!("names the database `{other}` besides its own, `{own}`"),
            hint: FOREIGN,
            kind: Kind::Denied,
        }
    }

    pub(crate) fn drops_only(name: &str) -> Refusal {
        Refusal {
            which: format!("drops the database `{name}` and does not create it"),
            hint: CHANGED,
            kind: Kind::Denied,
        }
    }

    pub(crate) fn cut() -> Refusal {
        Refusal { which: "ends inside a statement".to_owned(), hint: CUT, kind: Kind::Integrity }
    }

    /// What is wrong and where, as the continuation of a sentence after `which`.
    pub(super) fn sentence(&self, line: Option<u64>) -> String {
        let place = line.map(|line| format!(" (line {line})")).unwrap_or_default();
        format!("{}{place}", self.which)
    }

    pub(super) fn hint(&self) -> &'static str {
        self.hint
    }

    /// `name` is the database of the dump, if known.
    pub(crate) fn into_error(self, name: Option<&str>, line: Option<u64>) -> Error {
        let subject = name.map_or("the dump".to_owned(), |name| format!("the dump of `{name}`"));
        let what = format!("cannot accept {subject}, which {}", self.sentence(line));
        Error::new(self.kind, what).hint(self.hint)
    }
}

/// Rejects a statement, or text between two statements, that is too long to hold.
pub(crate) fn too_long(tokens: &[Token]) -> Refusal {
    let which = match tokens {
        [] => "has too much between two statements".to_owned(),
        tokens => format!("has the endless statement `{}`", shown(tokens)),
    };
    Refusal { which, hint: LONG, kind: Kind::Denied }
}

/// The first words of a statement, in SQL spelling.
fn shown(tokens: &[Token]) -> String {
    let mut words: Vec<String> = tokens.iter().take(6).map(word).collect();
    if tokens.len() > 6 {
        words.push("…".to_owned());
    }
    words.join(" ")
}

fn word(token: &Token) -> String {
    let short: String = token.text.chars().filter(|c| !c.is_control()).take(40).collect();
    match token.kind {
        TokenKind::Word => short.to_uppercase(),
        TokenKind::Name => format!("\"{short}\""),
        TokenKind::String | TokenKind::Sign => short,
    }
}

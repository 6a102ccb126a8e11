//! Rejects a dump whose strings would end elsewhere under the settings that it sets for its own database.
//!
//! Those settings are not in effect during the load. But another way of loading could run what hikae takes for
//! the inside of a string.

use crate::postgres::dump::lexer::quote::Ambiguous;
use crate::postgres::restore::refusal::Refusal;
use crate::postgres::restore::rules::{Token, TokenKind};

/// The encodings in which the second byte of a character may be a backslash, as PostgreSQL spells them, in lowercase.
const WITH_BACKSLASHES: [&str; 16] = [
    "big5",
    "gb18030",
    "gbk",
    "johab",
    "mskanji",
    "shift_jis_2004",
    "shiftjis",
    "shiftjis2004",
    "sjis",
    "uhc",
    "win932",
    "win936",
    "win949",
    "win950",
    "windows932",
    "windows936",
];

/// What the settings of the database would make parse differently.
#[derive(Debug, Default)]
pub(crate) struct OtherReading {
    backslash_escapes: bool,
    backslash_in_character: bool,
}

impl OtherReading {
    /// Takes a statement about the database: `ALTER DATABASE … SET`, or `ALTER ROLE … IN DATABASE … SET`.
    pub(crate) fn learn(&mut self, tokens: &[Token]) {
        let Some(at) = tokens.iter().position(|token| token.word() == "set") else { return };
        let [name, _to, value, ..] = &tokens[at + 1..] else { return };
        let setting = name.text.to_ascii_lowercase();
        let value = value.text.to_ascii_lowercase();
        let written = name.kind != TokenKind::Sign;
        self.backslash_escapes |= written && setting == "standard_conforming_strings" && !is_on(&value);
        let plain: String = value.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
        self.backslash_in_character |=
            written && setting == "client_encoding" && WITH_BACKSLASHES.contains(&plain.as_str());
    }

    /// Checks the strings of a statement.
    pub(crate) fn check(&self, strings: Ambiguous) -> Result<(), Refusal> {
        if self.backslash_escapes && strings.backslash_quote {
            return Err(Refusal::odd(
                "switches `standard_conforming_strings` off for its database, under which its strings end elsewhere",
            ));
        }
        if self.backslash_in_character && strings.half_character {
            return Err(Refusal::odd("gives its database a `client_encoding` under which its strings end elsewhere"));
        }
        Ok(())
    }
}

fn is_on(value: &str) -> bool {
    matches!(value, "on" | "true" | "yes" | "1" | "t" | "y")
}

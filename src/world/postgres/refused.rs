//! Represents an error message of a server, with its SQLSTATE.

use std::fmt;

use super::sqlstate::meaning;
use crate::error::{Error, brief};

/// The longest part of a statement that an error shows.
const SHOWN_CHARS: usize = 200;

/// An error of the server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refused {
    /// `ERROR`, `FATAL` or `PANIC`, in any language of the server.
    pub severity: String,
    /// The SQLSTATE, the same in every language.
    pub code: String,
    pub message: String,
    pub detail: Option<String>,
    pub hint: Option<String>,
    /// The location in the code of the database.
    pub context: Option<String>,
    /// The statement that was refused, and its line in the dump.
    pub statement: Option<String>,
    pub line: Option<u64>,
}

impl Refused {
    /// An error of a simulated server.
    pub fn new(code: &str, message: &str) -> Refused {
        Refused { severity: "ERROR".into(), code: code.into(), message: message.into(), ..Refused::default() }
    }

    /// The same error, with the refused statement.
    pub fn of_statement(mut self, sql: &[u8], line: u64) -> Refused {
        let text = String::from_utf8_lossy(&sql[..sql.len().min(4 * SHOWN_CHARS)]).into_owned();
        let words: Vec<&str> = text.split_whitespace().collect();
        let mut shown: String = words.join(" ").chars().take(SHOWN_CHARS).collect();
        if sql.len() > shown.len() + 2 {
            shown.push('…');
        }
        (self.statement, self.line) = (Some(shown), (line > 0).then_some(line));
        self
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        write!(f, "{}: {} (SQLSTATE {})", self.severity, self.message, self.code)?;
        let parts = [
            ("DETAIL", &self.detail),
            ("HINT", &self.hint),
            ("CONTEXT", &self.context),
            ("STATEMENT", &self.statement),
        ];
        for (name, part) in parts {
            if let Some(text) = part {
                write!(f, "\n{name}: {}", brief(text.clone()))?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Refused {}

/// The error of an operation that the server refused: kind and hint follow from the SQLSTATE.
pub fn refusal(act: &str, refused: Refused) -> Error {
    let (kind, hint) = meaning(&refused.code, &refused.message);
    let error = Error::new(kind, act).because(refused);
    match hint {
        Some(hint) => error.hint(hint),
        None => error,
    }
}

/// The SQLSTATE of the server's own error, if one is the cause.
pub fn sqlstate_of(error: &Error) -> Option<&str> {
    refused_in(error).map(|refused| refused.code.as_str())
}

/// The server's own message, if it is the cause.
pub fn message_of(error: &Error) -> Option<String> {
    refused_in(error).map(|refused| refused.message.clone())
}

fn refused_in(error: &Error) -> Option<&Refused> {
    let first: Option<&(dyn std::error::Error + 'static)> = Some(error);
    std::iter::successors(first, |error| error.source()).find_map(|error| error.downcast_ref())
}

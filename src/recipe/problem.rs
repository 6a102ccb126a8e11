//! Collects all problems, so that a person sees them all at once.

use crate::error::{Error, Kind};

/// One problem, and what to try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub message: String,
    pub hint: String,
}

impl Problem {
    pub fn new(message: impl Into<String>, hint: impl Into<String>) -> Problem {
        Problem { message: message.into(), hint: hint.into() }
    }
}

/// All problems as one error: each one a line of its cause, each hint a line of its hint.
///
/// `of` names their source, such as ``the params of `db-backup` ``.
pub fn gather(problems: &[Problem], of: &str) -> Error {
    let what = match problems.len() {
        1 => format!("1 problem with {of}"),
        count => format!("{count} problems with {of}"),
    };
    let messages: Vec<&str> = problems.iter().map(|problem| problem.message.as_str()).collect();
    let mut hints: Vec<&str> = Vec::new();
    for problem in problems {
        if !problem.hint.is_empty() && !hints.contains(&problem.hint.as_str()) {
            hints.push(&problem.hint);
        }
    }
    let error = Error::new(Kind::Recipe, what).because_text(messages.join("\n"));
    if hints.is_empty() { error } else { error.hint(hints.join("\n")) }
}

//! One point of `hikae check`, with its mark: a tick means that it was tried and worked.

use serde::Serialize;

use crate::error::{Error, Result};

/// The result of a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// It was tried, and it worked.
    Ok,
    /// It was not tried.
    NotTried,
    /// Nothing fails by it, but it should be looked at.
    Warning,
    Wrong,
}

impl Mark {
    pub fn sign(self) -> &'static str {
        match self {
            Mark::Ok => "✓",
            Mark::NotTried => "–",
            Mark::Warning => "!",
            Mark::Wrong => "✗",
        }
    }

    /// For programs: nothing where it is neither good nor wrong.
    fn ok(self) -> Option<bool> {
        match self {
            Mark::Ok => Some(true),
            Mark::Wrong => Some(false),
            Mark::NotTried | Mark::Warning => None,
        }
    }
}

/// One point that was looked at.
#[derive(Serialize)]
pub struct Point {
    pub subject: String,
    pub ok: Option<bool>,
    pub mark: Mark,
    pub message: String,
    pub hint: Option<String>,
    /// Whether people read it in the summary, too: a server that answered, a time zone that differs.
    #[serde(skip)]
    pub in_summary: bool,
}

impl Point {
    fn new(subject: &str, mark: Mark, message: impl Into<String>) -> Point {
        Point {
            subject: subject.to_owned(),
            ok: mark.ok(),
            mark,
            message: message.into(),
            hint: None,
            in_summary: false,
        }
    }

    pub fn ok(subject: &str, message: impl Into<String>) -> Point {
        Point::new(subject, Mark::Ok, message)
    }

    /// The same point, shown in the summary by itself.
    pub fn in_summary(self) -> Point {
        Point { in_summary: true, ..self }
    }

    pub fn not_tried(subject: &str, message: impl Into<String>) -> Point {
        Point::new(subject, Mark::NotTried, message)
    }

    pub fn warning(subject: &str, message: impl Into<String>, hint: impl Into<String>) -> Point {
        Point { hint: Some(hint.into()), ..Point::new(subject, Mark::Warning, message) }
    }

    pub fn of(subject: &str, answer: Result<String>) -> Point {
        match answer {
            Ok(message) => Point::ok(subject, message),
            Err(error) => Point::wrong(subject, &error),
        }
    }

    pub fn wrong(subject: &str, error: &Error) -> Point {
        let site = error.sites().first().map(|site| format!(" ({site})")).unwrap_or_default();
        let hint = error.hint_text().map(str::to_owned);
        Point { hint, ..Point::new(subject, Mark::Wrong, format!("{}{site}", error.one_line())) }
    }

    /// The point on a line, and its hint below.
    pub fn line(&self) -> String {
        let hint = self.hint.as_ref().map(|hint| format!("\n    hint: {hint}")).unwrap_or_default();
        format!("{} {}: {}{hint}\n", self.mark.sign(), self.subject, self.message)
    }
}
